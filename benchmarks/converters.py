"""The kit beside the public converters and llama.cpp's own engine: the same pairs, the same judge, one run.

    python -m benchmarks.converters [FOLDER] [--only TEXT] [--peers NAME,…] [--markdown]

FOLDER is as for corpus.py, and so are the rules for what counts and what is exact. A converter's TEMPLATE
(and SYSTEM, where it writes one) is rendered by Ollama's own code; llama.cpp's engine is asked through its
server. Packages are fetched into the user's cache (npm, pip without dependencies); a peer that cannot be
had is named with the reason. An entry of index.json may give `model`, the name on the model hub, for the
converters that go by it; else its id is taken.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import nodes

from benchmarks.corpus import ROOT, accepted, corpus_parser, judged, reacts, read_corpus, same
from benchmarks.peers.llama_server import LlamaServer
from benchmarks.peers.packages import NotAvailableError, llama_server, npm_package, npm_version, wheel
from modelfile_kit.compiler import compile_template
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import environment
from modelfile_kit.ollama.grammar import parse_modelfile
from tests.oracle.oracle import LATEST, Oracle

HERE = Path(__file__).parent
KINDS = ("chat", "tools", "thinking", "images")
# The versions that the table of README.md was measured with.
OLLAMA_UTILS = "0.0.18"
WHEELS = {"llamafactory": "0.9.5", "unsloth": "2026.10.9", "modelscope": "1.40.2"}
NAMES = {
    "llamafactory": "LLaMA-Factory get_ollama_modelfile",
    "unsloth": "Unsloth's table",
    "modelscope": "ModelScope to_ollama, offline",
}
CONVERT_SECONDS = 300

Entry = dict[str, Any]


@dataclass
class Row:
    """What one peer got right. pairs: exact ones by kind; whole: templates whose every pair is exact."""

    name: str
    pairs: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)
    templates: int = 0


@dataclass(frozen=True)
class Pair:
    """A pair that counts, with the texts that are right."""

    conversation: dict[str, Any]
    right: list[str]


class Converter:
    """A peer that makes a TEMPLATE: what it made, by entry."""

    def __init__(self, made: list[tuple[str, str] | None]) -> None:
        self.made = made

    def render(self, judge: Any, number: int, conversation: dict[str, Any]) -> str | None:
        """The prompt by Ollama's own template package, None where it fails."""
        made = self.made[number]
        if made is None:
            return None
        template, system = made
        messages = conversation["messages"]
        if system and messages[0]["role"] != "system":  # as the server does with SYSTEM
            messages = [{"role": "system", "content": system}, *messages]
        return judged(judge, template, {**conversation, "messages": messages})[0]


def from_modelfile(text: str) -> tuple[str, str] | None:
    """TEMPLATE and SYSTEM of a Modelfile, None where it is not one."""
    try:
        found = {i.name: i.value for i in parse_modelfile(text).instructions}
    except KitError:
        return None
    return (found["template"], found.get("system", "")) if "template" in found else None


def ours(entries: list[Entry], judge: Any) -> tuple[str, Converter]:
    made: list[tuple[str, str] | None] = []
    for e in entries:
        try:
            compiled = compile_template(
                e["source"],
                bos_token=e["bos_token"] or "",
                eos_token=e["eos_token"] or "",
                target=judge.version,
            )
            made.append((compiled.template, ""))
        except KitError:
            made.append(None)
    return "modelfile-kit", Converter(made)


def ollama_utils(entries: list[Entry], judge: Any) -> tuple[str, Converter]:
    folder = npm_package("@huggingface/ollama-utils", OLLAMA_UTILS)
    answers = _converted(["node", str(HERE / "peers" / "ollama_utils.mjs"), str(folder)], entries)
    name = f"@huggingface/ollama-utils {npm_version(folder, '@huggingface/ollama-utils')}"
    return name, Converter([(a["template"], "") if "template" in a else None for a in answers])


def python_peer(package: str) -> Callable[[list[Entry], Any], tuple[str, Converter]]:
    def peer(entries: list[Entry], judge: Any) -> tuple[str, Converter]:
        folder = wheel(package, WHEELS[package])
        answers = _converted(
            [sys.executable, "-m", "benchmarks.peers.in_python", package, str(folder)], entries
        )
        made = [from_modelfile(a["modelfile"]) if "modelfile" in a else None for a in answers]
        return f"{NAMES[package]} ({package} {WHEELS[package]})", Converter(made)

    return peer


def detection(entries: list[Entry], judge: Any) -> tuple[str, Converter]:
    made: list[tuple[str, str] | None] = []
    for e in entries:
        answer = judge.ask("named", jinja=e["source"])
        made.append((base64.b64decode(answer["template"]).decode(), "") if answer.get("ok") else None)
    return f"Ollama {judge.version}'s detection at create", Converter(made)


def _converted(command: list[str], entries: list[Entry]) -> list[dict[str, str]]:
    done = subprocess.run(
        command, input=json.dumps(entries), capture_output=True, text=True, timeout=CONVERT_SECONDS, cwd=ROOT
    )
    if done.returncode:
        raise NotAvailableError(f"it ends with: {done.stderr.strip().splitlines()[-1][:200]}")
    answers = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == len(entries)
    return answers  # type: ignore[no-any-return]


CONVERTERS = {
    "modelfile-kit": ours,
    "ollama-utils": ollama_utils,
    **{name: python_peer(name) for name in WHEELS},
    "ollama-detection": detection,
}


def pairs_of(entry: Entry, conversations: list[dict[str, Any]]) -> list[Pair]:
    """The pairs of a template that count."""
    names = {n.name for n in environment().parse(entry["source"]).find_all(nodes.Name)}
    found = []
    for c in conversations:
        right = accepted(entry["source"], c, entry)
        if right is not None and reacts(entry["source"], names, c, entry):
            found.append(Pair(c, right))
    return found


def count(row: Row, entry: Entry, pairs: list[Pair], texts: list[str | None], *, answers: bool) -> None:
    """Adds what one peer made of one template."""
    row.templates += answers
    missed = set()
    for pair, text in zip(pairs, texts, strict=True):
        kind = pair.conversation["category"]
        row.answered[kind] += answers
        if text is not None and any(same(text, r, entry["bos_token"]) for r in pair.right):
            row.pairs[kind] += 1
        else:
            missed.add(kind)
    for kind in {p.conversation["category"] for p in pairs} - missed:
        row.whole[kind] += 1


def measure_converters(
    judge: Any, entries: list[Entry], pairs: list[list[Pair]], chosen: set[str]
) -> list[Row]:
    rows = []
    for name, convert in CONVERTERS.items():
        if chosen and name not in chosen:
            continue
        try:
            title, converter = convert(entries, judge)
        except NotAvailableError as e:
            print(f"left out: {name}: {e}", file=sys.stderr)
            continue
        row = Row(title)
        for number, (entry, own) in enumerate(zip(entries, pairs, strict=True)):
            texts = [converter.render(judge, number, p.conversation) for p in own]
            count(row, entry, own, texts, answers=converter.made[number] is not None)
        rows.append(row)
    return rows


def measure_engine(entries: list[Entry], pairs: list[list[Pair]]) -> list[Row]:
    """llama.cpp's engine, asked with full knowledge and as Ollama asks it."""
    try:
        program, version = llama_server()
    except NotAvailableError as e:
        print(f"left out: llama.cpp: {e}", file=sys.stderr)
        return []
    rows = [Row(f"llama.cpp's engine ({version})"), Row(f"the same, as Ollama {LATEST} asks it")]
    for entry, own in zip(entries, pairs, strict=True):
        with LlamaServer(program, entry, entry["source"]) as server:
            refusal = server.wait()
            if refusal is not None:
                print(f"{entry['id']}: llama-server does not start: {refusal[-150:]!r}", file=sys.stderr)
            for row, as_ollama in zip(rows, (False, True), strict=True):
                texts = [
                    None if refusal is not None else server.render(p.conversation, as_ollama=as_ollama)
                    for p in own
                ]
                count(row, entry, own, texts, answers=refusal is None)
    return rows


def show(rows: list[Row], pairs: list[list[Pair]], *, markdown: bool) -> None:
    """The table: exact pairs of all pairs, and in brackets templates that are wholly exact."""
    total = Counter(p.conversation["category"] for own in pairs for p in own)
    kinds = [k for k in KINDS if total[k]]
    lines = [["", "templates answered", *(f"{k} ({total[k]} pairs)" for k in kinds)]]
    for row in rows:
        cells = [f"{row.pairs[k]} ({row.pairs[k] / total[k]:.1%})" for k in kinds]
        lines.append([row.name, f"{row.templates} of {len(pairs)}", *cells])
    if markdown:
        lines.insert(1, ["---"] * len(lines[0]))
        print("\n".join("| " + " | ".join(cells) + " |" for cells in lines))
        return
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())
    having = Counter(k for own in pairs for k in {p.conversation["category"] for p in own})
    print("\ntemplates whose every pair of the kind is exact")
    for row in rows:
        whole = "  ".join(f"{k} {row.whole[k]}/{having[k]}" for k in kinds)
        print(f"{row.name.ljust(widths[0])}  {whole}")


def main() -> int:
    parser = corpus_parser(__doc__)
    parser.add_argument("--peers", default="", help=f"of {', '.join(CONVERTERS)}, llama.cpp")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    args = parser.parse_args()
    entries, conversations = read_corpus(parser, args)
    chosen = set(filter(None, args.peers.split(",")))
    begun = time.perf_counter()
    pairs = [pairs_of(e, conversations) for e in entries]
    with Oracle(LATEST) as judge:
        rows = measure_converters(judge, entries, pairs, chosen)
    if not chosen or "llama.cpp" in chosen:
        rows += measure_engine(entries, pairs)
    show(rows, pairs, markdown=args.markdown)
    print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
