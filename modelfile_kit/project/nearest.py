"""Which configuration a file has where several lie in the folders of a project."""

from __future__ import annotations

import os
from pathlib import Path

from .config import Check, Config, config_in, configs_above
from .patterns import Patterns
from .walk import repository_of


class Nearest:
    """The configuration of each file: the nearest upward, at last that of the run.

    run: what was found for all that is named. Its folder is where the search for a file's own one ends. One
    that was named by `--config` is that of every file. check: as for `find_config`.
    """

    def __init__(self, run: Config, check: Check | None = None) -> None:
        self._run, self._check = run, check
        self._top = Path(os.path.abspath(run.folder))  # noqa: PTH100
        self._known: dict[Path, tuple[Config, ...]] = {self._top: (run,)}

    @classmethod
    def of_repository(cls, name: str, check: Check | None = None) -> Nearest:
        """For a file that nobody named, as one in an editor: as where its whole repository is looked at.

        Outside of a repository as where the folder of the topmost configuration is. Raises as `find_config`.
        """
        folder = _folder_of(name)
        *_, run = (Config(folder=repository_of(folder) or folder), *configs_above(folder, check))
        return cls(run, check)

    def of(self, name: str) -> Config:
        """The configuration of a file. Raises as `find_config` does."""
        return self._chain(name)[0]

    def excludes(self, name: str) -> bool:
        """Whether a configuration below that of the run leaves a file out; of several each may."""
        *below, _ = self._chain(name)
        return any(map(_leaves_out, below, [name] * len(below)))

    def leaves_out(self, name: str) -> bool:
        """Whether that of the run or one below it leaves a file out."""
        return _leaves_out(self._run, name) or self.excludes(name)

    def _chain(self, name: str) -> tuple[Config, ...]:
        """The configurations from a file's folder upward, the nearest first, that of the run last."""
        folder = _folder_of(name)
        inside = self._top in folder.parents
        return self._of_folder(folder) if inside and not self._run.alone else (self._run,)

    def _of_folder(self, folder: Path) -> tuple[Config, ...]:
        if folder not in self._known:
            own, above = config_in(folder, self._check), self._of_folder(folder.parent)
            self._known[folder] = above if own is None else (own, *above)
        return self._known[folder]


def _folder_of(name: str) -> Path:
    return Path(os.path.abspath(name)).parent  # noqa: PTH100


def _leaves_out(config: Config, name: str) -> bool:
    return bool(config.exclude) and Patterns(config.exclude).cover(config.parts_of(name))
