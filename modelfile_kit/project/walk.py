"""Which files a command is to look at: those that are named, and those below folders and behind patterns.

Handled as ruff does: what .gitignore names is left out, and the folders of version control, environments and
caches are not looked into. What is named itself is always taken, unless `force_exclude` says otherwise.
Unlike git, `core.excludesFile` (the user's own list) does not count: it is another one on every machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.file_kinds import CHAT_TEMPLATE_ENDINGS
from ..core.files import MAX_NESTED_FOLDERS, read_file, require_shallow
from ..core.os_errors import os_reason
from .patterns import Patterns, is_glob, parse_pattern

ALWAYS_SKIPPED = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pytest_cache",
    ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "node_modules", "site-packages", "venv",
)  # fmt: skip
"""Folders that are never looked into below another one: nobody writes Modelfiles there."""

MODELFILES = (
    "Modelfile", "modelfile", "Modelfile.*", "modelfile.*", "*.Modelfile", "*.modelfile",
    *(f"!*{ending}" for ending in (*CHAT_TEMPLATE_ENDINGS, ".tmpl")),
    "!*.bak", "!*.orig", "!*.rej", "!*.md", "!*.json", "!*~",
)  # fmt: skip
"""Names of Modelfiles; what makes one (Modelfile.j2) or is left of one (Modelfile.bak) is none."""

MAX_IGNORE_BYTES = 1 << 20
"""Of a .gitignore: far beyond what anybody writes, and each of its patterns is held against each file."""


@dataclass(frozen=True)
class Skipped:
    """A file or folder that was left out, and why."""

    path: str
    why: str


@dataclass
class Search:
    """How files are looked for, and afterwards what was left out.

    wanted: names of files that are taken below a folder; what: what such a file is called, for messages.
    exclude: paths that are left out; root: the folder that patterns with a slash start from.
    gitignore: whether .gitignore counts; force_exclude: whether `exclude` also counts for what is named.
    unreadable: folders that could not be looked into.
    """

    wanted: Patterns
    what: str
    exclude: Patterns = field(default_factory=lambda: Patterns(()))
    root: Path = field(default_factory=Path.cwd)
    gitignore: bool = True
    force_exclude: bool = False
    skipped: list[Skipped] = field(default_factory=list)
    unreadable: list[OSError] = field(default_factory=list)

    def find(self, names: Iterable[str]) -> list[str]:
        """The files that names mean, each once, in the order of the names; `-` stays what it is.

        Raises UsageError for a folder or a pattern in which there is none, and for a .gitignore that is too
        large or cannot be read.
        """
        found: dict[str, str] = {}
        for name in names:
            for path in self._meant_by(name):
                found.setdefault(path if path == "-" else os.path.abspath(path), path)  # noqa: PTH100
        return list(found.values())

    def _meant_by(self, name: str) -> list[str]:
        path = Path(name)
        if name == "-":
            return [name]
        if os.path.isdir(name):  # noqa: PTH112 (a name may be too long, or hold a zero byte)
            files = [str(p) for p in self._below(path) if self._is_wanted(p)]
        elif is_glob(name) and not os.path.lexists(name):
            files = [str(p) for p in self._behind(name)]
        elif self.force_exclude and self._excluded_by_name(path):
            self.skipped.append(Skipped(name, "exclude"))
            return []
        else:
            return [name]
        if not files and not self.unreadable:
            raise self._nothing_there(name)
        return files

    def _nothing_there(self, name: str) -> UsageError:
        left_out = [s for s in self.skipped if s.path.startswith(name.rstrip("*?[]/")) or name in (".", "./")]
        hint = f"expected {'a file' if is_glob(name) else 'files'} named like {self._examples()}"
        if left_out:
            several = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            hint += f"; left out by {left_out[0].why}: {left_out[0].path}{several}"
        return UsageError(f"no {self.what} here", span=Span(name), help=hint)

    def _examples(self) -> str:
        names = [p.text for p in self.wanted.patterns if not p.negated]
        # A name and the same in small letters are one to whoever reads.
        shown = [name for i, name in enumerate(names) if name not in map(str.lower, names[:i])]
        return ", ".join(shown[:6])

    def _is_wanted(self, path: Path) -> bool:
        return self.wanted.decide(self.parts_of(path), is_folder=False) is True

    def _behind(self, name: str) -> Iterator[Path]:
        """The files that a pattern means, and those wanted in folders that it means."""
        *_, last = segments = name.replace(os.sep, "/").split("/")
        plain = next(n for n, segment in enumerate(segments) if is_glob(segment))
        base = Path("/".join(segments[:plain]) or ("/" if plain else "."))
        pattern = parse_pattern("/" + "/".join(segments[plain:]))
        if pattern is None or not base.is_dir():
            return
        only_wanted = not last.strip("*")  # `models/**` means the Modelfiles there, not every file
        for path in self._below(base, everything=True):
            parts = path.relative_to(base).parts
            if pattern.matches(parts, is_folder=False):
                meant = not only_wanted or self._is_wanted(path)
            else:
                inside = any(pattern.matches(parts[:n], is_folder=True) for n in range(1, len(parts)))
                meant = inside and self._is_wanted(path)
            if meant:
                yield path

    def _below(self, folder: Path, *, everything: bool = False) -> Iterator[Path]:
        """The files below a folder that are not left out; only the wanted ones, or everything."""
        above = self._ignores_above(folder) if self.gitignore else []
        yield from self._walk(folder, above, everything, MAX_NESTED_FOLDERS)

    def _walk(
        self, folder: Path, above: list[tuple[str, Patterns]], everything: bool, left: int
    ) -> Iterator[Path]:
        require_shallow(folder, left)
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda e: e.name)
        except OSError as error:
            self.unreadable.append(error)
            return
        ignores = above
        if self.gitignore and any(e.name == ".gitignore" for e in entries):
            ignores = [*above, (os.path.abspath(folder), _read_patterns(folder / ".gitignore"))]  # noqa: PTH100
        for entry in entries:
            path = folder / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)  # a link to a folder may lead round in a circle
            if not is_folder and not (entry.is_file() and (everything or self._is_wanted(path))):
                continue
            why = self._why_skipped(path, ignores, is_folder=is_folder)
            if why:
                self.skipped.append(Skipped(f"{path}{os.sep if is_folder else ''}", why))
            elif is_folder:
                yield from self._walk(path, ignores, everything, left - 1)
            else:
                yield path

    def _why_skipped(self, path: Path, ignores: list[tuple[str, Patterns]], *, is_folder: bool) -> str:
        if is_folder and path.name in ALWAYS_SKIPPED:
            return "its name"
        if self.exclude and self.exclude.decide(self.parts_of(path), is_folder=is_folder):
            return "exclude"
        whole = os.path.abspath(path)  # noqa: PTH100
        for base, patterns in reversed(ignores):
            decided = patterns.decide(Path(os.path.relpath(whole, base)).parts, is_folder=is_folder)
            if decided is not None:
                return ".gitignore" if decided else ""
        return ""

    def _excluded_by_name(self, path: Path) -> bool:
        parts = self.parts_of(path)
        return any(part in ALWAYS_SKIPPED for part in parts[:-1]) or self.exclude.cover(parts)

    def parts_of(self, path: Path) -> tuple[str, ...]:
        """The parts of a path from the root; of the whole path where it is not below it."""
        return parts_from(self.root, path)

    def _ignores_above(self, folder: Path) -> list[tuple[str, Patterns]]:
        """The patterns of the folders from the repository's root down to above this one."""
        whole = Path(os.path.abspath(folder))  # noqa: PTH100
        top = repository_of(whole)
        if top is None:
            return []
        lists = [(top, top / ".git" / "info" / "exclude")]
        lists += [(p, p / ".gitignore") for p in reversed(whole.parents) if p == top or top in p.parents]
        return [(str(base), found) for base, file in lists if (found := _read_patterns(file))]


def parts_from(folder: Path, path: str | Path) -> tuple[str, ...]:
    """The parts of a path from a folder; of the whole path where it is not below it."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    try:
        parts = Path(os.path.relpath(whole, folder)).parts
    except ValueError:  # another drive
        return whole.parts[1:]
    return whole.parts[1:] if parts[:1] == (os.pardir,) else parts


def repository_of(folder: Path) -> Path | None:
    """The nearest folder upward, itself included, that is a git repository."""
    return next((p for p in (folder, *folder.parents) if os.path.lexists(p / ".git")), None)


def _read_patterns(file: Path) -> Patterns:
    """The patterns of a file; none where there is no such file.

    Raises UsageError for one that is too large or cannot be read: a part of it would be another list.
    """
    try:
        data = read_file(file, MAX_IGNORE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # of a worktree .git is a file
        return Patterns(())
    except OSError as error:
        if not os.path.lexists(file):  # its folder may not be looked into
            return Patterns(())
        raise _unusable(file, f"cannot be read: {os_reason(error)}") from error
    if len(data) > MAX_IGNORE_BYTES:
        raise _unusable(file, f"has more than {MAX_IGNORE_BYTES:,} bytes, expected a list of patterns")
    return Patterns(data.decode("utf-8", "surrogateescape").split("\n"))


def _unusable(file: Path, why: str) -> UsageError:
    return UsageError(
        f"{why}; what it leaves out is not known",
        span=Span(str(file)),
        help="correct it, or set `respect-gitignore = false` in mkmodelfile.toml and use `exclude` there",
    )
