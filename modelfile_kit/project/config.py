"""The configuration of a project: `mkmodelfile.toml`, or `[tool.mkmodelfile]` of its pyproject.toml."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.files import read_file
from .walk import repository_of

FILE_NAMES = ("mkmodelfile.toml", "pyproject.toml")
CODE = "MK907"
MAX_BYTES = 1 << 20

# What each key holds, by table; "" is the outermost. docs/linting.md says what they mean.
KEYS: Mapping[str, Mapping[str, str]] = {
    "": {
        "target": "a text",
        "include": "a list of texts",
        "exclude": "a list of texts",
        "respect-gitignore": "true or false",
        "lint": "a table",
        "test": "a table",
    },
    "lint": {
        "select": "a list of texts",
        "ignore": "a list of texts",
        "per-file-ignores": "a table of lists of texts",
        "files": "true or false",
        "fail-on": "a text",
        "memory": "a text",
        "baseline": "a text",
    },
    "test": {"micro": "true or false", "tokens": "true or false"},
}


@dataclass(frozen=True)
class Config:
    """What a project has set; None and empty where it says nothing.

    file: where it was read; folder: where its patterns and paths start. lint, test: the keys of these tables.
    """

    file: Path | None = None
    folder: Path = field(default_factory=Path.cwd)
    target: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    lint: Mapping[str, Any] = field(default_factory=dict)
    test: Mapping[str, Any] = field(default_factory=dict)

    def span(self, key: str) -> Span:
        """Where a key stands, as far as that is known."""
        text = read_file(self.file, MAX_BYTES).decode() if self.file else ""
        return Span(str(self.file) if self.file else None, _line_of(text, key))


def find_config(names: Iterable[str]) -> Config:
    """The configuration for what is named: the nearest upward from the folder that all of it is in.

    A pyproject.toml without `[tool.mkmodelfile]` is none. The search ends with the git repository, if there
    is one. Raises UsageError for a file that cannot be used.
    """
    start = _common_folder(names)
    top = repository_of(start)
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            # Not Path.is_file(), which fails in a folder that may not be looked into.
            if os.path.isfile(file := folder / name) and (found := _read(file)) is not None:  # noqa: PTH113
                return found
        if folder == top:
            break
    return Config(folder=start if top is None else top)


def read_config(file: Path) -> Config:
    """The configuration of one file. Raises UsageError where it has none or a fault."""
    found = _read(file)
    if found is None:
        raise UsageError(
            "no [tool.mkmodelfile] in this file", span=Span(str(file)), help="name another file", code=CODE
        )
    return found


def _common_folder(names: Iterable[str]) -> Path:
    paths = [os.path.abspath(name) for name in names if name != "-"]  # noqa: PTH100
    try:
        common = Path(os.path.commonpath(paths)) if paths else Path.cwd()
    except ValueError:  # several drives, or a zero byte
        return Path.cwd()
    return next((p for p in (common, *common.parents) if os.path.isdir(p)), Path.cwd())  # noqa: PTH112


def _read(file: Path) -> Config | None:
    if sys.version_info >= (3, 11):  # few projects have one, and every run would pay for it
        import tomllib
    else:
        import tomli as tomllib

    data = read_file(file, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"more than {MAX_BYTES} bytes", span=Span(str(file)), code=CODE)
    try:
        text = data.decode()
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            span=Span(str(file)),
            code=CODE,
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"not TOML: {error}", span=_place(file, text, str(error)), code=CODE) from error
    except RecursionError as error:
        raise UsageError("the TOML is nested too deeply", span=Span(str(file)), code=CODE) from error
    except ValueError as error:  # a number of more digits than Python converts
        said = str(error).partition(";")[0]
        raise UsageError(f"not TOML that can be read: {said}", span=Span(str(file)), code=CODE) from error
    if file.name == "pyproject.toml":
        tool = table.get("tool")
        found = tool.get("mkmodelfile") if isinstance(tool, dict) else None
        if found is None:
            return None
        if not isinstance(found, dict):
            raise _fault(file, text, "mkmodelfile", "tool.mkmodelfile", "a table", found)
        table = found
    _check(file, text, "", table)
    lint, test = table.get("lint", {}), table.get("test", {})
    for name, inner in (("lint", lint), ("test", test)):
        _check(file, text, name, inner)
    return Config(
        file,
        Path(os.path.abspath(file)).parent,  # noqa: PTH100
        table.get("target"),
        tuple(table.get("include", ())),
        tuple(table.get("exclude", ())),
        table.get("respect-gitignore", True),
        lint,
        test,
    )


def _check(file: Path, text: str, name: str, table: Mapping[str, Any]) -> None:
    known = KEYS[name]
    for key, value in table.items():
        whole = f"{name}.{key}" if name else key
        if key not in known:
            raise UsageError(
                f"unknown key {whole!r}", span=_span(file, text, key), help=_suggestion(key, name), code=CODE
            )
        if not _fits(value, known[key]):
            raise _fault(file, text, key, whole, known[key], value)


def _suggestion(key: str, table: str) -> str:
    home = next((name for name, keys in KEYS.items() if key in keys), None)
    if home is not None:
        return f"{key!r} belongs in [{home}]" if home else f"{key!r} belongs outside of [{table}]"
    near = difflib.get_close_matches(key, KEYS[table], n=1)
    return f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(KEYS[table])}"


def _fits(value: Any, kind: str) -> bool:
    if kind == "a text":
        return isinstance(value, str)
    if kind == "true or false":
        return isinstance(value, bool)
    if kind == "a list of texts":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if not isinstance(value, dict):
        return False
    return kind == "a table" or all(_fits(v, "a list of texts") for v in value.values())


def _fault(file: Path, text: str, key: str, whole: str, kind: str, value: Any) -> UsageError:
    return UsageError(
        f"{whole!r} is {_kind(value)}, expected {kind}",
        span=_span(file, text, key),
        help="docs/linting.md shows every key with an example",
        code=CODE,
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _span(file: Path, text: str, key: str) -> Span:
    return Span(str(file), _line_of(text, key))


def _line_of(text: str, key: str) -> int | None:
    """The line in which a key or table stands; the parser of Python's library does not say."""
    name = re.escape(key)
    quoted = rf"(?:{name}|\"{name}\"|'{name}')"
    found = re.search(rf"^[ \t]*(?:{quoted}[ \t]*[=.]|\[[^\]\n]*{quoted}[\].])", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _place(file: Path, text: str, said: str) -> Span:
    """The place that an error of the parser names at its end."""
    found = re.search(r"line (\d+), column (\d+)", said)
    if found is None:
        return Span(str(file), max(1, len(text.splitlines())))
    return Span(str(file), int(found[1]), int(found[2]))
