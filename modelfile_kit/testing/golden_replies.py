"""The golden file of replies: each kind as the model writes it, and the message that Ollama makes of it.

`replies.json` in the folder of golden files has

    {"replies": 1, "read by": "PARSER qwen3-coder", "kinds": {"call": {"writes": "…", "gets": {…}}, …}}

A kind that the chat template does not show is null. `gets` is the message in pieces of one character, as it
streams; "in other pieces": false says that it is another one in larger pieces.

In native mode llama-server's own parser reads replies, and what it makes of them belongs to a build. There
the kinds have `writes` alone, and `builds` has `gets` for each build that was asked: it is compared where
this machine's llama-server is one of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import UsageError
from ..core.files import read_bounded, read_file, write_atomically
from ..replies.returned import Returned, message_text
from ..report.model import Case, Status
from .golden import REVIEW

FILE_NAME = "replies.json"
VERSION = 1
NAME = "replies"
CHANGED = "MK914"
NATIVE = "llama-server's own parser"
_NONE_YET = f"no {FILE_NAME} yet: `mkmodelfile test --update` writes it"


def compare_replies(folder: Path, reader: str, replies: Sequence[Returned], *, update: bool = False) -> Case:
    """The case of a package's replies, or of writing them.

    folder: of golden files. reader: what reads the replies, in words. Raises UsageError for a golden file
    that is none.
    """
    path = folder / FILE_NAME
    now = _plain(reader, replies)
    if update:
        return _write(path, now)
    if not path.exists():
        return Case(NAME, Status.SKIPPED, _NONE_YET)
    golden = _read(path)
    found = list(_differences(golden, now, path))
    if found:
        return _changed(found)
    shown = sum(one.writes is not None for one in replies)
    return Case(NAME, Status.PASSED, f"{shown} kinds, read by {reader}")


def compare_native(
    folder: Path, replies: Sequence[Returned], engine: str, why_not: str, *, update: bool = False
) -> Case:
    """The same for a package in native mode.

    engine: the build of llama-server that read the replies, "" where none did: why_not.
    """
    path = folder / FILE_NAME
    whole = _plain(NATIVE, replies)["kinds"]
    kinds = {kind: None if entry is None else {"writes": entry["writes"]} for kind, entry in whole.items()}
    got = {kind: _without(entry, "writes") for kind, entry in whole.items() if entry is not None}
    builds: dict[str, Any] = {engine: got} if engine else {}
    now: dict[str, Any] = {"replies": VERSION, "read by": NATIVE, "kinds": kinds, "builds": builds}
    golden = _read(path) if path.exists() else None
    if update:
        if golden is not None and golden["kinds"] == kinds:
            now["builds"] = {**_builds(golden), **builds}
        return _write(path, now)
    if golden is None:
        return Case(NAME, Status.SKIPPED, _NONE_YET)
    recorded = _builds(golden).get(engine)
    found = list(_differences(golden, now, path))
    if recorded is not None and not found:
        found = list(_differences({**golden, "kinds": recorded}, {**now, "kinds": got}, path))
    if found:
        return _changed(found)
    told = f"{len(got)} kinds as the model writes them; "
    if recorded is not None:
        return Case(NAME, Status.PASSED, f"{told}read by {engine}")
    why = why_not or f"{engine} is not among the builds in {FILE_NAME}"
    return Case(NAME, Status.PASSED, f"{told}what llama-server makes of them was not compared: {why}")


def _without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in entry.items() if k != key}


def _builds(golden: dict[str, Any]) -> dict[str, Any]:
    found = golden.get("builds")
    return found if isinstance(found, dict) else {}


def without_replies(folder: Path, why: str, *, update: bool = False) -> list[Case]:
    """The case of a package whose replies are not known here: a golden file of them has no use.

    why: in words.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    if update:
        path.unlink()
        return [Case(NAME, Status.PASSED, f"removed: {why}")]
    found = Diagnostic(CHANGED, Severity.ERROR, f"replies: {why}", Span(str(path)), REVIEW)
    return [Case(NAME, Status.FAILED, why, diagnostics=(found,))]


def _write(path: Path, now: dict[str, Any]) -> Case:
    data = (json.dumps(now, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")
    if path.exists() and read_file(path, len(data) + 1) == data:
        return Case(NAME, Status.PASSED, "unchanged")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
    return Case(NAME, Status.PASSED, "written")


def _changed(found: Sequence[tuple[Diagnostic, str]]) -> Case:
    details = "\n\n".join(text for _, text in found)
    message = f"{len(found)} replies have changed" if len(found) > 1 else "a reply has changed"
    return Case(NAME, Status.FAILED, message, details, tuple(d for d, _ in found))


def _plain(reader: str, replies: Sequence[Returned]) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for one in replies:
        entry: dict[str, Any] | None = None
        if one.writes is not None:
            entry = {"writes": one.writes}
            if one.reply is not None:
                entry["gets"] = one.message()
            if not one.always:
                entry["in other pieces"] = False
        kinds[one.kind] = entry
    # Numbers and texts as a file gives them back, so that the two can be compared.
    whole: dict[str, Any] = json.loads(json.dumps({"replies": VERSION, "read by": reader, "kinds": kinds}))
    return whole


def _differences(golden: dict[str, Any], now: dict[str, Any], path: Path) -> list[tuple[Diagnostic, str]]:
    """For each kind that differs: the finding, and old and new beside one another."""
    found = []
    if golden.get("read by") != now["read by"]:
        message = f"replies are now read by {now['read by']}, before by {golden.get('read by')}"
        found.append((_finding(message, path), message))
    old, new = golden["kinds"], now["kinds"]
    for kind in dict.fromkeys((*old, *new)):
        was, is_now = old.get(kind), new.get(kind)
        if was == is_now:
            continue
        if was is None or is_now is None:
            change = (
                "the chat template shows it now" if was is None else "the chat template no longer shows it"
            )
        else:
            change = _first_difference(was, is_now)
        lines = unified_diff(_lines(was), _lines(is_now), f"golden/{kind}", "now", lineterm="", n=2)
        found.append((_finding(f"reply {kind!r}: {change}", path), "\n".join(lines)))
    return found


def _first_difference(was: dict[str, Any], now: dict[str, Any]) -> str:
    """Which part differs, and from where on."""
    if was.get("writes") != now.get("writes"):
        what, one, two = "what the model writes", str(was.get("writes")), str(now.get("writes"))
    elif was.get("gets") != now.get("gets"):
        old, new = was.get("gets") or {}, now.get("gets") or {}
        part = next(key for key in (*old, *new) if old.get(key) != new.get(key))
        what = f"{part} of the message"
        one, two = (json.dumps(m.get(part), ensure_ascii=False) for m in (old, new))
    else:
        return "whether it comes back the same in pieces of every size"
    pairs = enumerate(zip(one, two, strict=False))
    place = next((i for i, (a, b) in pairs if a != b), min(len(one), len(two)))
    found, meant = (repr(text[place : place + 40]) for text in (two, one))
    return f"{what} differs at character {place}: {found} instead of {meant}"


def _lines(entry: dict[str, Any] | None) -> list[str]:
    if entry is None:
        return []
    gets = entry.get("gets") or {}
    return ["writes:", *str(entry.get("writes")).split("\n"), "gets:", *message_text(gets).split("\n")]


def _finding(message: str, path: Path) -> Diagnostic:
    return Diagnostic(CHANGED, Severity.ERROR, message, Span(str(path)), REVIEW)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_bounded(path, "golden replies").decode("utf-8"))
        if not isinstance(data, dict) or not {"replies", "kinds"} <= set(data):
            raise ValueError("expected a JSON object with `replies` and `kinds`")
        version, kinds = data["replies"], data["kinds"]
        if not isinstance(kinds, dict) or not all(v is None or isinstance(v, dict) for v in kinds.values()):
            raise ValueError("`kinds` is no object of objects")
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"not a file of golden replies: {error}",
            span=Span(str(path)),
            help="delete it and run `mkmodelfile test --update`",
        ) from error
    if version != VERSION:
        raise UsageError(
            f"golden replies of version {version!r}, this modelfile-kit reads version {VERSION}",
            span=Span(str(path)),
            help="update modelfile-kit, or write the file again with `mkmodelfile test --update`",
        )
    whole: dict[str, Any] = data
    return whole
