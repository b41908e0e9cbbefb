from __future__ import annotations

import json
import subprocess
import sys

import pytest

from modelfile_kit.core.errors import EngineError, KitError
from modelfile_kit.play.answer import Answers, Native
from modelfile_kit.play.subject import Asked, open_subject
from modelfile_kit.runtime.tokenizer import LlamaTokenizer

HI = {"messages": [{"role": "user", "content": "Hi"}]}
ODD = "Hi \u202e\x1b[31m\x07"


def text(side):
    return "".join(part[0] for part in side["parts"])


@pytest.fixture(scope="module")
def typed(by_hand):
    return Answers(open_subject(Asked(str(by_hand))))


@pytest.fixture(scope="module")
def right(good):
    return Answers(open_subject(Asked(str(good))))


def rendered(*arguments, messages):
    line = [sys.executable, "-m", "modelfile_kit", "render", *map(str, arguments), "--messages", "-"]
    return subprocess.run(line, input=json.dumps(messages), capture_output=True, text=True, check=True).stdout


def test_both_prompts_are_those_of_render(typed, by_hand):
    answer = typed.answer(HI)
    [way] = answer["ways"]
    template, model = by_hand.parent / "hand.gotmpl", by_hand.parent / "micro-glm4v.gguf"
    assert text(way["prompt"]) == rendered("--template", template, messages=HI["messages"])
    assert text(answer["reference"]) == rendered("--jinja", model, messages=HI["messages"])


def test_a_difference_is_marked_on_both_sides_and_has_its_cause(typed):
    answer = typed.answer(HI)
    [way] = answer["ways"]
    assert (way["name"], way["status"]) == ("TEMPLATE", "mismatch")
    assert [p[0] for p in answer["reference"]["parts"] if p[1]] == ["\n"]
    assert [p[0] for p in way["prompt"]["parts"] if p[1]] == []
    assert [f["label"] for f in way["findings"]] == ["MK720 newline-or-space"]


def test_the_packages_own_system_text_is_in_the_prompt(right):
    answer = right.answer(HI)
    [way] = answer["ways"]
    assert way["status"] == "ok"
    assert text(way["prompt"]) == "[gMASK]<sop><|system|>\nBe brief.<|user|>\nHi<|assistant|>\n"


@pytest.mark.engine
def test_tokens_have_their_kinds_and_those_that_differ_are_marked(by_hand, llama_cpp):
    subject = open_subject(Asked(str(by_hand)))
    assert subject.model is not None
    with LlamaTokenizer(subject.model) as tokenizer:
        answer = Answers(subject, tokenizer).answer(
            {"messages": [{"role": "user", "content": "Hi", "images": 2}]}
        )
    [way] = answer["ways"]
    user = subject.vocabulary.id_of("<|user|>")
    assert [user, "<|user|>", "control", False] in way["tokens"]["row"]
    assert [-2, "image 1", "image", False] in way["tokens"]["row"]
    assert [t[1] for t in answer["reference"]["tokens"]["row"] if t[3]] == ["\n"]
    assert way["tokens"]["count"] + 1 == answer["reference"]["tokens"]["count"]


class Dead:
    """A tokenizer whose program has ended."""

    def tokenize_many(self, *_, **__):
        raise EngineError("llama-server has ended")

    info = property(tokenize_many)
    pieces = tokenize_many


def test_where_tokens_cannot_be_told_the_prompts_are_shown_and_the_reason(by_hand, typed):
    answer = Answers(open_subject(Asked(str(by_hand))), Dead()).answer(HI)
    assert answer.pop("no_tokens") == "llama-server has ended"
    assert answer == typed.answer(HI)


def test_a_reply_is_read_as_a_server_reads_it(typed, tmp_path):
    [read] = typed.answer(HI, "Yes.<|user|>")["replies"]
    assert read["by"] == "the TEMPLATE's tags"
    assert (read["parts"], read["hidden"]) == ([["content", "Yes."]], ["<|user|>"])
    file = tmp_path / "thinks.gotmpl"
    file.write_text(
        "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
        "{{ .Content }}{{ end }}"
    )
    thinking = Answers(open_subject(Asked(str(file))))
    [read] = thinking.answer({**HI, "think": True}, "<think>Hm.</think>Yes.")["replies"]
    assert read["parts"] == [["thinking", "Hm."], ["content", "Yes."]]


def test_a_template_alone_is_rendered_and_its_refusal_is_told(tmp_path):
    file = tmp_path / "chat.gotmpl"
    file.write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    alone = Answers(open_subject(Asked(str(file))))
    [way] = alone.answer(HI)["ways"]
    assert (way["status"], text(way["prompt"])) == ("alone", "Hi")
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    [way] = alone.answer({**HI, "tools": tools})["ways"]
    assert way["status"] == "refused"
    assert "does not support tools" in way["findings"][0]["message"]


def test_a_tool_that_is_typed_half_leaves_the_prompts_and_the_reply(typed):
    answer = typed.answer({**HI, "tools": [{"type": "function"}]}, "Yes.")
    assert [r["parts"] for r in answer["replies"]] == [[["content", "Yes."]]]
    answer = typed.answer({**HI, "tools": [{"function": "f"}]}, "Yes.")
    [[[part, said]]] = [r["parts"] for r in answer["replies"]]
    assert (part, said.startswith("tools[0].function is a string")) == ("error", True)
    assert "Hi" in text(answer["reference"])


def test_a_side_that_refuses_leaves_the_other(tmp_path):
    file = tmp_path / "chat_template.jinja"
    file.write_text(
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{{ m.content }}{% endfor %}"
    )
    answers = Answers(open_subject(Asked(str(file))))
    answer = answers.answer({"messages": [{"role": "system", "content": "Be brief."}]})
    assert answer["ways"][0]["status"] == "refused"
    assert "no system" in json.dumps(answer)


def test_native_mode_shows_what_llama_server_made(good):
    file = good / "native.yaml"
    file.write_text("name: n\nmodel: micro-glm4v.gguf\nmode: native\n")
    answers = Answers(open_subject(Asked(str(file))))
    right = "[gMASK]<sop><|user|>\nHi<|assistant|>\n"
    for native, status in (
        (Native(text=right), "ok"),
        (Native(text="Hi"), "mismatch"),
        (Native(error="no"), "refused"),
        (Native(absent="llama-server was not found"), "unknown"),
        (None, "unknown"),
    ):
        _, way = answers.answer(HI, native=native)["ways"]
        assert (way["name"], way["status"]) == ("native", status)


def test_control_characters_are_visible_everywhere(typed):
    whole = json.dumps(
        typed.answer({"messages": [{"role": "user", "content": ODD}]}, ODD), ensure_ascii=False
    )
    assert not {"\u202e", "\x1b", "\x07"} & set(whole)
    assert "\\\\u202e" in whole
    assert "\\\\x1b[31m" in whole


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"messages": [{"role": "user", "text": "Hi"}]}, "did you mean 'content'"),
        ({"messages": "Hi"}, "expected a list of messages"),
        ({"messages": [{"role": "user", "content": "x", "images": 101}]}, "at most 100"),
        ({"messages": [{"role": "user", "content": "x", "images": -1}]}, "counts from 0"),
    ],
)
def test_another_shape_is_told(typed, data, words):
    with pytest.raises(KitError) as caught:
        typed.answer(data)
    assert words in f"{caught.value.message} {caught.value.help}"
