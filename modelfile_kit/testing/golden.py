"""Golden files: the prompts and tokens of a package's conversations, as they were last accepted.

In the folder of golden files a conversation `greeting` has

- `greeting.prompt`       the exact bytes that Ollama sends to the engine, images as `[img-N]`; or
- `greeting.refused`      what the server answers where it refuses the request;
- `greeting.tokens.json`  the tokens of that prompt, one a line, by vocabulary, since a package may be
  tested with a stand-in for its model; and the tokens of the chat template's text by the model's own
  tokenizer, where there is one. What has no entry is not compared.

`golden_replies` knows the file beside them that holds the replies.

An update writes beside and renames, so an interrupted one leaves each file old or new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from ..core.common_start import common_length
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import UsageError
from ..core.files import read_bounded, read_file, write_atomically
from ..report.model import Case, Status

LONG, AROUND = 200_000, 200
"""From so many characters on a changed prompt is shown around the first difference alone."""
LINES, SHOWN = 1_000, 20
"""From so many lines on a diff shows the first that differ."""
MISSING = "MK910"
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_SUFFIXES = (".prompt", ".refused", ".tokens.json")


@dataclass(frozen=True)
class TokenText:
    """A token: its id in the vocabulary and its text (special tokens as written)."""

    id: int
    text: str


@dataclass(frozen=True)
class RenderedConversation:
    """What a conversation became: a prompt, or the text of a refusal.

    vocabulary: a name that changes when the vocabulary does; tokens: None where nothing could tokenize;
    own_tokenizer, own_tokens: the same of the model's own tokenizer, None where there is none.
    """

    id: str
    prompt: str | None = None
    refused: str | None = None
    vocabulary: str = ""
    tokens: tuple[TokenText, ...] | None = None
    own_tokenizer: str = ""
    own_tokens: tuple[TokenText, ...] | None = None

    def __post_init__(self) -> None:
        if not _SAFE_ID.match(self.id):
            raise UsageError(
                f"conversation id {self.id!r} cannot be a file name",
                help="use letters, digits, '.', '_' and '-' in ids",
            )


def compare_golden(
    folder: Path, rendered: Iterable[RenderedConversation], *, update: bool = False
) -> list[Case]:
    """One case a conversation, and one for each golden file that no conversation owns any more.

    folder: where the golden files are; need not exist. update: write what is now instead of comparing;
    files of conversations that are gone are removed.
    """
    now = list(rendered)
    names = [r.id for r in now]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise UsageError(f"two conversations are called {sorted(twice)[0]!r}", help="give each its own id")
    cases = [_update(folder, r) if update else _compare(folder, r) for r in now]
    for path in _orphans(folder, set(names)):
        if update:
            path.unlink()
            cases.append(Case(path.name, Status.PASSED, "removed: no conversation of that id"))
        else:
            cases.append(
                _failed(path.name, path, "MK911", "no conversation has this id any more", help=_ORPHAN)
            )
    return cases


def once_for_each_folder(cases: Iterable[Case]) -> tuple[list[Case], tuple[Diagnostic, ...]]:
    """The cases, and one finding for each folder in which several golden files do not exist yet.

    The first run of a new package fails for every conversation, and for one reason.
    """
    cases = list(cases)
    missing: dict[Path, list[Case]] = {}
    for case in cases:
        for found in case.diagnostics:
            if found.code == MISSING and found.span and found.span.file:
                missing.setdefault(Path(found.span.file).parent, []).append(case)
    several = {folder: cases for folder, cases in missing.items() if len(cases) > 1}
    quiet = {case.name for cases in several.values() for case in cases}
    findings = tuple(
        Diagnostic(
            MISSING,
            Severity.ERROR,
            f"{len(cases)} conversations have no golden file yet",
            Span(str(folder)),
            _FIRST_OF_SEVERAL,
        )
        for folder, cases in several.items()
    )
    return [replace(c, diagnostics=()) if c.name in quiet else c for c in cases], findings


def _compare(folder: Path, now: RenderedConversation) -> Case:
    path, other = _text_files(folder, now)
    if not path.exists():
        if other.exists():
            became = "refused by the server" if now.refused is not None else "accepted"
            detail = now.refused or ""
            return _failed(now.id, other, "MK912", f"the request is now {became}", detail)
        return _failed(now.id, path, MISSING, "there is no golden file yet", help=_FIRST)
    text = now.prompt if now.prompt is not None else now.refused
    assert text is not None
    golden = read_bounded(path, "a golden prompt").decode("utf-8", "surrogateescape")
    if golden != text:
        return _failed(now.id, path, "MK912", "the prompt has changed", _diff(golden, text, path.name))
    return _compare_tokens(folder, now)


def _compare_tokens(folder: Path, now: RenderedConversation) -> Case:
    rows = _token_rows(now)
    if not rows:
        return Case(now.id, Status.PASSED, "prompt")
    path = folder / f"{now.id}.tokens.json"
    known, compared = _read_tokens(path), []
    for name, tokens in rows.items():
        golden = known.get(name)
        own = name == now.own_tokenizer
        if golden is None:
            what = "tokenizer" if own else "vocabulary"
            compared.append(f"no golden tokens for the {what} {name}")
        elif golden != list(tokens):
            old, new = ([f"{t.id} {t.text!r}" for t in row] for row in (golden, tokens))
            lines = _changes(old, new, "golden", "now")
            said = "the tokens of the model's own tokenizer have changed, the prompt has not"
            other = "the tokens have changed, the prompt has not"
            return _failed(now.id, path, "MK913", said if own else other, lines)
        else:
            compared.append(f"{len(golden)} tokens" + (" of the model's own tokenizer" if own else ""))
    if len(rows) == 1 and now.tokens is not None and compared[0].startswith("no "):
        return Case(now.id, Status.PASSED, f"prompt ({compared[0]})")
    return Case(now.id, Status.PASSED, f"prompt and {', '.join(compared)}")


def _token_rows(now: RenderedConversation) -> dict[str, tuple[TokenText, ...]]:
    """The rows of tokens by the name of what made them."""
    rows = {now.vocabulary: now.tokens, now.own_tokenizer: now.own_tokens}
    return {name: row for name, row in rows.items() if row is not None}


def _update(folder: Path, now: RenderedConversation) -> Case:
    folder.mkdir(parents=True, exist_ok=True)
    path, other = _text_files(folder, now)
    text = now.prompt if now.prompt is not None else now.refused
    assert text is not None
    changed = _write_if_new(path, text.encode("utf-8", "surrogateescape"))
    other.unlink(missing_ok=True)
    if rows := _token_rows(now):
        tokens_path = folder / f"{now.id}.tokens.json"
        # A changed prompt makes the tokens of every other vocabulary stale.
        known = {} if changed else _read_tokens(tokens_path)
        known |= {name: list(row) for name, row in rows.items()}
        changed |= _write_if_new(tokens_path, _tokens_json(known).encode())
    return Case(now.id, Status.PASSED, "written" if changed else "unchanged")


def _text_files(folder: Path, now: RenderedConversation) -> tuple[Path, Path]:
    prompt, refused = folder / f"{now.id}.prompt", folder / f"{now.id}.refused"
    return (prompt, refused) if now.prompt is not None else (refused, prompt)


def _write_if_new(path: Path, data: bytes) -> bool:
    if path.exists() and read_file(path, len(data) + 1) == data:
        return False
    write_atomically(path, data)
    return True


def _orphans(folder: Path, ids: set[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    files = [p for p in folder.iterdir() if p.name.endswith(_SUFFIXES)]
    return sorted(p for p in files if not any(p.name == i + s for i in ids for s in _SUFFIXES))


def _tokens_json(known: dict[str, list[TokenText]]) -> str:
    blocks = []
    for name in sorted(known):
        rows = ",\n".join(f"  {json.dumps([t.id, t.text], ensure_ascii=False)}" for t in known[name])
        blocks.append(f" {json.dumps(name)}: [\n{rows}\n ]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _read_tokens(path: Path) -> dict[str, list[TokenText]]:
    if not path.exists():
        return {}
    try:
        data = json.loads(read_bounded(path, "golden tokens").decode("utf-8"))
        return {name: [TokenText(int(i), str(t)) for i, t in rows] for name, rows in data.items()}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        is_json = not isinstance(error, (json.JSONDecodeError, UnicodeDecodeError, RecursionError))
        fault = "it holds other JSON" if is_json else error
        raise UsageError(
            f"not a file of golden tokens: {fault}",
            span=Span(str(path)),
            help="expected {vocabulary: [[id, text], …]}; delete it and run `mkmodelfile test --update`",
        ) from error


_FIRST = "`mkmodelfile test --update` writes it; `mkmodelfile check` says whether the prompt is right"
_FIRST_OF_SEVERAL = (
    "`mkmodelfile test --update` writes them; `mkmodelfile check` says whether the prompts are right"
)
_ORPHAN = "restore the conversation, or remove the file with `mkmodelfile test --update`"
REVIEW = "review the change; if it is intended, run the same command with --update"


def _failed(name: str, path: Path, code: str, message: str, details: str = "", *, help: str = REVIEW) -> Case:
    finding = Diagnostic(code, Severity.ERROR, f"{name}: {message}", Span(str(path)), help)
    return Case(name, Status.FAILED, message, details, (finding,))


def _diff(golden: str, now: str, name: str) -> str:
    at = common_length(golden, now)
    if max(len(golden), len(now)) > LONG:
        place = slice(max(0, at - AROUND), at + AROUND)
        old, new = (f"{len(text):,} characters: …{text[place]!r}…" for text in (golden, now))
        return f"the first difference is at character {at + 1:,}\n- {old}\n+ {new}"
    return _changes(visible_lines(golden), visible_lines(now), f"golden/{name}", "now")


def _changes(old: Sequence[str], new: Sequence[str], before: str, after: str) -> str:
    """Two lists of lines as a diff; of long ones, whose diff takes too long, the first difference."""
    if max(len(old), len(new)) <= LINES:
        return "\n".join(unified_diff(old, new, before, after, lineterm="", n=2))
    at = common_length(old, new)
    lines = [f"the first difference is in line {at + 1:,}"]
    for sign, rows in (("-", old), ("+", new)):
        lines += [f"{sign}{row}" for row in rows[at : at + SHOWN]]
        if len(rows) > at + SHOWN:
            lines.append(f"{sign}… {len(rows) - at - SHOWN:,} more lines")
    return "\n".join(lines)


def visible_lines(text: str) -> list[str]:
    """Lines with ends of lines, spaces before them and unusual spaces made visible."""
    lines = []
    for line in text.split("\n"):
        shown = "".join(_visible(c) for c in line)
        stripped = shown.rstrip(" ")
        lines.append(stripped + "·" * (len(shown) - len(stripped)) + "⏎")
    lines[-1] = lines[-1][:-1] + "∎"
    return lines


def _visible(character: str) -> str:
    if character == " " or (character.isprintable() and not character.isspace()):
        return character
    return character.encode("unicode_escape").decode("ascii")
