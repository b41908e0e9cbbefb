"""The metadata of two GGUF files: keys that were added, removed or changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..gguf_file.header import Header
from ..gguf_file.metadata import Metadata
from ..gguf_file.patch import PADDING
from .part import Part, counted, part_of
from .texts import unified
from .values import difference, same_value, shown_value

CHAT_TEMPLATE = "tokenizer.chat_template"
VOCABULARY_KEYS = frozenset(
    f"tokenizer.ggml.{name}" for name in ("tokens", "token_type", "scores", "merges", "added_tokens")
)
"""Keys that `vocabulary` compares token by token."""


@dataclass(frozen=True)
class Change:
    """A key that is not the same on both sides.

    kind: "added", "removed" or "changed". type: GGUF's name of the value's type. lines: before and after in
    words.
    """

    key: str
    kind: str
    type: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.kind]
        first, *rest = self.lines
        return "\n".join((f"{sign} {self.key} ({self.type}): {first}", *(f"    {line}" for line in rest)))


def metadata_changes(
    before: Metadata, after: Metadata, *, leave_out: Callable[[str], bool] = lambda _: False
) -> Iterator[Change]:
    """Every key that differs, in the order of the file, those that are new at the end.

    leave_out: says of a key whether another part compares it. The key that only makes a header longer
    (`gguf_file.patch.PADDING`) does not count.
    """
    wanted = [k for k in before if k != PADDING and not leave_out(k)]
    for key in wanted:
        if key not in after:
            yield Change(key, "removed", before.type_of(key), (shown_value(before[key]),))
        elif lines := _changed(key, before, after):
            yield Change(key, "changed", after.type_of(key), tuple(lines))
    for key in after:
        if key not in before and key != PADDING and not leave_out(key):
            yield Change(key, "added", after.type_of(key), (shown_value(after[key]),))


def compare_metadata(before: Header, after: Header) -> Part:
    """The keys of two files without those of vocabulary and chat templates, and the form of the files."""
    form = [
        f"~ {name}: {one} -> {other}"
        for name, one, other in (
            ("version of the file", before.version, after.version),
            ("byte order", before.byte_order, after.byte_order),
            ("alignment", before.alignment, after.alignment),
        )
        if one != other
    ]
    changes = list(metadata_changes(before.metadata, after.metadata, leave_out=_elsewhere))
    lines = [*form, *map(str, changes)]
    counts = {kind: sum(c.kind == kind for c in changes) for kind in ("added", "removed", "changed")}
    told = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n) or "the form of the file"
    common = sum(not _elsewhere(k) for k in before.metadata)
    return part_of(
        "metadata",
        lines,
        f"{counted(common, 'key')}, types and values are the same",
        f"{told} of {counted(common, 'key')}",
        changes=[{"key": c.key, "kind": c.kind, "lines": list(c.lines)} for c in changes],
    )


def _elsewhere(key: str) -> bool:
    return key in VOCABULARY_KEYS or key == CHAT_TEMPLATE or key.startswith(CHAT_TEMPLATE + ".")


def _changed(key: str, before: Metadata, after: Metadata) -> list[str]:
    """What differs of one key, type and value."""
    one, other = before.type_of(key), after.type_of(key)
    types = f" (it was of type {one})" if one != other else ""
    if same_value(_value(before, key), _value(after, key)):
        return [f"{shown_value(before[key])}{types}"] if types else []
    if key == CHAT_TEMPLATE or key.startswith(CHAT_TEMPLATE + "."):
        texts = before[key], after[key]
        if isinstance(texts[0], str) and isinstance(texts[1], str) and "\n" in texts[0] + texts[1]:
            return [f"the text{types}", *unified(texts[0], texts[1])]
    first, *rest = difference(before[key], after[key])
    return [first + types, *rest]


def _value(metadata: Metadata, key: str) -> Any:
    """A value to compare: of a text its bytes, which need not be UTF-8."""
    return metadata.raw(key) if metadata.type_of(key) == "string" else metadata[key]
