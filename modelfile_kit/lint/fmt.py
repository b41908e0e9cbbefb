"""One way to write a Modelfile, which reads the same to Ollama."""

from __future__ import annotations

from ..core.errors import ModelfileError
from ..ollama.decoding import decode
from ..ollama.grammar import Instruction, Modelfile, parse_modelfile, write_instruction
from ..ollama.versions import Target


def format_modelfile(text: str | bytes, *, target: str | Target = "latest", file: str | None = None) -> str:
    """A Modelfile with upper-case names, plain quoting, and at most one empty line in a row.

    Instructions, their order, their values and the comments stay. A value that no quoting of ours
    carries keeps the author's. Raises ModelfileError where Ollama refuses the file.
    """
    decoded = decode(text)
    parsed = parse_modelfile(text, target=target, file=file)
    out: list[str] = []
    for piece, start in _pieces(parsed, decoded):
        if out and _gap(decoded, start):
            out.append("")
        out.append(piece)
    result = "".join(f"{line}\n" for line in out)
    if _meaning(parse_modelfile(result, target=target, file=file)) != _meaning(parsed):
        raise ModelfileError(
            "formatting would change what Ollama reads, so nothing was changed", code="MK108"
        )
    return result


def _meaning(parsed: Modelfile) -> list[tuple[str, str, str]]:
    return [(i.name, i.key, i.value) for i in parsed.instructions]


def _pieces(parsed: Modelfile, text: str) -> list[tuple[str, int]]:
    """Instructions and comments as they are to be written, each with where it began."""
    waiting = list(parsed.comments)
    pieces: list[tuple[str, int]] = []
    at = 0
    for n, instruction in enumerate([*parsed.instructions, None]):
        while waiting and waiting[0].before <= n:
            comment = waiting.pop(0)
            at = text.index("#" + comment.text, at)
            pieces.append((f"#{comment.text.rstrip()}", at))
            at += len(comment.text) + 1
        if instruction is not None:
            pieces.append((_written(instruction, text), instruction.span[0]))
            at = instruction.span[1]
    return pieces


def _written(instruction: Instruction, text: str) -> str:
    try:
        return write_instruction(instruction)
    except ModelfileError:
        return text[slice(*instruction.span)].strip(" \t\r\n")


def _gap(text: str, start: int) -> bool:
    """Whether an empty line stood before this place."""
    before = text[:start].rstrip(" \t")
    end = len(before.rstrip(" \t\r\n"))
    blank = before[end:].replace("\r\n", "\n").replace("\r", "\n")
    return blank.count("\n") > 1
