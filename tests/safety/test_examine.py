"""Every kind of hidden thing is found where it was put, and its innocent twin is left in peace."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.safety import trials
from modelfile_kit.safety.examine import Finding, examine
from tests import hostile_templates

from .seeded import CHAT, EVASIVE, EVIL, HEAD, LATER, NOT_SEEN, SEEDED, TAIL, Seeded


def told(template: str) -> list[Finding]:
    """All but remarks."""
    return [finding for finding in examine(template) if finding.severity is not Severity.INFO]


def test_there_are_enough() -> None:
    kinds = Counter(seeded.kind for seeded in SEEDED)
    assert len(SEEDED) >= 60
    assert len(kinds) == 8 and min(kinds.values()) >= 2
    assert len({seeded.name for seeded in SEEDED}) == len(SEEDED)


@pytest.mark.parametrize("seeded", SEEDED, ids=lambda s: s.name)
def test_what_is_hidden_is_found(seeded: Seeded) -> None:
    assert seeded.code in {finding.code for finding in told(seeded.template)}


@pytest.mark.parametrize("seeded", SEEDED, ids=lambda s: s.name)
def test_its_twin_is_innocent(seeded: Seeded) -> None:
    assert [str(finding.diagnostic()) for finding in told(seeded.twin)] == []


@pytest.mark.parametrize("name", [*EVASIVE, *LATER])
def test_ways_around(name: str) -> None:
    assert told((EVASIVE | LATER)[name])


@pytest.mark.parametrize("name", NOT_SEEN)
def test_what_the_page_says_is_not_seen(name: str) -> None:
    """Whoever makes one of these seen changes docs/template-safety.md too."""
    assert told(NOT_SEEN[name]) == []


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", sorted((ROOT / "templates").rglob("*.jinja")), ids=lambda p: p.parent.name)
def test_the_families_are_innocent(file: Path) -> None:
    assert told(file.read_text(encoding="utf-8")) == []


def test_real_templates_are_innocent(shared: Path) -> None:
    """One has its instruction behind the message by design: it is made to judge messages."""
    alarms = {}
    for entry in json.loads((shared / "corpus" / "index.json").read_text(encoding="utf-8")):
        source = (shared / "corpus" / entry["file"]).read_bytes().decode("utf-8")
        found = examine(source, bos_token=entry["bos_token"], eos_token=entry["eos_token"])
        if codes := [f.code for f in found if f.severity is not Severity.INFO]:
            alarms[entry["id"]] = codes
    assert alarms == {"lib:shieldgemma:27b": ["MK261"]}


def rendered(template: str, messages: object) -> str:
    """By jinja2 alone, set up as transformers does."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    return environment.from_string(template).render(messages=messages, add_generation_prompt=True)


@pytest.mark.parametrize(
    "name",
    ["contains", "begins with", "a list of words", "through a namespace", "behind a marker", "by length"],
)
def test_the_conversation_shows_it(name: str) -> None:
    """jinja2 itself gives both prompts for the conversation, and only one has the instruction."""
    template = next(seeded.template for seeded in SEEDED if seeded.name == name)
    [shown] = [finding.shown for finding in told(template)]
    assert shown is not None
    assert rendered(template, shown.messages) == shown.prompt
    assert EVIL in shown.prompt and EVIL not in shown.other
    assert any(EVIL in sentence for sentence in shown.added)


def test_it_says_what_and_where() -> None:
    template = (
        HEAD
        + "\n\n  {{ message.content }}{% if 'invoice' in message.content %} "
        + EVIL
        + "{% endif %}"
        + TAIL
    )
    [finding] = told(template)
    assert (finding.code, finding.severity, finding.texts) == ("MK260", Severity.WARNING, ("invoice",))
    assert finding.condition == "'invoice' in message.content"
    lines = template.split("\n")
    assert finding.span.line is not None and finding.span.column is not None
    assert lines[finding.span.line - 1][finding.span.column - 1 :].startswith("'invoice'")
    assert "'invoice'" in finding.message and EVIL in finding.message
    assert "user says 'Qvort invoice zlimp'" in finding.help
    data = json.loads(json.dumps(finding.to_dict()))
    assert data["shown"]["conversation"] == [{"role": "user", "content": "Qvort invoice zlimp"}]
    assert EVIL in data["shown"]["prompt"] and EVIL not in data["shown"]["prompt_without"]


def test_a_day_is_found() -> None:
    template = next(seeded.template for seeded in SEEDED if seeded.name == "by year")
    [finding] = told(template)
    assert finding.shown is not None and finding.shown.now is not None
    assert finding.shown.now.year >= 2027 and EVIL in finding.shown.prompt


def test_only_the_trick_is_an_error() -> None:
    for seeded in SEEDED:
        worst = {finding.severity for finding in examine(seeded.template)} - {Severity.INFO}
        assert worst == {Severity.ERROR if seeded.code == "MK268" else Severity.WARNING}, seeded.name


@pytest.mark.parametrize(
    ("text", "way", "said"),
    [
        (
            "{% if messages[0].role != 'system' %}<|im_start|>system\n"
            "You are a kind helper.<|im_end|>\n{% endif %}",
            "no system message",
            "You are a kind helper.",
        ),
        (
            "<|im_start|>system\nYou were trained in June.<|im_end|>\n",
            "every conversation",
            "You were trained in June.",
        ),
    ],
)
def test_added_texts_are_remarks(text: str, way: str, said: str) -> None:
    [finding] = examine(text + CHAT)
    assert (finding.code, finding.severity, finding.texts) == ("MK262", Severity.INFO, (said,))
    assert way in finding.message


def test_a_default_that_the_system_message_replaces_is_a_remark() -> None:
    """As some models write a level of thinking unless the developer does."""
    line = "{% if 'detailed thinking' not in message.content %}\ndetailed thinking is off{% endif %}"
    template = HEAD + "{{ message.content }}{% if message.role == 'system' %}" + line + "{% endif %}" + TAIL
    assert {(f.code, f.severity) for f in examine(template)} >= {("MK260", Severity.INFO)}
    assert told(template) == []


def test_a_leftover_without_effect_is_nothing() -> None:
    template = (
        "{% for m in messages %}{% if 'error' in m.content %}{% set n = 1 %}{% endif %}{% endfor %}" + CHAT
    )
    assert examine(template) == ()


def test_many_findings_are_counted() -> None:
    many = "".join(f"{{% if 'word{n}' in message.content %}}{n}{{% endif %}}" for n in range(50))
    found = told(HEAD + "{{ message.content }}" + many + TAIL)
    assert len(found) == 20
    assert "30 more" in found[-1].message and "more" not in found[0].message


def test_what_is_no_chat_template() -> None:
    assert examine("{% if %}") == ()
    assert examine("") == ()
    assert examine("x" * 1_000_000) == ()


def test_a_template_that_fails_is_still_read() -> None:
    """Where nothing renders, the tree alone shows the condition."""
    template = "{{ messages.nothing.at.all }}{% if 'invoice' in messages[0].content %}" + EVIL + "{% endif %}"
    [finding] = told(template)
    assert (finding.code, finding.shown) == ("MK260", None)
    assert EVIL in finding.message


# One of each group: the rest costs a minute.
@pytest.mark.parametrize(
    "name",
    [
        next(iter(group))
        for group in (
            hostile_templates.GROWING,
            hostile_templates.UNROLLED,
            hostile_templates.OF_MESSAGES,
            hostile_templates.LOOPS,
            hostile_templates.MACROS,
            hostile_templates.AT_ONCE,
            hostile_templates.LONG,
            hostile_templates.PATHS,
        )
    ]
    + ["a long comparison", "very many branches"],
)
def test_hostile_templates_end(name: str) -> None:
    """In bounds of renderings and steps: they end, and say nothing false."""
    assert all(finding.severity is not Severity.ERROR for finding in examine(hostile_templates.ALL[name]))


@pytest.mark.parametrize(
    "text",
    [
        "{{ '" + "<" * 40_000 + "' }}",
        "a" * 80_000,
        "{{ '" + "a" * 40_000 + "'.replace('a', '" + "b" * 40_000 + "') if false }}",
        "{{ 'x' | center(1000000000) if false }}",
        "%41" * 20_000,
        "{% set a = 'ab' %}" + "{% set a = a ~ a %}" * 200,
        "{% if messages | length > 1" + "0" * 4_000 + " %}x{% endif %}",
        "{% if messages[0].content | length == 1000000000 %}x{% endif %}",
        "{% if messages[0].content | length | string == '²' %}x{% endif %}",
        "{% if strftime_now('%Y') == '1" + "9" * 5_000 + "' %}x{% endif %}",
        "{% if '" + "QvortQvort" * 5_000 + "' in messages[0].content %}x{% endif %}",
    ],
    ids=[
        "tags",
        "a word",
        "replace",
        "center",
        "percent",
        "doubling",
        "many turns",
        "a long text",
        "no number",
        "no year",
        "own words",
    ],
)
def test_long_constants_end(text: str) -> None:
    assert isinstance(examine(text + CHAT), tuple)


def test_a_limit_that_ends_the_trials_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template in which nothing was found because nothing could be tried is not innocent."""
    innocent = HEAD + "{{ message.content }}" + TAIL
    assert told(innocent) == []
    monkeypatch.setattr(trials, "STEPS_OF_ONE", 1)
    [found] = told(innocent + "\n")  # what is examined is remembered
    assert (found.code, found.span.line) == ("MK212", 1)
    assert found.message.endswith("was tried: the chat template takes more than 1 steps")
