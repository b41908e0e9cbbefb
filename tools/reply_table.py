"""Writes docs/replies.md: which way serves which chat template how well, prompts and replies.

    python -m tools.reply_table [CORPUS]
    python -m tools.reply_table [CORPUS] --record LLAMA_SERVER NAME

A corpus is a folder with an `index.json` (a list of objects with `id`, `file`, `bos_token` and `eos_token`)
and the chat templates that it names. The templates belong to their models and are not part of this
repository, so the page can only be written where a corpus is; a test holds it current there.

What takes long, or needs a llama-server, is recorded in docs/replies.json by the digest of each chat
template: what is proven of prompts, and what llama-server reads of replies. NAME says which one it is, such
as "llama.cpp 11081". The replies by Ollama's readers are read anew for each page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from modelfile_kit import compile_template
from modelfile_kit.building.mode import choose_mode
from modelfile_kit.building.native_way import NativeReplies, NativeWay
from modelfile_kit.building.renderer_way import PARSER_OF, Beside
from modelfile_kit.compiler.compile import translate
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.core.errors import EngineError, KitError
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.builtin import RENDERERS
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.ollama.reply_types import Reply
from modelfile_kit.ollama.special_tokens import Kind, kind_of, special_texts
from modelfile_kit.ollama.versions import Target
from modelfile_kit.parrot import Voice
from modelfile_kit.prover.counting import Count
from modelfile_kit.prover.native import NativeProof, kinds_of, prove_native
from modelfile_kit.prover.renderer import RendererProof, prove_renderer
from modelfile_kit.replies.native_trip import native_trip
from modelfile_kit.replies.round_trip import Reading, RoundTrip, Trip
from modelfile_kit.replies.spoken import KINDS, Spoken, spoken_replies
from modelfile_kit.runtime.llama_server import PROGRAM_VARIABLE

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
PAGE = ROOT / "docs" / "replies.md"
RECORD = ROOT / "docs" / "replies.json"
# Of an answer by a schema only a server can say what becomes of it.
SHOWN = tuple(kind.name for kind in KINDS if kind.form is None)
CHATS = ("chat", "tools", "thinking")
WAYS = {"T": "tags", "P": "PARSER", "N": "native", "R": "RENDERER"}
PROBES: tuple[tuple[Mapping[str, str], ...], ...] = (
    ({"role": "user", "content": "Hi"},),
    ({"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}),
    (
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ),
)

HEAD = """\
# Which prompts and replies are right, by each way

Made by `python -m tools.reply_table`, for the chat templates of a corpus of {count} templates, with Ollama
{ollama} and {engine}. The templates belong to their models and are not part of this repository.

There are four ways to serve a model, each with a reader of its own for what the model writes:

- **T**, *tags*: the compiled TEMPLATE alone; Ollama infers from it the tags around thoughts and before calls;
- **P**, *PARSER*: the same TEMPLATE with the PARSER that `parser: auto` writes, which reads more and no plain
  answer less. Where none is named, the tags are best;
- **N**, *native*: the chat template in the GGUF, and llama-server's own parser. What these do is seen, not
  computed, and belongs to the build that is named above;
- **R**, *RENDERER*: one of Ollama's own renderers with its parser: of those that write a plain chat as the
  chat template does, the one that writes most of them so and reads most replies.

`mode: auto` takes the way of which nothing is worse and something better ([modes.md](modes.md)). The column
*auto* says what that is, for a GGUF that has this chat template, where that llama-server is there.

"""
PROMPTS = """
## Prompts, template by template

A letter says that the way is exact for all conversations of that kind, a small letter that it is not proven
exact; an empty cell is a kind that the chat template does not have. T and P have the same prompts.

"""
REPLIES = """
## Replies, template by template

What a model writes is taken from its own chat template. It is put to the readers, whole and in pieces of 1,
3 and 7 characters; llama-server gives it back whole and streamed. A cell has the letter of each way that
gives thought, answer and calls back as they were in all of them; `–` is none, an empty cell a kind of reply
that the chat template does not show.

"""


@dataclass(frozen=True)
class Seen:
    """What is recorded of a chat template.

    prompts: for each of "T", "N" and "R" the state of each kind of conversation. counts: for "N" and "R", of
    each kind how many the TEMPLATE and the way get right, and of how many. native: kinds of replies by name
    and whether llama-server reads them. renderer: its name, "" for none. why_not: why native mode is unknown.
    """

    prompts: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, Mapping[str, Sequence[int]]]
    native: Mapping[str, bool]
    renderer: str = ""
    why_not: str = ""

    def count(self, way: str) -> dict[str, Count]:
        return {kind: Count(*of) for kind, of in self.counts.get(way, {}).items()}


class Model(NamedTuple):
    """A chat template of the corpus."""

    name: str
    text: str
    bos_token: str | None
    eos_token: str | None

    @property
    def digest(self) -> str:
        tokens = f"\0{self.bos_token or ''}\0{self.eos_token or ''}"
        return hashlib.sha256((self.text + tokens).encode()).hexdigest()[:32]

    @property
    def tokens(self) -> dict[str, str]:
        return {"bos_token": self.bos_token or "", "eos_token": self.eos_token or ""}

    @property
    def reference(self) -> Reference:
        return Reference(self.text, bos_token=self.bos_token or "", eos_token=self.eos_token or "")


@dataclass(frozen=True)
class Row:
    """A chat template: what is read by each way ("T", "P", "N", "R"), and what is proven of its prompts.

    read: None for a way that is not there. why: why it is not in the table.
    """

    name: str
    read: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    prompts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parser: str = ""
    renderer: str = ""
    auto: str = ""
    why: str = ""

    def cell(self, kind: str) -> str:
        """The letters of the ways that read a kind of reply."""
        if kind not in self.read.get("T", {}):
            return ""
        return "".join(way for way in WAYS if self.read.get(way, {}).get(kind)) or "–"

    def chat_cell(self, kind: str) -> str:
        """The letters of the ways that are exact for a kind of conversation, small where they are not."""
        found = ""
        for way in WAYS:
            state = self.prompts.get(way, {}).get(kind, "absent")
            if state != "absent":
                found += way if state == "exact" else way.lower()
        return found


def page(corpus: Path = CORPUS, record: Path = RECORD) -> str:
    """The page's text. Raises OSError where there is no corpus."""
    recorded = json.loads(record.read_text(encoding="utf-8"))
    known = {digest: Seen(**seen) for digest, seen in recorded["templates"].items()}
    rows = [_row(model, known.get(model.digest)) for model in models(corpus)]
    read = [row for row in rows if not row.why]
    lines = [HEAD.format(count=len(rows), ollama=recorded["ollama"], engine=recorded["engine"])]
    lines += [*_numbers(read), PROMPTS, *_prompt_table(read), REPLIES, *_reply_table(read)]
    if left := [row for row in rows if row.why]:
        lines.append("\nNot in the tables:\n\n")
        lines += [f"- {row.name}: {row.why}\n" for row in left]
    return "".join(lines)


def _numbers(rows: Sequence[Row]) -> Iterator[str]:
    yield "## In numbers\n\n| prompts | templates | exact by the TEMPLATE | natively | by a RENDERER |\n"
    yield "| --- | --- | --- | --- | --- |\n"
    for kind in CHATS:
        cells = [row.chat_cell(kind) for row in rows]
        exact = " | ".join(str(sum(way in cell for cell in cells)) for way in "TNR")
        yield f"| {kind} | {sum(map(bool, cells))} | {exact} |\n"
    yield "\n| replies | shown by | tags | best PARSER | native | RENDERER | some way | mode: auto |\n"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    for kind in SHOWN:
        shown = [row for row in rows if row.cell(kind)]
        by = [sum(way in row.cell(kind) for row in shown) for way in WAYS]
        some = sum(row.cell(kind) != "–" for row in shown)
        auto = sum(row.auto in row.cell(kind) for row in shown)
        yield f"| {kind} | {len(shown)} | {' | '.join(map(str, by))} | {some} | {auto} |\n"
    chosen = Counter(WAYS[row.auto] for row in rows)
    told = ", ".join(f"{way} {chosen[way]}" for way in WAYS.values())
    asked = sum(bool(row.renderer) for row in rows)
    yield f"\nTaken by `mode: auto`: {told}. A RENDERER was asked for {asked} of {len(rows)} templates.\n"


def _prompt_table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| template | RENDERER | " + " | ".join(CHATS) + " | auto |\n"
    yield "| --- | --- |" + " --- |" * len(CHATS) + " --- |\n"
    for row in rows:
        cells = " | ".join(row.chat_cell(kind) for kind in CHATS)
        yield f"| {row.name} | {row.renderer} | {cells} | {row.auto} |\n"


def _reply_table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| template | PARSER | " + " | ".join(SHOWN) + " |\n"
    yield "| --- | --- |" + " --- |" * len(SHOWN) + "\n"
    for row in rows:
        cells = " | ".join(row.cell(kind) for kind in SHOWN)
        yield f"| {row.name} | {row.parser} | {cells} |\n"


def models(corpus: Path) -> Iterator[Model]:
    """The chat templates of a corpus, by name."""
    index = json.loads((corpus / "index.json").read_text(encoding="utf-8"))
    for entry in sorted(index, key=lambda e: str(e["id"]).casefold()):
        text = (corpus / entry["file"]).read_text(encoding="utf-8")
        yield Model(str(entry["id"]), text, entry["bos_token"], entry["eos_token"])


def _row(model: Model, seen: Seen | None) -> Row:
    try:
        found = translate(model.text, **model.tokens)
        if found.coverage["chat"] == "unsupported":
            return Row(model.name, why="no TEMPLATE can be compiled from it")
        spoken = spoken_replies(model.reference, model.eos_token or "")
        template = PromptTemplate(found.template)
        trip = Trip(spoken, template)
    except KitError:
        return Row(model.name, why="the chat template cannot be read")
    if not trip.spoken:
        return Row(model.name, why="the chat template shows no replies")
    own = trip.own()
    best = trip.best(own)
    seen = seen or Seen({}, {}, {}, why_not="not recorded")
    read: dict[str, Mapping[str, bool]] = {"T": own.read, "P": best.read, "N": seen.native}
    aspects: Mapping[str, str] = {}
    if seen.renderer:
        made = _renderer_trip(spoken, seen.renderer)
        read["R"], aspects = made.read, made.replies
    auto = _auto(seen, found.coverage, spoken, best, aspects, template)
    return Row(model.name, read, seen.prompts, best.parser, seen.renderer, auto)


def _renderer_trip(spoken: Sequence[Spoken], renderer: str) -> RoundTrip:
    return Trip(spoken, _prompts(renderer)).own()


def _prompts(renderer: str) -> RendererPrompts:
    return RendererPrompts(renderer, parser=_parser(renderer), target=Target.parse("latest"))


def _parser(renderer: str) -> str:
    return PARSER_OF.get(renderer, renderer)


def _auto(
    seen: Seen,
    claimed: Mapping[str, str],
    spoken: Sequence[Spoken],
    best: RoundTrip,
    aspects: Mapping[str, str],
    template: PromptTemplate,
) -> str:
    """The letter of the way that `mode: auto` takes, by the rules of a build."""
    coverage = seen.prompts.get("T") or claimed
    able = {kind: coverage.get(kind) in ("exact", "partial") for kind in ("tools", "thinking")}
    replies = {
        k.name: best.read[k.name]
        for k in KINDS
        if k.name in best.read and (able["tools"] or not k.offered) and (able["thinking"] or not k.thinking)
    }
    proof = NativeProof(
        dict(seen.prompts.get("N", {})), "llama-server", why_not=seen.why_not, counts=seen.count("N")
    )
    problems = {name: "" if right else "content" for name, right in seen.native.items()}
    readings = (
        Reading(one, 0, Reply(), problems[one.kind.name]) for one in spoken if one.kind.name in problems
    )
    natively = NativeReplies(RoundTrip("", tuple(readings), engine="llama-server"), "")
    way = NativeWay("", lambda: proof, lambda: natively)
    mode = choose_mode("auto", coverage, way, target=Target.parse(">=0.30"), span=Span(), replies=replies)
    if mode.chosen == "native":
        return "N"
    if seen.renderer:
        beside = Beside("the TEMPLATE", coverage, best.replies, template)
        rendered = RendererProof(seen.renderer, dict(seen.prompts["R"]), counts=seen.count("R"))
        if beside.loses_to(rendered, aspects):
            return "R"
    return "P" if best.parser else "T"


# -- the record ---------------------------------------------------------------------------------------


def recorded(corpus: Path, program: Path, engine: str) -> dict[str, Any]:
    """What is proven of prompts and seen of native replies, for every chat template of a corpus."""
    os.environ[PROGRAM_VARIABLE] = str(program)
    found = {}
    for model in models(corpus):
        try:
            found[model.digest] = observe(model, program)
        except KitError as e:
            sys.stderr.write(f"{model.name}: {e.message}\n")
            continue
        sys.stderr.write(f"{model.name}\n")
    return {"ollama": Target.parse("latest").name, "engine": engine, "templates": found}


def observe(model: Model, program: Path) -> dict[str, Any]:
    """The record of one chat template, as the arguments of `Seen`."""
    compiled = compile_template(model.text, **model.tokens)
    kinds = [k for k in kinds_of(model.text, images=False) if k in CHATS]
    template = PromptTemplate(compiled.template)
    prompts = {"T": _chats(compiled.coverage)}
    counts = {}
    native = prove_native(model, kinds, template=template)
    prompts["N"], counts["N"] = _chats(native.coverage), _right(native.counts)
    seen: dict[str, Any] = {"native": {}, "renderer": "", "why_not": native.why_not}

    try:
        seen["native"] = read_natively(model, program)
    except EngineError as e:
        seen["why_not"] = e.message
    spoken = spoken_replies(model.reference, model.eos_token or "")
    if name := _likely(model, spoken):
        proof = prove_renderer(model, [_prompts(name)], kinds, template=template)
        seen["renderer"] = name
        prompts["R"], counts["R"] = _chats(proof.coverage), _right(proof.counts)
    return {"prompts": prompts, "counts": counts, **seen}


def read_natively(model: Model, program: Path) -> dict[str, bool]:
    """Of each kind of reply that was asked for, whether llama-server reads it back."""
    stops = translate(model.text, **model.tokens).stop

    def voice(texts: Sequence[str]) -> Voice:
        return _voice(model, stops, texts)

    return dict(native_trip(program, model.reference, voice, model.eos_token).read)


def _chats(coverage: Mapping[str, str]) -> dict[str, str]:
    return {kind: coverage[kind] for kind in CHATS if coverage.get(kind, "absent") != "absent"}


def _right(counts: Mapping[str, Count]) -> dict[str, list[int]]:
    return {kind: [c.template, c.native, c.of] for kind, c in counts.items() if kind in CHATS}


def _likely(model: Model, spoken: Sequence[Spoken]) -> str:
    """The renderer that writes most plain chats as the chat template does and reads most; "" for none."""
    best, found = (0, 0), ""
    for name in RENDERERS:
        right = sum(_is_right(model, name, probe) for probe in PROBES)
        worth = right, sum(_renderer_trip(spoken, name).read.values()) if right else 0
        if right and worth > best:
            best, found = worth, name
    return found


def _is_right(model: Model, renderer: str, probe: Sequence[Mapping[str, str]]) -> bool:
    prompts = _prompts(renderer)
    # Some chat templates were published without their vocabulary: BOS is then the renderer's.
    tokens = {model.bos_token or "": None, prompts.bos or "": None}
    try:
        meant = [model.reference.render(probe, think=think) for think in (None, True)]
        text = prompts.render(probe)
    except KitError:
        return False
    return any(_bare(text, tokens) == _bare(one, tokens) for one in meant)


def _bare(text: str, tokens: Mapping[str, None]) -> str:
    for token in tokens:
        text = text.removeprefix(token)
    return text


def _voice(model: Model, stops: Sequence[str], texts: Sequence[str]) -> Voice:
    """Texts that are spelled like control tokens are control tokens, tags are user-defined."""
    named = dict.fromkeys(special_texts("\n".join((*texts, model.text))))
    special = {t: "control" if kind_of(t) is Kind.CONTROL else "user-defined" for t in named}
    roles = {"bos": model.bos_token, "eos": model.eos_token}
    roles["eot"] = next((stop for stop in stops if stop in special), None)
    known = {role: text for role, text in roles.items() if text}
    return Voice({**special, **dict.fromkeys(known.values(), "control")}, known, chat_template=model.text)


def main() -> None:
    """Writes the page, or the record."""
    reads = argparse.ArgumentParser(description="Writes docs/replies.md, or docs/replies.json")
    reads.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    reads.add_argument("--record", nargs=2, metavar=("LLAMA_SERVER", "NAME"))
    given = reads.parse_args()
    if given.record:
        program, engine = given.record
        record = recorded(given.corpus, Path(program), engine)
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stdout.write("wrote docs/replies.json\n")
    PAGE.write_text(page(given.corpus), encoding="utf-8")
    sys.stdout.write("wrote docs/replies.md\n")


if __name__ == "__main__":
    main()
