"""What the kit reads out of a TEMPLATE is what Ollama's packages read out of it."""

from __future__ import annotations

import json
import os
import random

import pytest

from modelfile_kit.core.errors import GoTemplateError
from modelfile_kit.ollama.detection import detect
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.replies import split_reply
from modelfile_kit.ollama.selection import jinja_evidence, select, template_evidence
from tests.ollama.generate_templates import templates
from tests.ollama.test_prompt_oracle import known_templates
from tests.oracle.oracle import VERSIONS, module_folder, source

pytestmark = pytest.mark.oracle

# The counts that the tests expect hold for so many at least.
COUNT = max(int(os.environ.get("MKMODELFILE_FUZZ", "4000")), 4000)
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
SERVERS = VERSIONS[-2:]


def parsed(text, version):
    try:
        return PromptTemplate(text, target=version)
    except GoTemplateError:
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_identifiers(oracle_for, version):
    texts = list(templates(SEED, COUNT if version == VERSIONS[-1] else COUNT // 10))
    accepted = 0
    answers = oracle_for(version).ask_all({"op": "parse", **source(t)} for t in texts)
    for text, answer in zip(texts, answers, strict=True):
        ours = parsed(text, version)
        assert (ours is not None) == answer["ok"], (text, answer)
        if ours is not None:
            assert sorted(ours.variables) == answer["vars"], text
            accepted += 1
    assert accepted > len(texts) / 3


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_tags(oracle_for, version):
    judge = oracle_for(version)  # skips where there is none; the known templates come from its sources
    texts = [
        *known_templates(version).values(),
        *templates(SEED + 1, COUNT if version == VERSIONS[-1] else COUNT // 10),
    ]
    thinking = tools = 0
    answers = judge.ask_all({"op": "infer", **source(t)} for t in texts)
    for text, answer in zip(texts, answers, strict=True):
        ours = parsed(text, version)
        if ours is None:
            assert not answer["ok"], (text, answer)
            continue
        tags = ours.thinking_tags
        assert (tags.opening, tags.closing) == (answer["opening"], answer["closing"]), text
        assert ours.tool_tag.tag == answer["tool_tag"], text
        thinking += bool(tags)
        tools += answer["tool_tag"] != "{"
    assert thinking > len(texts) / 50
    assert tools > len(texts) / 50


JINJA_PARTS = [
    *("tools", "tool_call", "tool_calls", "assistant_tool_call", "tool_response", "tool_results", "ipython"),
    *(
        "role'] == 'tool'",
        'role"] == "tool"',
        "message.role == 'tool'",
        "<think>",
        "</think>",
        "reasoning_content",
    ),
    *("content.split('</think>')", 'content.split("</think>")', "<SPECIAL_12>", "tool", "x", "think"),
]


@pytest.mark.parametrize("version", SERVERS)
def test_selection(oracle_for, version):
    r = random.Random(SEED)
    pairs = []
    for text in templates(SEED + 2, COUNT):
        jinja = " ".join(r.sample(JINJA_PARTS, r.randrange(6)))
        pairs.append((text, jinja))
        pairs.append(("{{ range .Messages }}{{ .ToolCalls }}" + text + "{{ end }}{{ .Tools }}", jinja))
    won = 0
    answers = oracle_for(version).ask_all({"op": "prefers_jinja", **source(t), "jinja": j} for t, j in pairs)
    for (text, jinja), answer in zip(pairs, answers, strict=True):
        ours = parsed(text, version)
        if ours is None:
            continue
        case = (text, jinja, answer)
        assert list(template_evidence(ours).capabilities) == (answer["go_capabilities"] or []), case
        assert list(jinja_evidence(jinja).capabilities) == (answer["jinja_capabilities"] or []), case
        chosen = select(template=ours, jinja=jinja, target=version)
        assert (chosen.source == "jinja") == answer["jinja"], (case, chosen)
        assert chosen.why, case
        won += answer["jinja"]
    assert won > 100


def test_selection_of_real_pairs(oracle, shared):
    jinjas = [
        p.read_text(encoding="utf-8") for p in sorted((shared / "corpus" / "templates").glob("*.jinja"))
    ]
    pairs = [(t, j) for t in known_templates(VERSIONS[-1]).values() for j in jinjas]
    answers = oracle.ask_all({"op": "prefers_jinja", **source(t), "jinja": j} for t, j in pairs)
    for (text, jinja), answer in zip(pairs, answers, strict=True):
        assert (select(template=text, jinja=jinja).source == "jinja") == answer["jinja"], (text, jinja[:80])


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_detected_templates(oracle_for, version, shared):
    judge = oracle_for(version)  # skips where there is none; its sources are read below
    jinjas = [
        p.read_text(encoding="utf-8") for p in sorted((shared / "corpus" / "templates").glob("*.jinja"))
    ]
    index = json.loads((module_folder(version) / "template" / "index.json").read_text(encoding="utf-8"))
    jinjas += [entry["template"] for entry in index]
    r = random.Random(SEED)
    for text in [entry["template"] for entry in index]:
        at = r.randrange(len(text))
        jinjas.append(text[:at] + "x" * r.choice([1, 40, 98, 99, 100, 101]) + text[at:])
        jinjas.append(text[:at] + text[at + r.choice([1, 60, 99, 100]) :])
    certain = 0
    for jinja, answer in zip(jinjas, judge.ask_all({"op": "named", "jinja": j} for j in jinjas), strict=True):
        name = answer.get("name", "")
        exact = detect(jinja, version, folder=module_folder(version) / "template")
        assert exact.name == name, jinja
        assert list(exact.stops) == (answer.get("stop") or [])
        guess = detect(jinja, version)
        if guess.certain:
            assert guess.name == name
            certain += 1
        else:
            assert not name or name in guess.candidates
    assert certain > len(jinjas) / 3


def test_fingerprints_are_those_of_ollama(oracle):
    import hashlib
    from collections import Counter

    from modelfile_kit.ollama.known_templates import FINGERPRINTS

    index = json.loads((module_folder() / "template" / "index.json").read_text(encoding="utf-8"))
    assert [f[0] for f in FINGERPRINTS] == [entry["name"] for entry in index]
    for (_, start, letters, counts), entry in zip(FINGERPRINTS, index, strict=True):
        text = entry["template"]
        assert hashlib.sha256(text.encode()).hexdigest().startswith(start)
        assert dict(zip(letters, (int(c, 36) for c in counts.split()), strict=True)) == Counter(text)


def test_shapes_are_those_of_ollama(oracle):
    from modelfile_kit.ollama.known_shapes import SHAPES, WORDS
    from modelfile_kit.ollama.template_distance import row_of, shape_of

    index = json.loads((module_folder() / "template" / "index.json").read_text(encoding="utf-8"))
    words: dict[str, int] = {}
    assert [shape_of(entry["template"], words) for entry in index] == list(SHAPES)
    assert ";".join(map(row_of, words)) == WORDS


def test_the_bounds_hold_and_nearly_always_decide(oracle):
    """Against the distance itself: Ollama's texts, changed by some dozen characters, and each other."""
    import random

    from modelfile_kit.ollama.detection import MAX_DISTANCE, _distance, detect
    from modelfile_kit.ollama.template_distance import PIECES, least, most, pieces_of

    folder = module_folder() / "template"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    texts = [e["template"] for e in index if len(e["template"]) < 380]
    rng = random.Random(1)
    undecided = 0
    for number, text in enumerate(texts):
        pieces = PIECES.findall(text)
        for _ in range(rng.randrange(25)):
            pieces[rng.randrange(len(pieces))] = rng.choice(["", " ", "content", "turn"])
        changed = "".join(pieces)
        for other in texts[number : number + 2]:
            distance = _distance(changed, other, MAX_DISTANCE)
            assert least(changed, pieces_of(other), MAX_DISTANCE) <= distance
            assert min(most(pieces_of(changed), pieces_of(other)), MAX_DISTANCE) >= distance
        found, truth = detect(changed), detect(changed, folder=folder)
        assert not found.certain or (found.name, found.stops) == (truth.name, truth.stops)
        assert found.certain or not truth.name or truth.name in found.candidates
        undecided += not found.certain
    assert undecided <= len(texts) / 5


REPLY_TEMPLATES = [
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
    "{{ if .ToolCalls }}<tool_call>{{ end }}{{ end }}{{ .Tools }}",
    "{{ range .Messages }}{{ if .ToolCalls }}{{ .ToolCalls }}{{ end }}{{ end }}{{ .Tools }}",
    "{{ range .Messages }}{{ if .ToolCalls }}[TOOL_CALLS] [{{ end }}{{ end }}{{ .Tools }}",
    "{{ range .Messages }}{{ if .ToolCalls }}[{{ end }}{{ end }}{{ .Tools }}",
]
REPLY_PARTS = [
    *(
        "<think>",
        "</think>",
        "<thi",
        "nk>",
        " ",
        "\n\n",
        "text",
        "<tool_call>",
        "</tool_call>",
        "[TOOL_CALLS] ",
        "[",
    ),
    *(
        '{"name": "get", "arguments": {"a": 1}}',
        '{"name": "get_weather", "parameters": {"city": "x"}}',
        "]",
        "{",
        "}",
    ),
    *(
        '{"get": {"a": "}"}}',
        '{"function": {"name": "get", "arguments": "{\\"b\\": 2}"}}',
        "get",
        "get_weather{}",
        '"',
    ),
    *(
        '{"tool": [{"name": "get", "arguments": {}}]}',
        '{"name": "get"}',
        "\\",
        "é",
        ", ",
        '{"a": 1}',
        "get({})",
    ),
]


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_replies(oracle_for, version):
    r = random.Random(SEED)
    tools = [{"type": "function", "function": {"name": n}} for n in ("get", "get_weather")]
    jobs = []
    for _ in range(COUNT if version == VERSIONS[-1] else COUNT // 4):
        text = "".join(r.choice(REPLY_PARTS) for _ in range(r.choice([1, 2, 3, 5, 8])))
        jobs.append((r.choice(REPLY_TEMPLATES), text, r.random() < 0.6, r.random() < 0.7, r.random() < 0.3))
    judge = oracle_for(version)
    known = {t: PromptTemplate(t, target=version) for t in REPLY_TEMPLATES}
    questions = [
        {
            "op": "reply",
            **source(template),
            "chunks": [*text, ""],
            "think": think,
            "tools": tools if offered else None,
            "prompt": "x <think>\n" if opened else "x",
        }
        for template, text, think, offered, opened in jobs
    ]
    called = 0
    for (template, text, think, offered, opened), answer in zip(jobs, judge.ask_all(questions), strict=True):
        t = known[template]
        ours = split_reply(
            text,
            opening=t.thinking_tags.opening,
            closing=t.thinking_tags.closing,
            tool_tag=t.tool_tag.tag,
            prompt="x <think>\n" if opened else "x",
            think=think,
            tools=tools if offered else None,
            target=version,
        )
        case = (template, text, think, offered, opened, answer, ours)
        assert (ours.thinking, ours.content) == (answer["thinking"], answer["content"]), case
        calls = [(c["function"]["name"], c["function"]["arguments"]) for c in answer["tool_calls"]]
        assert [(c.name, c.arguments) for c in ours.tool_calls] == calls, case
        called += len(calls)
    assert called > len(jobs) / 25
