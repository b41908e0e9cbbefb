"""The configuration of a project: `mkmodelfile.toml`, or `[tool.mkmodelfile]` of its pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span, by_place, with_excerpts
from ..core.errors import ConfigError, UsageError
from ..core.file_kinds import kind_of
from ..core.files import from_here, read_file
from ..core.near_words import near_word
from ..core.sizes import read_memory
from .toml_places import key_places, line_of, line_of_word, long_key
from .walk import parts_from, repository_of

FILE_NAMES = ("mkmodelfile.toml", "pyproject.toml")
CODE = "MK907"
MAX_BYTES = 1 << 20
MAX_FAULTS = 50
"""So many are told: each is looked for in the text, and a list can have fifty thousand wrong words."""
MAX_PARTS = 30
"""Of a key with dots: Python's reader takes their cube, and no key of ours has more than five."""
SEVERITIES = tuple(map(str, Severity))

_HOME = ("tool", "mkmodelfile")  # in a pyproject.toml
_EXAMPLES = "docs/linting.md shows every key with an example"

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
    text: of the file, for the places of its keys. alone: whether no other one counts, wherever a file lies.
    """

    file: Path | None = None
    folder: Path = field(default_factory=Path.cwd)
    target: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    lint: Mapping[str, Any] = field(default_factory=dict)
    test: Mapping[str, Any] = field(default_factory=dict)

    text: str = field(default="", repr=False, compare=False)
    alone: bool = False

    def parts_of(self, name: str) -> tuple[str, ...]:
        """The parts of a file's path, from the folder of the configuration; the whole path outside of it."""
        return parts_from(self.folder, name)

    def fault(self, path: tuple[str, ...], message: str, help: str = "", word: str = "") -> Diagnostic:
        """A finding about a key, such as ("lint", "select"); word: the text in its value that is meant."""
        place = _Places(self.file, self.text).span(path, word) if self.file else None
        return Diagnostic(CODE, Severity.ERROR, message, place, help)


Check = Callable[[Config], Iterable[Diagnostic]]
"""What a room further up has to say of a configuration whose keys and kinds of values are right."""


def find_config(names: Iterable[str], check: Check | None = None) -> Config:
    """The configuration for what is named: the nearest upward from the folder that all of it is in.

    A pyproject.toml without `[tool.mkmodelfile]` is none. The search ends with the git repository, if there
    is one. Raises ConfigError, with every fault, for a file that cannot be used.
    """
    start = _common_folder(names)
    found = next(configs_above(start, check), None)
    return Config(folder=repository_of(start) or start) if found is None else found


def configs_above(start: Path, check: Check | None = None) -> Iterator[Config]:
    """The configurations from a folder upward, to the top of its git repository. Raises as `find_config`."""
    top = repository_of(start)
    for folder in (start, *start.parents):
        if (found := config_in(folder, check)) is not None:
            yield found
        if folder == top:
            return


def config_in(folder: Path, check: Check | None = None) -> Config | None:
    """The configuration that lies in a folder. Raises as `find_config` does."""
    for name in FILE_NAMES:
        # Not Path.is_file(), which fails in a folder that may not be looked into.
        if os.path.isfile(file := folder / name) and (found := _read(file, check)) is not None:  # noqa: PTH113
            return found
    return None


def read_config(file: Path, check: Check | None = None) -> Config:
    """The configuration of one file. Raises UsageError where it has none or a fault."""
    found = _read(file, check)
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


def _read(file: Path, check: Check | None) -> Config | None:
    text, table = _parsed(file)
    places = _Places(file, text)
    if places.home:
        tool = table.get("tool")
        table = tool.get("mkmodelfile") if isinstance(tool, dict) else None
        if table is None:
            return None
    faults: list[Diagnostic] = []
    if isinstance(table, dict):
        sound, faults = _sound(places, "", table)
    else:
        faults.append(places.wrong_kind((), "a table", table))
        sound = {}
    config = Config(
        file,
        Path(os.path.abspath(file)).parent,  # noqa: PTH100
        sound.get("target"),
        tuple(sound.get("include", ())),
        tuple(sound.get("exclude", ())),
        sound.get("respect-gitignore", True),
        sound.get("lint", {}),
        sound.get("test", {}),
        text,
    )
    faults += islice(check(config), MAX_FAULTS) if check else ()
    if faults:
        raise ConfigError(with_excerpts(sorted(faults, key=by_place), text.split("\n")))
    return config


def _parsed(file: Path) -> tuple[str, Any]:
    """The text of a file, and what it is as TOML. Raises UsageError where it is none."""
    if sys.version_info >= (3, 11):  # few projects have one, and every run would pay for it
        import tomllib
    else:
        import tomli as tomllib

    name = _shown(file)
    data = read_file(file, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        kind = kind_of(data)
        found = f"this is {kind.what}" if kind else f"more than {MAX_BYTES:,} bytes"
        raise UsageError(
            f"{found}, expected a configuration in TOML",
            span=Span(name),
            help=kind.taken_by if kind else "name another file",
            code=CODE,
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        _require_short_keys(name, text)
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})", span=Span(name), code=CODE
        ) from error
    except tomllib.TOMLDecodeError as error:
        if kind := kind_of(data):
            message = f"this is {kind.what}, expected a configuration in TOML"
            raise UsageError(message, span=Span(name), help=kind.taken_by, code=CODE) from error
        place, hint = _place(name, text, str(error))
        raise UsageError(f"not TOML: {error}", span=place, help=hint, code=CODE) from error
    except RecursionError as error:
        raise UsageError("the TOML is nested too deeply", span=Span(name), code=CODE) from error
    except ValueError as error:  # a number of more digits than Python converts
        said = str(error).partition(";")[0]
        raise UsageError(f"not TOML that can be read: {said}", span=Span(name), code=CODE) from error


def _require_short_keys(name: str, text: str) -> None:
    """Raises UsageError for a key of more parts than Python's reader takes in a moment."""
    at = long_key(text, MAX_PARTS)
    if at is not None:
        raise UsageError(
            f"a key has more than {MAX_PARTS} parts with dots between them",
            span=Span(name, line_of(text, at)),
            help=_EXAMPLES,
            code=CODE,
        )


class _Places:
    """Where keys stand in a file. home: the table in which ours are, () for the outermost."""

    def __init__(self, file: Path, text: str) -> None:
        self.home = _HOME if file.name == "pyproject.toml" else ()
        self.name, self.text = _shown(file), text

    def span(self, path: tuple[str, ...], word: str = "") -> Span:
        """The line of a key, or of the nearest table above it that has one."""
        whole, places = (*self.home, *path), key_places(self.text)
        known = next((whole[:n] for n in range(len(whole), 0, -1) if whole[:n] in places), None)
        if known is None:
            return Span(self.name)
        if word:
            return Span(self.name, line_of_word(self.text, places, known, word))
        return Span(self.name, line_of(self.text, places[known]))

    def fault(self, path: tuple[str, ...], message: str, help: str, word: str = "") -> Diagnostic:
        return Diagnostic(CODE, Severity.ERROR, message, self.span(path, word), help)

    def wrong_kind(self, path: tuple[str, ...], kind: str, value: Any) -> Diagnostic:
        whole = ".".join(path) or ".".join(self.home)
        return self.fault(path, f"{whole!r} is {_kind(value)}, expected {kind}", _EXAMPLES)


def _sound(places: _Places, name: str, table: Mapping[str, Any]) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The keys of a table whose values can be used, and what is wrong with the others."""
    sound: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for key, value in table.items():
        if len(faults) >= MAX_FAULTS:
            break
        path = (name, key) if name else (key,)
        kind = KEYS[name].get(key)
        if kind is None:
            faults.append(places.fault(path, f"unknown key {'.'.join(path)!r}", _suggestion(key, name)))
        elif not _fits(value, kind):
            faults.append(places.wrong_kind(path, kind, value))
        elif kind == "a table":
            sound[key], inner = _sound(places, key, value)
            faults += inner
        else:
            wrong = list(_wrong_value(places, path, key, value))
            faults += wrong
            if not wrong:
                sound[key] = value
    return sound, faults


def _wrong_value(places: _Places, path: tuple[str, ...], key: str, value: Any) -> Iterator[Diagnostic]:
    if key == "fail-on" and value not in SEVERITIES:
        near = near_word(value.lower(), SEVERITIES)
        hint = f"did you mean {near!r}? " if near else ""
        message = f"{'.'.join(path)!r} is {value!r}, which is no severity"
        yield places.fault(path, message, f"{hint}expected {', '.join(SEVERITIES[:-1])} or {SEVERITIES[-1]}")
    if key == "memory":
        try:
            read_memory(value)
        except UsageError as error:
            yield places.fault(path, f"{'.'.join(path)!r}: {error.message}", error.help)


def _suggestion(key: str, table: str) -> str:
    home = next((name for name, keys in KEYS.items() if key in keys), None)
    if home is not None:
        return f"{key!r} belongs in [{home}]" if home else f"{key!r} belongs outside of [{table}]"
    near = near_word(key, KEYS[table])
    return f"did you mean {near!r}?" if near else f"expected one of {', '.join(KEYS[table])}"


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


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _shown(file: Path) -> str:
    """A path as it is shown: as it was named, one that was found as it is from the current folder."""
    return str(from_here(file) if file.is_absolute() else file)


def _place(name: str, text: str, said: str) -> tuple[Span, str]:
    """The place that an error of the parser names at its end, and what to do there."""
    found = re.search(r"line (\d+), column (\d+)", said)
    if found is not None:
        return Span(name, int(found[1]), int(found[2])), _EXAMPLES
    *_, last = text.rstrip().splitlines() or [""]
    line = max(1, len(text.rstrip().splitlines()))
    hint = f"the file ends too early: a quote, ] or }} is missing; {_EXAMPLES}"
    return Span(name, line, len(last) + 1), hint
