"""Writes tests/ollama/recorded/*.json: answers of Ollama's packages, for machines without Go.

    python -m tests.oracle.record

Each file says which version gave the answers. Run it again when a generator changes.
"""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

from tests.ollama.generate_modelfiles import modelfiles
from tests.ollama.generate_requests import PROBES, requests
from tests.ollama.generate_templates import templates
from tests.ollama.parsers.compare import ollamas, question
from tests.ollama.parsers.generate import TOOLS as PARSER_TOOLS
from tests.ollama.parsers.generate import Case, cases
from tests.ollama.renderers import compare as renderers
from tests.ollama.renderers.generate import cases as renderer_cases
from tests.ollama.test_inference_oracle import JINJA_PARTS, REPLY_PARTS, REPLY_TEMPLATES
from tests.ollama.test_parameters_oracle import VALUES
from tests.oracle.oracle import VERSIONS, Oracle, api_messages, b64, modelfile_answer, source

FOLDER = Path(__file__).parents[1] / "ollama" / "recorded"
TOOLS = [{"type": "function", "function": {"name": n}} for n in ("get", "get_weather")]


def _write(name: str, version: str, cases: list[Any]) -> None:
    path = FOLDER / f"{name}.json"
    lines = ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases)
    path.write_text(f'{{"ollama": "{version}", "cases": [\n{lines}\n]}}\n', encoding="ascii")


def record_modelfiles(judge: Oracle) -> list[Any]:
    files = [f for f in modelfiles(11, 600) if len(f) < 300]
    answers = judge.ask_all({"op": "modelfile", "data_b64": b64(f)} for f in files)
    return [[b64(f), modelfile_answer(a)] for f, a in zip(files, answers, strict=True)]


def record_prompts(judge: Oracle) -> list[Any]:
    """Template, request, the model's own system, answer."""
    jobs = [(PROBES[i % len(PROBES)], r, ["", "Own."][i % 2]) for i, r in enumerate(requests(12, 900))]
    jobs = [j for j in jobs if len(json.dumps(j[1])) < 500]
    questions = (
        {
            "op": "server_prompt",
            **source(t),
            **{k: v for k, v in r.items() if k != "messages"},
            "messages": api_messages(r["messages"]),
            "name": "m",
            "system": system,
        }
        for t, r, system in jobs
    )
    cases = []
    for (template, request, system), answer in zip(jobs, judge.ask_all(questions), strict=True):
        kept = {k: answer[k] for k in ("ok", "prompt", "status") if k in answer}
        if "0xc0" not in answer.get("prompt", "") and len(answer.get("prompt", "")) < 400:
            cases.append([template, request, system, kept])
    return cases


def record_inference(judge: Oracle) -> list[Any]:
    """Template, its identifiers (null where it is refused), its tags."""
    texts = [t for t in templates(13, 600) if len(t) < 300]
    asked = [q for t in texts for q in ({"op": "parse", **source(t)}, {"op": "infer", **source(t)})]
    answers = list(judge.ask_all(asked))
    cases = []
    for i, text in enumerate(texts):
        parsed, tags = answers[2 * i], answers[2 * i + 1]
        found = [tags[k] for k in ("opening", "closing", "tool_tag")] if tags["ok"] else None
        cases.append([text, parsed.get("vars") if parsed["ok"] else None, found])
    return cases


def record_selection(judge: Oracle) -> list[Any]:
    """Template, Jinja, whether the Jinja wins, the capabilities of either."""
    r = random.Random(14)
    pairs = []
    for text in templates(15, 500):
        if len(text) < 300:
            text = "{{ range .Messages }}{{ .ToolCalls }}" + text + "{{ end }}{{ .Tools }}"
            pairs.append((text, " ".join(r.sample(JINJA_PARTS, r.randrange(6)))))
    cases = []
    answers = judge.ask_all({"op": "prefers_jinja", **source(t), "jinja": j} for t, j in pairs)
    for (text, jinja), a in zip(pairs, answers, strict=True):
        if a["ok"]:
            capabilities = [a["jinja_capabilities"] or [], a["go_capabilities"] or []]
            cases.append([text, jinja, a["jinja"], *capabilities])
    return cases


def record_replies(judge: Oracle) -> list[Any]:
    r = random.Random(16)
    cases = []
    for _ in range(300):
        text = "".join(r.choice(REPLY_PARTS) for _ in range(r.choice([1, 2, 3, 5])))
        template, think, opened = r.choice(REPLY_TEMPLATES), r.random() < 0.6, r.random() < 0.3
        prompt = "x <think>\n" if opened else "x"
        a = judge.reply(template, [*text, ""], prompt=prompt, think=think, tools=TOOLS)
        calls = [[c["function"]["name"], c["function"]["arguments"]] for c in a["tool_calls"]]
        cases.append([template, text, prompt, think, [a["thinking"], a["content"], calls]])
    return cases


def record_parsers(judge: Oracle) -> list[Any]:
    """Parser, numbers of its tools, last message, think, pieces, end; thought, content, calls and ending."""
    wanted = [case for case in cases(17, 1000) if sum(map(len, case.pieces)) < 500]
    wanted += [
        Case("olmo3", None, None, None, [b'<function_calls>x(a=")</function_calls>']),
        Case(
            "functiongemma", None, None, None, [b"<start_function_call>call:x{a:<escape>}<end_function_call>"]
        ),
    ]
    return [
        [
            c.name,
            [PARSER_TOOLS.index(tool) for tool in c.tools or ()],
            c.last,
            c.think,
            [b64(piece) for piece in c.pieces],
            c.together,
            ollamas(answer),
        ]
        for c, answer in zip(wanted, judge.ask_all(map(question, wanted)), strict=True)
    ]


def record_renderers(judge: Oracle) -> list[Any]:
    """The fields of a `Case`, the answer; none that changes with the day or by chance."""
    wanted = [c for c in renderer_cases(18, 700) if len(json.dumps(c)) < 900]
    wanted = [c for c in wanted if not renderers.ours(c, judge.version)[1]]
    answers = judge.ask_all(map(renderers.question, wanted))
    answered = ((c, renderers.ollamas(a)) for c, a in zip(wanted, answers, strict=True))
    return [[*c, a] for c, a in answered if len(a[1]) < 1500 and "Current date:" not in a[1]]


def record_parameters(judge: Oracle) -> list[Any]:
    """Name, value, Ollama's reading as JSON (null where it refuses)."""
    names = ("temperature", "num_ctx", "use_mmap", "main_gpu", "stop", "mirostat", "unknown")
    jobs = [(n, v) for n in names for v in VALUES]
    answers = judge.ask_all({"op": "parameters", "name": n, "values": [v]} for n, v in jobs)
    return [[n, v, a.get("value")] for (n, v), a in zip(jobs, answers, strict=True)]


def record_printable(judge: Oracle) -> list[Any]:
    return list(judge.ask("printable")["refused"])


RECORDERS = {
    "modelfiles": record_modelfiles,
    "prompts": record_prompts,
    "inference": record_inference,
    "selection": record_selection,
    "replies": record_replies,
    "parsers": record_parsers,
    "renderers": record_renderers,
    "parameters": record_parameters,
    "printable": record_printable,
}


def main() -> None:
    """Writes all files."""
    version = VERSIONS[-1]
    with Oracle(version) as judge:
        for name, make in RECORDERS.items():
            cases = make(judge)
            _write(name, version, cases)
            print(f"{name}: {len(cases)} answers of Ollama {version}")


def load(name: str) -> list[Any]:
    """The cases of a recorded file."""
    return list(json.loads((FOLDER / f"{name}.json").read_text(encoding="ascii"))["cases"])


def unbase64(text: str) -> bytes:
    """Bytes of a recorded case."""
    return base64.b64decode(text)


if __name__ == "__main__":
    main()
