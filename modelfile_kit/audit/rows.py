"""What an audit says of a model: one row of plain values, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..core.version import __version__

OK, INFO, WARNING, ERROR, FAILED = "ok", "info", "warning", "error", "failed"
VERDICTS = (OK, INFO, WARNING, ERROR, FAILED)
"""From best to worst; "failed": the model could not be looked at, `error` says why."""


@dataclass(frozen=True)
class Row:
    """A model.

    name: as it was asked for; revision: of its repository, or of its file; file, digest, size (bytes): of the
    file, or of all parts; quantization … context: what the header says; input: what it takes with its
    projector; memory: bytes with a context of 4,096 tokens, 0 where it is not known; template: SHA-256 of the
    chat template's text, "" for none; chat … images: how the prompts of a compiled TEMPLATE compare with it
    (`compile_template`'s coverage); parser: the PARSER that reads most; answer, thought, calls: how replies
    are read back; safety: codes about how the template treats contents; findings: codes about the rest.
    """

    name: str
    revision: str = ""
    file: str = ""
    digest: str = ""
    size: int = 0
    quantization: str = ""
    architecture: str = ""
    family: str = ""
    parameters: int = 0
    vocabulary: int = 0
    context: int = 0
    input: str = ""
    projector: str = ""
    memory: int = 0
    template: str = ""
    chat: str = ""
    tools: str = ""
    thinking: str = ""
    images: str = ""
    parser: str = ""
    answer: str = ""
    thought: str = ""
    calls: str = ""
    safety: str = ""
    findings: str = ""
    verdict: str = OK
    error: str = ""
    kit: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Plain values by column."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Row:
        """The row of such values. Raises TypeError, KeyError or ValueError for others."""
        row = cls(**{key: TYPES[key](value) for key, value in values.items()})
        numbers = [getattr(row, name) for name, kind in TYPES.items() if kind is int]
        if row.verdict not in VERDICTS or any(not 0 <= number < 1 << 63 for number in numbers):
            raise ValueError("no row of an audit")
        return row


TYPES: Mapping[str, type] = {f.name: int if f.type == "int" else str for f in fields(Row)}
"""Columns in order, with the type of each."""


def worst(verdicts: list[str]) -> str:
    """The worst of them, "ok" of none."""
    return max(verdicts, key=VERDICTS.index, default=OK)
