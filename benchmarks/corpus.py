"""Scores the compiler on a corpus: pairs of template and conversation, judged by Go with Ollama's packages.

    python benchmarks/corpus.py [FOLDER] [--only TEXT] [--show N] [--unproven]

FOLDER holds index.json, conversations.json and templates (default ../shared/corpus). A pair counts
where the reference renders and the template reacts to the conversation's category; it is exact when
the bytes agree, one leading BOS aside; silent when it differs although the coverage says "exact".
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "oracle")]

from modelfile_kit.compiler import compile_template  # noqa: E402
from modelfile_kit.conversation import image_count  # noqa: E402
from modelfile_kit.errors import KitError  # noqa: E402
from modelfile_kit.jinja_reference import render_reference  # noqa: E402

NOW_PATTERN = re.compile(r"\d{1,2} [A-Z][a-z]{2,8} \d{4}|\d{4}-\d\d-\d\d")


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
    """What the reference writes for a picture: what has to go so that the rest is the picture-less text."""
    start = 0
    while start < min(len(without), len(with_picture)) and without[start] == with_picture[start]:
        start += 1
    extra = len(with_picture) - len(without)
    for at in range(start, -1, -1):
        if extra > 0 and with_picture[:at] + with_picture[at + extra :] == without:
            return with_picture[at : at + extra]
    return None


def in_pieces(source: str, conversation: dict[str, Any], think: Any, entry: dict[str, Any]) -> str | None:
    """The text of one picture where the rest of the prompt changes with it too: what a second one adds."""
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
    """Messages as the server gives them to the template: a tag for each picture before the text."""
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


def main() -> int:  # noqa: C901
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=str(ROOT.parent / "shared" / "corpus"))
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--category", default="")
    parser.add_argument("--json", default="")
    args = parser.parse_args()
    from jinja2 import nodes
    from oracle import Oracle  # type: ignore[import-not-found]

    from modelfile_kit.jinja_reference import environment

    folder = Path(args.folder)
    entries = json.loads((folder / "index.json").read_text())
    conversations = json.loads((folder / "conversations.json").read_text())
    good: Counter[str] = Counter()
    total: Counter[str] = Counter()
    claims: Counter[tuple[str, str]] = Counter()
    silent: list[str] = []
    times: list[tuple[float, str]] = []
    shown = 0
    results = {}
    with Oracle() as judge:
        for entry in entries:
            if args.only and args.only not in entry["id"]:
                continue
            source = (folder / entry["file"]).read_text(encoding="utf-8")
            names = {n.name for n in environment().parse(source).find_all(nodes.Name)}
            begun = time.perf_counter()
            try:
                compiled = compile_template(
                    source, bos_token=entry["bos_token"] or "", eos_token=entry["eos_token"] or ""
                )
            except KitError as e:
                print("REFUSED", entry["id"], e)
                continue
            except RecursionError:
                print("RECURSION", entry["id"])
                continue
            times.append((time.perf_counter() - begun, entry["id"]))
            for k, v in compiled.coverage.items():
                claims[(k, v)] += 1
            bad = []
            for c in conversations:
                if args.category and c["category"] != args.category:
                    continue
                right = accepted(source, c, entry)
                if right is None or not reacts(source, names, c, entry):
                    continue
                total[c["category"]] += 1
                think = True if c["think"] is None and "Thinking }}" in compiled.template else c["think"]
                answer = judge.chat(
                    compiled.template,
                    tagged(c["messages"]),
                    tools=c["tools"],
                    think=bool(think),
                    is_think_set=think is not None,
                )
                got = answer.get("prompt", answer.get("output", "")) if answer.get("ok") else None
                text = (
                    re.sub(r"\[img-\d+\]", "", got) if got is not None and c["category"] == "images" else got
                )
                if text is not None and any(same(text, r, entry["bos_token"]) for r in right):
                    good[c["category"]] += 1
                    continue
                claim = compiled.coverage[c["category"]]
                bad.append(f"{c['id']}({claim})")
                if claim == "exact":
                    silent.append(f"{entry['id']} {c['id']}")
                if shown < args.show:
                    shown += 1
                    print(
                        f"--- {entry['id']} {c['id']}\nwant {right[0]!r}\ngot  {text!r}\n     {answer.get('error', '')}"
                    )
            results[entry["id"]] = bad
            if bad:
                why = {f"{d.code} {d.span.line if d.span else ''}: {d.message}" for d in compiled.diagnostics}
                print(f"{entry['id']}: {' '.join(bad)}\n      " + " | ".join(sorted(why))[:300])
    for kind in ("chat", "tools", "thinking", "images"):
        print(
            f"{kind:9} {good[kind]:4} of {total[kind]:4}", {v: n for (k, v), n in claims.items() if k == kind}
        )
    print("silent wrong", len(silent), silent[:20])
    if times:
        times.sort()
        print(
            f"compile: median {times[len(times) // 2][0] * 1000:.0f} ms, worst {times[-1][0]:.2f} s ({times[-1][1]})"
        )
    if args.json:
        Path(args.json).write_text(json.dumps(results))
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
