from __future__ import annotations

import pytest

from modelfile_kit.diff.compare import compare
from modelfile_kit.diff.part import Outcome
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt

JINJA = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{% endfor %}"
    "{% if tools %}{{ tools | tojson }}{% endif %}{{ '<|assistant|>\\n' }}"
)
GO = "{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"


def parts(before, after):
    return {p.name: p for p in compare(before, after).parts if p.name.startswith("prompts")}


@pytest.fixture
def of(side):
    def two(before, after, ending="jinja"):
        return parts(side(f"a.{ending}", before), side(f"b.{ending}", after))

    return two


@pytest.mark.parametrize(
    ("old", "new", "kind", "conversation"),
    [
        # a newline less, seen at once
        ("|>\n{{ m.content", "|>{{ m.content", "chat", {"messages": [{"role": "system", "content": ""}]}),
        (
            "{% if tools %}{{ tools | tojson }}",
            "{% if tools %}{{ tools | tojson(2) }}",
            "tools",
            None,
        ),
        (
            "<think>{{",
            "<thought>{{",
            "thinking",
            {"messages": [{"role": "assistant", "content": "", "thinking": "x"}]},
        ),
        (
            "{{ m.content }}",
            "{% if m.content == 'magic' %}trick{% else %}{{ m.content }}{% endif %}",
            "chat",
            None,
        ),
    ],
)
def test_each_change_is_shown_by_the_smallest_conversation(old, new, kind, conversation, of):
    assert old in JINJA
    after = JINJA.replace(old, new)
    found = of(JINJA, after)
    part = found[f"prompts: {kind}"]
    assert part.outcome is Outcome.DIFFERENT
    [example, *_] = part.data["examples"]
    if conversation:
        assert example["conversation"] == conversation
    # both prompts are Hugging Face's
    asked = example["conversation"]
    for name, text in (("before", JINJA), ("after", after)):
        rendered = render_reference(
            text, asked["messages"], tools=asked.get("tools"), think=asked.get("think")
        )
        assert example[name]["prompt"] == rendered
    assert example["before"] != example["after"]


def test_simpler_kinds_without_a_difference_are_said_to_be_equal_and_by_how_many(of):
    found = of(JINJA, JINJA.replace("{% if tools %}", "{% if tools %}!"))
    assert [p.outcome for p in found.values()] == [
        Outcome.EQUAL,
        Outcome.EQUAL,
        Outcome.DIFFERENT,
        Outcome.EQUAL,
    ]
    chat = found["prompts: chat"]
    assert chat.data["conversations"] > 100
    assert chat.summary == f"{chat.data['conversations']} conversations, every prompt is the same"


def test_another_text_with_the_same_prompts_is_equal(of):
    after = JINJA.replace("{% for m in messages %}", "{% for x in messages %}{% set m = x %}")
    found = of(JINJA, after)
    assert {p.outcome for p in found.values()} == {Outcome.EQUAL}
    assert sum(p.data["conversations"] for p in found.values()) > 400


def test_two_changes_are_two_examples(of):
    after = JINJA.replace("<|assistant|>", "<|bot|>").replace(
        "<|{{ m.role }}|>", "{% if m.role == 'system' %}<|sys|>{% else %}<|{{ m.role }}|>{% endif %}"
    )
    examples = of(JINJA, after)["prompts: chat"].data["examples"]
    shown = [len(e["conversation"]["messages"]) for e in examples]
    assert 2 <= len(examples) <= 3
    assert max(shown) <= 2
    assert any("<|sys|>" in e["after"]["prompt"] for e in examples)


def test_go_templates(of):
    after = GO.replace("{{ .Content }}", '{{ if eq .Role "judge" }}!{{ end }}{{ .Content }}')
    part = of(GO, after, "gotmpl")["prompts: chat"]
    [example] = part.data["examples"]
    messages = example["conversation"]["messages"]
    assert [m["role"] for m in messages] == ["judge"]
    assert example["after"]["prompt"] == render_prompt(after, messages)


def test_a_chat_template_and_what_ollama_sends(side):
    jinja, go = side("a.jinja", JINJA), side("b.gotmpl", GO)
    found = parts(jinja, go)
    assert found["prompts: chat"].outcome is Outcome.EQUAL
    example = found["prompts: tools"].data["examples"][0]
    assert "does not support tools" in example["after"]["refused"]
    assert parts(go, jinja)["prompts: tools"].data["examples"][0]["before"] == example["after"]


def test_two_sides_that_refuse_everything_are_equal(of):
    refusing = "{{ raise_exception('no') }}"
    found = of(refusing, refusing + "x")
    assert {p.outcome for p in found.values()} == {Outcome.EQUAL}
    assert "both sides refuse all" in found["prompts: chat"].summary


def test_what_is_the_same_is_not_rendered(of):
    [part] = of(JINJA, JINJA).values()
    assert (part.outcome, "same text with the same tokens" in part.summary) == (Outcome.EQUAL, True)


def test_a_template_that_does_not_compile_is_not_compared(of):
    [part] = of(JINJA, "{% if %}").values()
    assert part.outcome is Outcome.NOT_COMPARED


def test_the_same_text_that_does_not_compile_is_not_equal(side):
    both = [side(name, "{% for m in messages %}\n{{ m.content ]}") for name in ("a.jinja", "b.jinja")]
    compared = compare(*both)
    assert [p.outcome for p in compared.parts if p.name == "prompts"] == [Outcome.NOT_COMPARED]
    assert not compared.equal
    assert not compared.differs
    assert compared.broken is not None
    assert compared.broken.span.line == 2
    assert compare(side("c.jinja", JINJA), both[0]).broken is not None
    assert compare(side("c.jinja", JINJA), side("d.jinja", JINJA)).broken is None


def test_branches_are_told(side):
    hidden = "{% if messages[0].content == 'open' and tools is defined and tools|length > 99 %}x{% endif %}"
    found = compare(side("a.jinja", JINJA), side("b.jinja", JINJA + hidden))
    assert found.branches[0].endswith("no conversation reaches the others") or "taken" in found.branches[0]
    assert "not seen: line" in found.branches[1]
    assert "tools" in found.branches[1]


def test_dates_are_the_same_day_on_both_sides(of):
    dated = "{{ strftime_now('%d %b %Y') }}" + JINJA
    same = of(dated, "{% set d = strftime_now('%d %b %Y') %}{{ d }}" + JINJA)
    assert {p.outcome for p in same.values()} == {Outcome.EQUAL}
    other = of(dated, dated.replace("%d %b", "%e %b"))
    assert other["prompts: chat"].outcome is Outcome.DIFFERENT
