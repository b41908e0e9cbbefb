"""From what the user names to the names of models: folders, lists, an owner's repositories, a library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.diagnostics import Span
from ..core.errors import UsageError
from ..core.file_kinds import is_gguf, kind_of
from ..core.files import files_below, read_file
from ..core.urls import shown_url
from ..gguf_file.split import is_later_part
from ..runtime.ollama.client import OllamaServer
from ..sources.hub import repositories_of

MAX_LIST_BYTES = 256 << 20
_OWNER = re.compile(r"(?:hf\.co|huggingface\.co)/(?P<owner>[^/:@\s]+)/?|hf://(?P<other>[^/:@\s]+)/?")
_LIBRARY = re.compile(r"ollama://", re.IGNORECASE)


def expand(sources: Iterable[str], host: str | None = None) -> list[str]:
    """The names of all models that are meant, each once, in the order of the sources.

    sources: names of models (docs/names.md); a folder (every model in it and below); a text file with a name
    a line, `#` begins a remark; `hf.co/OWNER` (all repositories with GGUF files); `ollama://` (every model of
    the server at `host`). Raises UsageError for a list or a folder without any.
    """
    return list(dict.fromkeys(name for source in sources for name in _expanded(source, host)))


def told_names(names: Iterable[str]) -> dict[str, str]:
    """What each name is called in rows and reports: an address without its login and its query.

    Addresses that are then alike get a number.
    """
    told: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        shown, number = shown_url(name) if "://" in name else name, 1
        while (called := f"{shown} ({number})" if number > 1 else shown) in taken:
            number += 1
        told[name] = called
        taken.add(called)
    return told


def _expanded(source: str, host: str | None) -> Iterator[str]:
    path = Path(source)
    if path.is_dir():
        yield from _in_folder(path)
    elif path.is_file() and path.suffix.lower() != ".gguf":
        yield from _in_list(path)
    elif owner := _OWNER.fullmatch(source):
        yield from (f"hf.co/{name}" for name in repositories_of(owner["owner"] or owner["other"]))
    elif _LIBRARY.fullmatch(source):
        with OllamaServer(host) as server:
            yield from sorted(
                f"ollama://{model.get('model')}" for model in server.models() if model.get("model")
            )
    else:
        yield source


def _in_folder(folder: Path) -> Iterator[str]:
    """The models, by path; of a split one the first part, and no projectors.

    A folder in it that cannot be listed has a row of its own, which says why.
    """
    found = []
    failed: list[OSError] = []
    for path in sorted(files_below(folder, failed)):
        if path.suffix.lower() == ".gguf" and "mmproj" not in path.name.lower() and not is_later_part(path):
            found.append(str(path))
    found += [str(error.filename) for error in failed]
    if not found:
        raise UsageError(f"{folder} has no GGUF model in it or below", help="name another folder, or models")
    yield from found


def _in_list(path: Path) -> Iterator[str]:
    data = read_file(path, MAX_LIST_BYTES + 1)
    if is_gguf(data):
        yield str(path)
        return
    if kind := kind_of(data, path.name):
        raise UsageError(
            f"this is {kind.what}, expected a GGUF or a list of names",
            span=Span(str(path)),
            help=f"{kind.taken_by}; a list has the name of a model in each line",
        )
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as e:
        raise UsageError(
            f"{path} is neither a GGUF nor a list of names in UTF-8 (byte {e.start})",
            help="write one name of a model a line",
        ) from e
    names = [line.partition(" #")[0].strip() for line in lines if not line.lstrip().startswith("#")]
    if not any(names):
        raise UsageError(f"{path} names no model", help="write one name of a model a line")
    yield from filter(None, names)
