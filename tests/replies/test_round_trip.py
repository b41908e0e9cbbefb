"""The round trip: which reader gives back what a model writes, held against Ollama's own packages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler.compile import compile_template, translate
from modelfile_kit.core.step_account import steps_together
from modelfile_kit.huggingface import Reference, render
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.reply_tokens import ReplyTokens
from modelfile_kit.ollama.reply_types import Reply, ToolCall
from modelfile_kit.replies import round_trip
from modelfile_kit.replies.reply_findings import advice, findings
from modelfile_kit.replies.round_trip import (
    CALLS,
    CONTENT,
    PIECES,
    REFUSED,
    THINKING,
    WHOLE,
    RoundTrip,
    Trip,
    kinds_with,
    problem_of,
    same_calls,
)
from modelfile_kit.replies.spoken import KINDS, QUESTION, TOOLS, Kind, spoken_replies
from tests.replies import formats

EOS = "<|im_end|>"
CODER = formats.chatml(
    "<tool_call>\n<function={{ c.function.name }}>\n{% for k, v in c.function.arguments | items %}"
    "<parameter={{ k }}>\n{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>\n"
    "</tool_call>",
    think="",
)


def trip(source: str, *, target: str = "latest", control: Sequence[str] = ()) -> Trip:
    reference = Reference(source, eos_token=EOS)
    template = PromptTemplate(translate(source, eos_token=EOS, target=target).template, target=target)
    tokens = ReplyTokens.of_types(dict.fromkeys(control, "control")) if control else None
    return Trip(spoken_replies(reference, EOS), template, tokens)


def kind(name: str) -> Kind:
    return next(k for k in KINDS if k.name == name)


@pytest.mark.parametrize(
    ("reply", "name", "problem"),
    [
        (Reply(content=f" {kind('answer').content}\n"), "answer", ""),
        (Reply(content=kind("answer").content + "x"), "answer", CONTENT),
        (Reply(content=kind("answer").content, error="no"), "answer", REFUSED),
        (Reply(tool_calls=kind("call").calls), "call", ""),
        (Reply(tool_calls=kind("two calls").calls[:1]), "two calls", CALLS),
        (Reply(tool_calls=kind("two calls").calls[::-1]), "two calls", CALLS),
        (Reply(tool_calls=kind("call").calls), "thought and call", THINKING),
        (Reply(tool_calls=(ToolCall("tool_q7", {"text": "value-v1", "count": 73519.0}),)), "call", ""),
        (Reply(tool_calls=(ToolCall("tool_q7", {"text": "value-v1", "count": "73519"}),)), "call", CALLS),
        (Reply(tool_calls=(ToolCall("tool_q7", None),)), "call without arguments", CALLS),
    ],
)
def test_what_counts_as_the_same_message(reply: Reply, name: str, problem: str) -> None:
    assert problem_of(reply, kind(name)) == problem


def test_each_aspect_has_its_kinds() -> None:
    assert kind("thought and answer") in kinds_with("answer")
    assert kind("thought and call") in kinds_with("tools")
    assert kind("thought and call") in kinds_with("thinking")
    assert kind("text and call") not in kinds_with("answer")


def test_a_format_that_only_a_parser_reads_gets_it() -> None:
    own, best = trip(CODER).own(), trip(CODER).best()
    assert own.replies == {"answer": "exact", "thinking": "absent", "tools": "unread"} or not own.parser
    assert (best.parser, best.replies["tools"], best.replies["answer"]) == ("qwen3-coder", "exact", "exact")


def test_a_format_that_nobody_reads_gets_no_parser() -> None:
    assert trip(formats.XML_CALLS).best().parser == ""


def test_a_template_without_tools_gets_no_parser_that_brings_them() -> None:
    best = trip("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>").best()
    assert best.parser == ""
    assert best.replies == {"answer": "exact", "thinking": "absent", "tools": "absent"}


def test_releases_whose_parsers_are_not_known_keep_the_tags() -> None:
    assert trip(CODER, target="0.24.0").best().parser == ""
    assert trip(CODER, target=">=0.24").best().parser == ""
    assert trip(CODER, target=">=0.30").best().parser == "qwen3-coder"


def test_control_tokens_that_the_reader_does_not_ask_for_are_gone() -> None:
    """The engine leaves them out, so tags that are control tokens are not found."""
    plain, control = trip(formats.JSON_CALLS), trip(formats.JSON_CALLS, control=["<think>", "</think>"])
    assert plain.own().read["thought and answer"]
    assert not control.own().read["thought and answer"]
    # That of the calls stays: the server asks for it.
    assert trip(formats.JSON_CALLS, control=["<tool_call>"]).own().read["call"]


def test_a_special_token_is_never_cut_where_the_vocabulary_is_known() -> None:
    """A server gets a token whole; without the vocabulary pieces end everywhere, which the result says."""
    known = trip(formats.JSON_CALLS, control=["<tool_call>", "</tool_call>"])
    text = "a<tool_call>bcd</tool_call>"
    assert known.tokens.pieces(text, 1) == ["a", "<tool_call>", "b", "c", "d", "</tool_call>"]
    assert known.tokens.pieces(text, 2) == ["a", "<tool_call>", "bc", "d", "</tool_call>"]
    assert known.tokens.pieces(text, 0) == [text]
    assert "".join(ReplyTokens().pieces(text, 3)) == text
    assert not known.own().cut_tokens
    assert trip(formats.JSON_CALLS).own().cut_tokens
    assert not ReplyTokens.of(None).hidden


def test_calls_that_are_lost_in_pieces_alone_say_how_these_were_cut() -> None:
    whole = trip(CODER).own()
    readings = tuple(replace(r, problem="" if r.size == WHOLE else r.problem) for r in whole.readings)
    lost = [r for r in readings if r.problem and r.spoken.kind.arguments]
    unknown = RoundTrip("", tuple(lost), cut_tokens=True)
    seen = PromptTemplate(translate(CODER, eos_token=EOS).template)
    reference = Reference(CODER, eos_token=EOS)
    told = next(d for d in findings(unknown, reference, seen, ["tools"]) if d.code == "MK670")
    assert "cut inside special tokens too" in told.message
    known = next(d for d in findings(replace(unknown, cut_tokens=False), reference, seen, ["tools"]))
    assert "cut inside" not in known.message


def test_compile_says_both_ways() -> None:
    found = compile_template(CODER, eos_token=EOS)
    assert (found.parser, found.replies["tools"]) == ("qwen3-coder", "exact")
    chosen = next(d for d in found.diagnostics if d.code == "MK678")
    assert "PARSER qwen3-coder" in chosen.message


# -- Ollama's own packages -----------------------------------------------------------------------------


def judged(judge: Any, found: RoundTrip, template: PromptTemplate) -> Counter[str]:
    """Each reading as Ollama's packages have it; answers which kinds come back."""
    seen: dict[str, bool] = {}
    by = template.with_parser(found.parser)
    for reading in found.readings:
        spoken, size = reading.spoken, reading.size
        text = spoken.text
        pieces = [text[i : i + size] for i in range(0, len(text), size)] if size else [text]
        tools = list(TOOLS) if spoken.kind.offered else []
        think = by.resolved_think(spoken.think)
        if found.parser:
            theirs = judge.ask(
                "parser_reply",
                name=found.parser,
                tools=tools,
                chunks=[*pieces, ""],
                last={"role": "user", "content": QUESTION},
                **({} if think is None else {"think": think}),
            )
        else:
            message = {"role": "user", "content": QUESTION}
            prompt = template.render([message], tools=tools or None, think=spoken.think)
            theirs = judge.reply(
                template.source, [*pieces, ""], prompt=prompt, think=bool(think), tools=tools
            )
        assert bool(reading.reply.error) == (not theirs["ok"]), (found.parser, spoken.text)
        if not theirs["ok"]:
            seen[spoken.kind.name] = False
            continue
        calls = tuple(
            ToolCall(c["function"]["name"], c["function"]["arguments"]) for c in theirs["tool_calls"] or ()
        )
        problem = problem_of(Reply(theirs["thinking"], theirs["content"], calls), spoken.kind)
        assert problem == reading.problem, (found.parser, spoken.text)
        seen[spoken.kind.name] = seen.get(spoken.kind.name, True) and not problem
    return Counter(name for name, read in seen.items() if read)


@pytest.mark.oracle
@pytest.mark.parametrize("source", [CODER, formats.JSON_CALLS, formats.MARKED_CALLS, formats.XML_CALLS])
def test_ollama_reads_what_is_claimed(oracle: Any, source: str) -> None:
    whole = trip(source)
    for found in (whole.own(), whole.best()):
        assert isinstance(whole.template, PromptTemplate)
        assert set(judged(oracle, found, whole.template)) == {k for k, read in found.read.items() if read}


@pytest.mark.slow
@pytest.mark.oracle
def test_ollama_reads_what_is_claimed_for_real_templates(oracle: Any, shared: Path) -> None:
    corpus = shared / "corpus"
    read: Counter[str] = Counter()
    for entry in json.loads((corpus / "index.json").read_text()):
        source = (corpus / entry["file"]).read_text(encoding="utf-8")
        bos, eos = entry["bos_token"] or "", entry["eos_token"] or ""
        translated = translate(source, bos_token=bos, eos_token=eos)
        if translated.coverage["chat"] == "unsupported":
            continue
        template = PromptTemplate(translated.template)
        reference = Reference(source, bos_token=bos, eos_token=eos)
        whole = Trip(spoken_replies(reference, eos), template)
        own, best = whole.own(), whole.best()
        judged(oracle, own, template)
        read += judged(oracle, best, template)
        plain = [k.name for k in KINDS if not k.offered and not k.thinking]
        assert all(best.read[name] for name in plain if own.read.get(name))
    # At least what the best PARSER was measured to read (November 2026).
    assert read["call"] >= 19
    assert read["two calls"] >= 16
    assert read["thought and answer"] >= 10
    assert read["thought and call"] >= 6


def test_an_answer_taken_for_a_thought_is_told() -> None:
    """Qwen3 may answer at once with thinking on; its PARSER looks for the closing tag alone."""
    found = compile_template(formats.JSON_CALLS, eos_token=EOS)
    assert found.parser == "qwen3-thinking"
    told = next(d for d in found.diagnostics if d.code == "MK678")
    assert "it takes an answer that begins without a thought for one" in told.message
    # Where the prompt begins the thought, the tags do the same; CODER has no thoughts at all.
    for source in (formats.OPENED, CODER):
        assert not trip(source).takes_for_thought("qwen3-thinking")


@pytest.mark.oracle
def test_ollama_takes_an_answer_for_a_thought(oracle: Any) -> None:
    whole = trip(formats.JSON_CALLS)
    answer = kind("answer").content
    for parser, hides in (("qwen3-thinking", True), ("laguna", True), ("gemma4", False), ("", False)):
        assert whole.takes_for_thought(parser) == hides, parser
        if parser:
            chunks = [answer, ""]
            theirs = oracle.ask("parser_reply", name=parser, tools=[], chunks=chunks, think=True)
        else:
            assert isinstance(whole.template, PromptTemplate)
            prompt = whole.template.render([{"role": "user", "content": QUESTION}], think=True)
            theirs = oracle.reply(whole.template.source, [answer, ""], prompt=prompt, think=True, tools=[])
        assert bool(theirs["thinking"] and not theirs["content"]) == hides, parser


def test_every_piece_size_is_read() -> None:
    sizes = {reading.size for reading in trip(formats.JSON_CALLS).own().readings}
    assert sizes == set(PIECES)


def test_a_parser_that_reads_less_than_the_tags_is_to_be_removed() -> None:
    template = compile_template(formats.JSON_CALLS, eos_token="<|im_end|>").template
    reference = Reference(formats.JSON_CALLS, eos_token="<|im_end|>")
    trip = Trip(spoken_replies(reference, "<|im_end|>"), PromptTemplate(template, parser="functiongemma"))
    own = trip.own()
    assert own.parser == "functiongemma"
    assert not own.read["call"]
    best = trip.best(own)
    assert best.read["call"]
    told = advice(RoundTrip("", best.readings), own)
    assert told.startswith("remove `PARSER functiongemma`: the tags in the TEMPLATE read ")


def test_a_parser_that_is_younger_than_the_oldest_server_reads_nothing_there() -> None:
    """The oldest server reads by the tags, the newest by the PARSER; a kind comes back where both do."""
    template = PromptTemplate(
        translate(formats.JSON_CALLS, eos_token=EOS).template, target=">=0.30", parser="glimmer"
    )
    own = Trip(spoken_replies(Reference(formats.JSON_CALLS, eos_token=EOS), EOS), template).own()
    assert own.parser == "glimmer"
    assert {bool(r.problem) for r in own.readings if r.spoken.kind.name == "call"} == {True, False}
    assert not own.read["call"]


def test_same_calls() -> None:
    wanted = [ToolCall("a", {"x": 1})]
    assert same_calls([("a", {"x": 1.0})], wanted)
    assert not same_calls([], wanted)
    assert not same_calls([("b", {"x": 1})], wanted)
    assert not same_calls([("a", {"x": 2})], wanted)


def test_what_the_work_around_it_took_changes_no_reply() -> None:
    alone, asked = trip(CODER), trip(CODER)
    with steps_together(0, 0):
        read = asked.own()
    assert read.unseen == {}
    assert any(read.read.values())
    assert read.read == alone.own().read


def test_a_stopped_template_says_nothing_about_its_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "steps_for_messages", lambda count: steps_together(9, 1, anew=True))
    found = trip(CODER).own()
    assert "call" in found.unseen
    assert all(found.read.values())  # the prompt without tools is short
    assert not found.unseen.keys() & found.read.keys()
    assert all("more than 1 steps" in why for why in found.unseen.values())


def test_no_other_reader_is_taken_where_a_limit_hides_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trip(CODER).best().parser  # without a limit one reads more
    monkeypatch.setattr(round_trip, "steps_for_messages", lambda count: steps_together(9, 1, anew=True))
    stopped = trip(CODER)
    own = stopped.own()
    assert stopped.best(own) is own
    assert own.replies["tools"] == "partial"  # of what was not seen nothing more is known
    for read in (own, stopped.by_parser("qwen3-coder")):
        assert not any(r.problem == "refused" for r in read.readings)
        assert "call" in read.stopped


def test_replies_that_a_limit_cut_out_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = PromptTemplate(translate(CODER, eos_token=EOS).template)
    monkeypatch.setattr(render, "LOOK_STEPS", 20)
    asked_for_here_alone = Reference("{# #}" + CODER, eos_token=EOS)
    found = Trip.of(asked_for_here_alone, EOS, seen).own()
    assert found.readings == ()
    assert {"answer", "call", "two calls"} <= found.stopped
    assert set(found.replies.values()) == {"partial"}
