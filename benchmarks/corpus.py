"""Scores the compiler on a corpus: pairs of template and conversation, judged by Go with Ollama's packages.

    python -m benchmarks.corpus [FOLDER] [--only TEXT] [--category KIND] [--version 0.9.6] [--show N]

FOLDER (default ../shared/corpus) holds index.json, a list of {id, file, bos_token, eos_token} (null for a
token that the tokenizer lacks); the files, Jinja; and conversations.json, a list of {id, category (chat,
tools, thinking or images), messages, tools, think} in Ollama's API shape. A pair counts
where the reference renders and the template reacts to the conversation's category; it is exact when
the bytes agree, one leading BOS aside; silent when it differs although the coverage says "exact".
Each template is compiled and proven in a process of its own, so that its time and memory are its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from jinja2 import nodes

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.conversation import image_count
from modelfile_kit.core.errors import KitError
from modelfile_kit.huggingface import environment, render_reference
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.oracle.oracle import LATEST, Oracle

ROOT = Path(__file__).parent.parent


def reference(source: str, conversation: dict[str, Any], think: Any, entry: dict[str, Any]) -> str | None:
    """What Hugging Face renders, None where it raises."""
    try:
        return render_reference(
            source,
            conversation["messages"],
            tools=conversation["tools"],
            think=think,
            bos_token=entry["bos_token"] or "",
            eos_token=entry["eos_token"] or "",
        )
    except KitError:
        return None


def without_pictures(conversation: dict[str, Any]) -> dict[str, Any]:
    messages = [{k: v for k, v in m.items() if k != "images"} for m in conversation["messages"]]
    return {**conversation, "messages": messages}


def picture_text(with_picture: str, without: str) -> str | None:
    """What the reference writes for an image: what has to go so that the rest is the text without images."""
    start = 0
    while start < min(len(without), len(with_picture)) and without[start] == with_picture[start]:
        start += 1
    extra = len(with_picture) - len(without)
    for at in range(start, -1, -1):
        if extra > 0 and with_picture[:at] + with_picture[at + extra :] == without:
            return with_picture[at : at + extra]
    return None


def in_pieces(source: str, conversation: dict[str, Any], think: Any, entry: dict[str, Any]) -> str | None:
    """The text of one image where the rest of the prompt changes with it too: what a second one adds."""
    two = {
        **conversation,
        "messages": [{**m, "images": 2} if image_count(m) else m for m in conversation["messages"]],
    }
    one, more = reference(source, conversation, think, entry), reference(source, two, think, entry)
    return picture_text(more, one) if one is not None and more is not None else None


def reacts(source: str, names: set[str], conversation: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether the pair counts."""
    category = conversation["category"]
    if category == "tools":
        return "tools" in names
    if category == "thinking":
        if names & {"enable_thinking", "thinking"}:
            return True
        has = any(m.get("thinking") for m in conversation["messages"])
        bare = {
            **conversation,
            "messages": [{k: v for k, v in m.items() if k != "thinking"} for m in conversation["messages"]],
        }
        think = conversation["think"]
        return has and reference(source, conversation, think, entry) != reference(source, bare, think, entry)
    if category == "images":
        one = reference(source, conversation, None, entry)
        other = reference(source, without_pictures(conversation), None, entry)
        return one != other and "{'type'" not in (one or "") and '{"type"' not in (one or "")
    return True


def accepted(source: str, conversation: dict[str, Any], entry: dict[str, Any]) -> list[str] | None:
    """The texts that are right, None where the reference refuses."""
    thinks = [None, True] if conversation["think"] is None else [conversation["think"]]
    found = [reference(source, conversation, t, entry) for t in thinks]
    right = [t for t in found if t is not None]
    if found[0] is None:
        return None
    if conversation["category"] == "images":
        out = []
        for think, text in zip(thinks, found, strict=True):
            bare = reference(source, without_pictures(conversation), think, entry)
            if text is None:
                continue
            marker = picture_text(text, bare) if bare is not None else None
            marker = marker or in_pieces(source, conversation, think, entry)
            out.append(text.replace(marker, "", 1) if marker else text)
        return out
    return right


def tagged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages as the server gives them to the template: a tag for each image before the text."""
    out, number = [], 0
    for m in messages:
        count = image_count(m)
        tags = "".join(f"[img-{number + i}]" for i in range(count))
        number += count
        out.append({**m, "content": tags + m.get("content", "")})
    return out


def same(got: str, right: str, bos: str | None) -> bool:
    """Equal, one leading BOS aside."""
    if got == right:
        return True
    return bool(bos) and got.removeprefix(bos or "") == right.removeprefix(bos or "")


class Score:
    """The counts of a run."""

    def __init__(self) -> None:
        self.good: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.claims: Counter[tuple[str, str]] = Counter()
        self.silent: list[str] = []
        self.times: list[tuple[float, str]] = []
        self.peaks: list[tuple[int, str]] = []
        self.sizes: list[int] = []

    def show(self) -> None:
        for kind in ("chat", "tools", "thinking", "images"):
            claims = {v: n for (k, v), n in self.claims.items() if k == kind}
            print(f"{kind:9} {self.good[kind]:4} of {self.total[kind]:4}", claims)
        print("silent wrong", len(self.silent), self.silent[:20])
        if self.times:
            self.times.sort()
            middle, worst = self.times[len(self.times) // 2], self.times[-1]
            print(f"compile and prove: median {middle[0] * 1000:.0f} ms, worst {worst[0]:.2f} s ({worst[1]})")
            slow = ", ".join(f"{name} {seconds:.1f} s" for seconds, name in reversed(self.times[-6:-1]))
            if slow:
                print(f"next: {slow}")
            peak, name = max(self.peaks)
            usual = sorted(self.peaks)[len(self.peaks) // 2][0]
            print(f"memory: median {usual / 1e6:.0f} MB, worst {peak / 1e6:.0f} MB ({name})")
            self.sizes.sort()
            print(f"size: median {self.sizes[len(self.sizes) // 2]:,}, largest {self.sizes[-1]:,} characters")


def compile_here(source: str, tokens: tuple[str, str], target: str) -> tuple[Compiled | str, float, int]:
    """What compiling answers (or why it does not), the processor's seconds, this process's peak of memory."""
    compile_template("{{ messages[0].content }}")  # what is loaded at the first use is not the template's
    begun = time.process_time()  # one thread: what a quiet machine's clock would say
    try:
        compiled = compile_template(source, bos_token=tokens[0], eos_token=tokens[1], target=target)
        found: Compiled | str = Compiled(
            compiled.template, compiled.stop, dict(compiled.coverage), compiled.diagnostics
        )
    except KitError as e:
        found = str(e)
    seconds = time.process_time() - begun
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return found, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def compile_apart(source: str, entry: dict[str, Any], target: str) -> tuple[Compiled | str, float, int]:
    """The same in a new process."""
    tokens = (entry["bos_token"] or "", entry["eos_token"] or "")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["modelfile_kit.compiler", "modelfile_kit.ollama.prompt"])
    with context.Pool(1) as pool:
        return pool.apply(compile_here, (source, tokens, target))


def score_template(
    judge: Any,
    score: Score,
    source: str,
    entry: dict[str, Any],
    conversations: list[dict[str, Any]],
    show: int,
) -> list[str]:
    """Compiles one template and judges its pairs; answers what was not exact."""
    compiled, seconds, peak = compile_apart(source, entry, judge.version)
    if isinstance(compiled, str):
        print("REFUSED", entry["id"], compiled)
        return ["refused"]
    score.times.append((seconds, entry["id"]))
    score.peaks.append((peak, entry["id"]))
    score.sizes.append(len(compiled.template))
    score.claims.update(compiled.coverage.items())
    names = {n.name for n in environment().parse(source).find_all(nodes.Name)}
    bad = []
    for c in conversations:
        right = accepted(source, c, entry)
        if right is None or not reacts(source, names, c, entry):
            continue
        score.total[c["category"]] += 1
        got, error = judged(judge, compiled.template, c)
        if got is not None and any(same(got, r, entry["bos_token"]) for r in right):
            score.good[c["category"]] += 1
            continue
        claim = compiled.coverage[c["category"]]
        bad.append(f"{c['id']}({claim})")
        if claim == "exact":
            score.silent.append(f"{entry['id']} {c['id']}")
        if len(bad) <= show:
            print(f"--- {entry['id']} {c['id']}\nwant {right[0]!r}\ngot  {got!r}\n     {error}")
    if bad:
        why = {f"{d.code} {d.span.line if d.span else ''}: {d.message}" for d in compiled.diagnostics}
        print(f"{entry['id']}: {' '.join(bad)}\n      " + " | ".join(sorted(why))[:300])
    return bad


def judged(judge: Any, template: str, conversation: dict[str, Any]) -> tuple[str | None, str]:
    """What Go renders, tags taken out for images; think is on where the server would switch it on."""
    think = conversation["think"]
    try:
        if think is None and "thinking" in PromptTemplate(template).capabilities:
            think = True
    except KitError as e:
        return None, str(e)
    answer = judge.chat(
        template,
        tagged(conversation["messages"]),
        tools=conversation["tools"],
        think=bool(think),
        is_think_set=think is not None,
    )
    text = answer.get("prompt", answer.get("output", "")) if answer.get("ok") else None
    if text is not None and conversation["category"] == "images":
        text = re.sub(r"\[img-\d+\]", "", text)
    return text, answer.get("error", "")


def corpus_parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments of every benchmark over a corpus, for `read_corpus`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=str(ROOT.parent / "shared" / "corpus"))
    parser.add_argument("--only", default="", help="templates whose id holds this")
    return parser


def read_corpus(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The chosen entries of index.json, each with its `source`, and the conversations."""
    folder = Path(args.folder)
    if not (folder / "index.json").is_file():
        parser.error(f"{folder} holds no index.json; the head of corpus.py says what a corpus is")
    entries = [e for e in json.loads((folder / "index.json").read_text()) if args.only in e["id"]]
    entries = [{**e, "source": (folder / e["file"]).read_text(encoding="utf-8")} for e in entries]
    return entries, json.loads((folder / "conversations.json").read_text())


def main() -> int:
    parser = corpus_parser(__doc__)
    parser.add_argument("--category", default="", help="conversations of this category")
    parser.add_argument("--version", default="", help="the judge's Ollama and the target")
    parser.add_argument("--show", type=int, default=0, help="differences to show per template")
    args = parser.parse_args()
    entries, conversations = read_corpus(parser, args)
    conversations = [c for c in conversations if args.category in ("", c["category"])]
    score = Score()
    with Oracle(args.version or LATEST) as judge:
        for entry in entries:
            score_template(judge, score, entry["source"], entry, conversations, args.show)
    score.show()
    return 1 if score.silent else 0


if __name__ == "__main__":
    sys.exit(main())
