"""Compiled TEMPLATEs beside what they come from and what people write: size, actions, time to render.

    python -m benchmarks.templates [FOLDER] [--only TEXT] [--all]

For each template of FOLDER (as for corpus.py): characters and actions of the source Jinja and of the
compiled TEMPLATE, and of the hand-written TEMPLATE that Ollama ships for the same family, where it
detects one (with how many of the plain chats that one gets right); then a chat of 40 messages
rendered by Go with Ollama's packages and by the kit's engine. Prints medians, and every row with --all.
"""

from __future__ import annotations

import base64
import statistics
import sys
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from benchmarks.common.timing import fastest
from benchmarks.corpus import accepted, corpus_parser, judged, read_corpus, same
from modelfile_kit.compiler import compile_template
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.oracle.oracle import LATEST, Oracle

TURNS = 20
REPEAT = 30
TALK = [
    {"role": role, "content": f"{text} {i} with some words in it"}
    for i in range(TURNS)
    for role, text in (("user", "question"), ("assistant", "answer"))
]
CHAT = [{"role": "system", "content": "Be brief."}, *TALK[:-1]]


@dataclass(frozen=True)
class Size:
    """Characters, and `{{ … }}` or `{% … %}` tags."""

    characters: int
    actions: int


@dataclass(frozen=True)
class Row:
    """One template. by_hand and right are None where Ollama ships nothing for the family."""

    name: str
    jinja: Size
    compiled: Size
    by_hand: Size | None
    right: tuple[int, int] | None
    go_ms: float
    hand_go_ms: float | None
    kit_ms: float
    jinja_ms: float


def jinja_size(source: str) -> Size:
    """Of a Jinja template; comments and blocks count as one each."""
    kinds = {"block_begin", "variable_begin"}
    return Size(len(source), sum(kind in kinds for _, kind, _ in Environment().lex(source)))


def go_size(template: str) -> Size:
    """Of a Go template."""
    return Size(len(template), template.count("{{"))


def go_milliseconds(judge: Any, template: str) -> float | None:
    """Go's time for the chat; None where the template refuses it."""
    answer = judge.ask("time", template=template, messages=CHAT, repeat=REPEAT)
    return answer["nanoseconds"] / 1e6 if answer.get("ok") else None


def measure(judge: Any, entry: dict[str, Any], chats: list[dict[str, Any]]) -> Row | None:
    """One template's row, None where nothing comes out of it or it refuses the chat."""
    source, bos, eos = entry["source"], entry["bos_token"] or "", entry["eos_token"] or ""
    try:
        template = compile_template(source, bos_token=bos, eos_token=eos).template
        reference = Reference(source, bos_token=bos, eos_token=eos)
        jinja_ms = fastest(lambda: reference.render(CHAT), REPEAT) * 1e3
        prompt = PromptTemplate(template)
        kit_ms = fastest(lambda: prompt.render(CHAT), 3) * 1e3
    except KitError:
        return None
    go_ms = go_milliseconds(judge, template)
    if go_ms is None:
        return None
    hand = judge.ask("named", jinja=source)
    by_hand = base64.b64decode(hand["template"]).decode() if hand.get("ok") else None
    return Row(
        entry["id"],
        jinja_size(source),
        go_size(template),
        go_size(by_hand) if by_hand else None,
        correct(judge, by_hand, entry, chats) if by_hand else None,
        go_ms,
        go_milliseconds(judge, by_hand) if by_hand else None,
        kit_ms,
        jinja_ms,
    )


def correct(judge: Any, template: str, entry: dict[str, Any], chats: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of the plain chats a TEMPLATE gets right, of how many."""
    right = [(c, accepted(entry["source"], c, entry)) for c in chats]
    pairs = [(judged(judge, template, c)[0], texts) for c, texts in right if texts]
    good = sum(
        text is not None and any(same(text, r, entry["bos_token"]) for r in texts) for text, texts in pairs
    )
    return good, len(pairs)


def show(rows: list[Row], every: bool) -> None:
    """Every row where asked for, then medians."""
    if every:
        print(f"{'':44}{'Jinja':>14}{'compiled':>14}{'by hand':>14}{'right':>8}  Go ms  hand  kit ms")
    for r in rows if every else ():
        sizes = [f"{s.characters:8,} {s.actions:4}" if s else "" for s in (r.jinja, r.compiled, r.by_hand)]
        right = "" if r.right is None else f"{r.right[0]} of {r.right[1]}"
        hand = "" if r.hand_go_ms is None else f"{r.hand_go_ms:.2f}"
        print(
            f"{r.name:44.44}"
            + "".join(f"{s:>14}" for s in sizes)
            + f"{right:>8} {r.go_ms:6.2f}{hand:>6}{r.kit_ms:8.2f}"
        )
    both = [r for r in rows if r.by_hand and r.right]
    middle = statistics.median
    jinja_ms, slowest = middle(r.jinja_ms for r in rows), max(r.go_ms for r in rows)
    print(f"{len(rows)} templates, medians")
    print(
        f"  characters: Jinja {middle(r.jinja.characters for r in rows):,.0f}, "
        f"compiled {middle(r.compiled.characters for r in rows):,.0f}; "
        f"tags {middle(r.jinja.actions for r in rows):.0f} and {middle(r.compiled.actions for r in rows):.0f}"
    )
    print(
        f"  a chat of {len(CHAT)} messages: Go {middle(r.go_ms for r in rows):.2f} ms, "
        f"the kit's engine {middle(r.kit_ms for r in rows):.2f} ms, Jinja {jinja_ms:.2f} ms; "
        f"slowest in Go {slowest:.2f} ms"
    )
    if both:
        good, total = (sum(r.right[i] for r in both if r.right) for i in (0, 1))
        print(
            f"  {len(both)} with a TEMPLATE by hand: characters by hand "
            f"{middle(r.by_hand.characters for r in both if r.by_hand):,.0f}, "
            f"compiled {middle(r.compiled.characters for r in both):,.0f}; "
            f"plain chats right by hand {good} of {total}"
        )


def main() -> int:
    parser = corpus_parser(__doc__)
    parser.add_argument("--all", action="store_true", help="print every template's row")
    args = parser.parse_args()
    entries, conversations = read_corpus(parser, args)
    chats = [c for c in conversations if c["category"] == "chat"]
    rows = []
    with Oracle(LATEST) as judge:
        for e in entries:
            row = measure(judge, e, chats)
            if row is None:
                print(f"{e['id']}: refuses this chat", file=sys.stderr)
            else:
                rows.append(row)
    if rows:
        show(rows, args.all)
    return 0


if __name__ == "__main__":
    sys.exit(main())
