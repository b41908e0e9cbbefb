"""What each construct of a chat template became: its Go, the reason why there is none, or the findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.diagnostics import Diagnostic
from ...core.step_account import steps_together
from ...huggingface import Reference
from ...ollama.versions import Target
from .. import frontend
from ..compile import GO_STEPS, JINJA_STEPS, Compiled, Translation, prove_translation, translate_tree
from ..ir import nodes as go
from ..ir.printer import Piece, pieces
from .constructs import Construct, constructs_of
from .reasons import Witness, why_nothing

NO_IMAGES = "the content of a message is a string: the chat template shows no images"


@dataclass(frozen=True)
class Explained:
    """A construct and what became of it.

    go: the parts of the TEMPLATE that it became, in their order, equal ones once; times: how often the first
    occurs; why: the reason where there are none; findings: those about its lines. A part that several
    constructs became together is listed with each of them.
    """

    construct: Construct
    go: tuple[str, ...] = ()
    times: int = 0
    why: str = ""
    findings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """A compiled chat template, construct by construct.

    compiled: what `compile_template` returns; constructs: in the order of the source; added: parts that come
    from no construct, with the reason; helpers: names of the templates that replace functions missing in
    Go; findings: those about no line in particular; assumed: what the reasons assume about requests.
    """

    compiled: Compiled
    constructs: tuple[Explained, ...]
    added: tuple[tuple[str, str], ...] = ()
    helpers: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    assumed: tuple[str, ...] = ()


def explain_template(
    chat_template: str, *, bos_token: str | None = "", eos_token: str | None = "", target: str = "latest"
) -> Explanation:
    """Compiles a chat template and explains what became of each construct.

    Arguments and errors as those of `compile_template`.
    """
    tree = frontend.parse(chat_template)
    found = constructs_of(chat_template, tree)
    witness = Witness({id(node): c.number for c, node in found})
    reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
    with steps_together(JINJA_STEPS, GO_STEPS):
        done = translate_tree(tree, reference, bos_token, eos_token, Target.parse(target), witness)
        compiled = prove_translation(
            done.compiled, chat_template, bos_token=bos_token, eos_token=eos_token, target=target
        )
    written = _written(done)
    failing = {number for node in _all_nodes(done) if isinstance(node, go.Fail) for number in node.origin}
    rows = []
    for construct, node in found:
        mine = written.get(construct.number, [])
        why = "" if mine else why_nothing(construct, node, found, witness, written, failing)
        rows.append(Explained(construct, tuple(dict.fromkeys(mine)), _times(mine), why))
    constructs, rest = _with_findings(rows, compiled.diagnostics)
    helpers = tuple(n for n, body in done.definitions.items() if not any(o for _, o in pieces(body)))
    assumed = (NO_IMAGES,) if compiled.coverage["images"] == "absent" else ()
    return Explanation(compiled, constructs, _added(done), helpers, rest, assumed)


def _all_nodes(done: Translation) -> Iterator[object]:
    for block in (done.statements, *done.definitions.values()):
        yield from go.all_nodes(block)


def _written(done: Translation) -> dict[int, list[str]]:
    """Each construct's parts, in the order of the TEMPLATE; neighbouring pieces are one part."""
    found: dict[int, list[str]] = {}
    last: dict[int, int] = {}
    for place, (text, origin) in enumerate(_all_pieces(done)):
        for number in origin:
            mine = found.setdefault(number, [])
            if mine and last[number] == place - 1:
                mine[-1] += text
            else:
                mine.append(text)
            last[number] = place
    return {number: [_shown(part) for part in parts] for number, parts in found.items()}


def _shown(part: str) -> str:
    """Without the newline before an action, which its trim eats."""
    return part[1:] if part.startswith("\n{{-") else part


def _all_pieces(done: Translation) -> list[Piece]:
    inside = [piece for body in done.definitions.values() for piece in pieces(body)]
    return inside + pieces(done.statements)


def _times(mine: list[str]) -> int:
    """How often a construct occurs in the TEMPLATE: as often as its first part."""
    return mine.count(mine[0]) if mine else 0


def _added(done: Translation) -> tuple[tuple[str, str], ...]:
    """Statements at the top that come from no construct: those of `passes/inference_hints.py`."""
    hints = [n for n in done.statements if not n.origin and isinstance(n, go.If) and n.test == go.FALSE]
    reason = "never runs: Ollama's static analysis finds the tags of thinking and tool calls here"
    return tuple(("".join(text for text, _ in pieces((n,))).strip(), reason) for n in hints)


def _with_findings(
    rows: list[Explained], diagnostics: list[Diagnostic]
) -> tuple[tuple[Explained, ...], tuple[Diagnostic, ...]]:
    """Findings go to the first construct on their line; those without one are the rest."""
    rest: list[Diagnostic] = []
    mine: dict[int, list[Diagnostic]] = {}
    for d in diagnostics:
        line = d.span.line if d.span else None
        hits = [r.construct for r in rows if line and r.construct.line <= line <= r.construct.end_line]
        # a text before it may end on the same line
        best = next((c for c in hits if c.kind != "text"), hits[0] if hits else None)
        (mine.setdefault(best.number, []) if best else rest).append(d)
    out = [
        Explained(r.construct, r.go, r.times, r.why, tuple(mine.get(r.construct.number, ()))) for r in rows
    ]
    return tuple(out), tuple(rest)
