"""Which configuration a file has where several lie in the folders of a project."""

from __future__ import annotations

import os
from pathlib import Path

from .config import Check, Config, config_in
from .patterns import Patterns


class Nearest:
    """The configuration of each file: the nearest upward, at last that of the run.

    run: what was found for all that is named. Its folder is where the search for a file's own one ends. One
    that was named by `--config` is that of every file. check: as for `find_config`.
    """

    def __init__(self, run: Config, check: Check | None = None) -> None:
        self._run, self._check = run, check
        self._top = Path(os.path.abspath(run.folder))  # noqa: PTH100
        self._known: dict[Path, Config] = {self._top: run}

    def of(self, name: str) -> Config:
        """The configuration of a file. Raises as `find_config` does."""
        folder = Path(os.path.abspath(name)).parent  # noqa: PTH100
        inside = self._top in folder.parents
        return self._of_folder(folder) if inside and not self._run.alone else self._run

    def excludes(self, name: str) -> bool:
        """Whether a configuration below that of the run leaves a file out."""
        own = self.of(name)
        return own is not self._run and Patterns(own.exclude).cover(own.parts_of(name))

    def _of_folder(self, folder: Path) -> Config:
        if folder not in self._known:
            self._known[folder] = config_in(folder, self._check) or self._of_folder(folder.parent)
        return self._known[folder]
