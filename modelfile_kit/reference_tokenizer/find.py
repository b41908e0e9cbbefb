"""Which files are a model's own tokenizer: the ones that are named, or those beside the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core import file_kinds
from ..core.errors import EngineError, KitError, UsageError
from ..core.files import read_file
from ..core.os_errors import os_reason
from ..sources.text_files import TOKENIZER_FILES
from .formats.config_files import NAMES
from .formats.loaded import MAX_FILE_BYTES
from .named import NOT_FOUND, fetch_tokenizer

UNREADABLE = "MK741"
AUTO, NONE = "auto", "none"

_HEAD = 4096
_KNOWN = "tokenizer.json, tokenizer.model, tekken.json or .tiktoken"

Resolver = Callable[[str], Path | None]
"""Turns a name that is no path, such as a repository's, into a file or folder; None where it is unknown."""


@dataclass(frozen=True)
class Found:
    """The files of a tokenizer.

    kind: "tokenizer.json", "tokenizer.model", "tiktoken" or "tekken.json"; beside: files that add to it; why:
    how it came to be this one; others: tokenizers in the same folder that were not taken.
    """

    kind: str
    file: Path
    beside: tuple[Path, ...] = ()
    why: str = ""
    others: tuple[Path, ...] = ()


def find_tokenizer(
    asked: str | Path, model: str | Path, *, resolve: Resolver | None = fetch_tokenizer
) -> Found | None:
    """The tokenizer that is asked for, None where there is to be none or `auto` finds none.

    asked: "auto" (beside the model), "none", a file, or a folder of the original model; model: the GGUF;
    resolve: what names that are no paths stand for, by default those of `sources.name`. Raises UsageError
    MK740 where what is named does not exist or holds no tokenizer, EngineError MK741 for a file of another
    kind.
    """
    if str(asked) == NONE:
        return None
    if str(asked) == AUTO:
        return _in_folder(Path(model).absolute().parent, "beside the model")
    path = Path(asked).expanduser()
    if not path.exists() and resolve is not None:
        path = resolve(str(asked)) or path
    if path.is_dir():
        found = _in_folder(path, "in the folder that was named")
        if found is not None:
            return found
        raise _missing(f"{path}: no tokenizer in this folder{_only(path)}")
    if not path.is_file():
        raise _missing(f"{path}: the tokenizer does not exist")
    return Found(kind_of(path), path, _beside(path), "as named")


def kind_of(path: Path) -> str:
    """What kind of tokenizer a file is, by its content. Raises EngineError MK741 where it is none."""
    try:
        size = path.stat().st_size
        head = read_file(path, _HEAD)
    except OSError as e:
        raise _no_tokenizer(path, f"cannot be read: {os_reason(e)}") from e
    if size > MAX_FILE_BYTES:
        raise _no_tokenizer(path, f"has {size:,} bytes; a tokenizer has at most {MAX_FILE_BYTES:,}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise _no_tokenizer(path, "is empty")
    if start.startswith(b"version https://git-lfs"):
        raise EngineError(
            f"{path}: is a pointer of Git LFS: the file itself was not downloaded",
            help="run `git lfs pull` where the model was cloned, or download the file from its page",
            code=UNREADABLE,
        )
    if start[:1] == b"<":
        raise _no_tokenizer(path, "is a web page, not the file: the download failed")
    other = file_kinds.kind_of(head, path.name)
    if other not in (None, file_kinds.TOKENIZER):
        what = f"is {other.what}, not the tokenizer of the original model"
        raise _no_tokenizer(path, what, f"{other.taken_by}; here, ")
    if start.startswith(b"{"):
        return "tekken.json" if b'"model"' not in head and _is_tekken(path, head) else "tokenizer.json"
    if _is_ranks(start):
        return "tiktoken"
    if start.startswith(b"\n") or head[:1] == b"\n":  # the first field of a ModelProto: a piece
        return "tokenizer.model"
    raise _no_tokenizer(path, f"begins with {_legible(start)}, as no known kind of tokenizer does")


def _legible(start: bytes) -> str:
    """The first bytes of a file, as text where they are some."""
    text = start[:12].decode("utf-8", "replace")
    return repr(text) if text.isprintable() and "\ufffd" not in text else f"the bytes {start[:8].hex(' ')}"


def _is_tekken(path: Path, head: bytes) -> bool:
    if b"default_vocab_size" in head or b"token_bytes" in head:
        return True
    return path.name.startswith("tekken")


def _is_ranks(start: bytes) -> bool:
    first = start.partition(b"\n")[0].split()
    return len(first) == 2 and first[1].isdigit() and first[0].rstrip(b"=").isascii()


def _in_folder(folder: Path, why: str) -> Found | None:
    there = [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]
    there += sorted(path for path in folder.glob("*.tiktoken") if path.is_file())
    if not there:
        return None
    ranks = [path for path in there if path.suffix == ".tiktoken"]
    if len(ranks) > 1 and there[0] in ranks:
        names = ", ".join(path.name for path in ranks)
        raise UsageError(
            f"{folder}: several tokenizers, {names}, and nothing says which is the model's",
            help="name the file: `tokenizer: FILE` in the package, or --tokenizer FILE",
            code=NOT_FOUND,
        )
    return Found(kind_of(there[0]), there[0], _beside(there[0]), why, tuple(there[1:]))


def _only(folder: Path) -> str:
    """What a folder has of a tokenizer that is not enough."""
    there = [name for name in ("vocab.json", "merges.txt", *NAMES) if (folder / name).is_file()]
    return f"; {', '.join(there)} alone are not enough" if there else ""


def _beside(path: Path) -> tuple[Path, ...]:
    """The configuration files that add to a tokenizer."""
    found = tuple(path.with_name(name) for name in NAMES if path.with_name(name).is_file())
    for file in found:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise _no_tokenizer(file, f"has more than {MAX_FILE_BYTES:,} bytes")
    return found


def _missing(message: str) -> KitError:
    return UsageError(
        message,
        help=f"name the {_KNOWN} file of the original model, or its folder; `none` compares with no "
        "tokenizer",
        code=NOT_FOUND,
    )


def _no_tokenizer(path: Path, what: str, before: str = "") -> KitError:
    return EngineError(
        f"{path}: {what}",
        help=f"{before}give the {_KNOWN} file of the original model",
        code=UNREADABLE,
    )
