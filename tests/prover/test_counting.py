"""Two ways of rendering on the same conversations: what each of them gets right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelfile_kit.building.sources import ModelTemplate
from modelfile_kit.core.errors import PromptError
from modelfile_kit.gotemplate import LimitError
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.prover.comparison import Clock, Comparison
from modelfile_kit.prover.counting import Count, better, count_right
from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.native import NativeComparison, NativePrompter

JINJA = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if tools %}{{ tools[0].function.name }}{% endif %}<|assistant|>"
)
RIGHT = (
    "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}"
    "{{ if .Tools }}{{ (index .Tools 0).Function.Name }}{{ end }}<|assistant|>"
)


class Rendered:
    """The reference's own texts, but for a word that is refused."""

    steps = 0

    def __init__(self, refuse: str) -> None:
        self.reference, self.refuse = ModelTemplate(JINJA, "gguf"), refuse

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        if any(m["role"] == self.refuse for m in messages) or (self.refuse == "tools" and tools):
            raise PromptError("refused")
        return self.reference.render(messages, tools=tools, think=think)


def compared(prompter: Any) -> Comparison:
    return Comparison(WatchedReference(JINJA, bos_token="", eos_token=""), prompter, "", Clock())


def test_both_are_right() -> None:
    counts = count_right(compared(PromptTemplate(RIGHT)), compared(Rendered("nobody")), ["chat", "tools"])
    assert set(counts) == {"chat", "tools"}
    for count in counts.values():
        assert count.of > 10
        assert count.template == count.native == count.of
    assert not better(counts)


def test_each_is_wrong_where_it_is() -> None:
    no_tools = RIGHT.replace("{{ if .Tools }}", "{{ if false }}")
    counts = count_right(compared(PromptTemplate(no_tools)), compared(Rendered("system")), ["chat", "tools"])
    assert counts["chat"].template == counts["chat"].of > counts["chat"].native > 0
    assert counts["tools"].template < counts["tools"].of
    assert not better(counts)


def test_a_conversation_that_goes_on_with_an_answer_is_not_counted() -> None:
    class Seen(NativePrompter):
        def __init__(self) -> None:
            self.asked: list[str] = []

        def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
            self.asked.append(messages[-1]["role"])
            return ModelTemplate(JINJA, "gguf").render(messages, tools=tools, think=think)

    native = NativeComparison(ModelTemplate(JINJA, "gguf"), Seen())
    counts = count_right(native.beside(PromptTemplate(RIGHT)), native, ["chat"])
    assert counts["chat"].native == counts["chat"].of > 5
    assert isinstance(native.ollama, Seen)
    assert "user" in native.ollama.asked and "assistant" not in native.ollama.asked


def test_better_is_more_of_one_kind_and_less_of_none() -> None:
    same, more, less = Count(5, 5, 9), Count(5, 6, 9), Count(5, 4, 9)
    assert better({"chat": same, "tools": more})
    assert not better({"chat": same})
    assert not better({"chat": more, "tools": less})
    assert not better({})


class Stopped(Rendered):
    """As it is, but a limit ends its rendering of a role."""

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        if any(m["role"] == self.refuse for m in messages):
            raise LimitError("the template was stopped")
        return self.reference.render(messages, tools=tools, think=think)


def test_a_conversation_that_reaches_a_limit_is_nobodys() -> None:
    whole = count_right(compared(PromptTemplate(RIGHT)), compared(Rendered("nobody")), ["chat"])["chat"]
    for one, other in ((Stopped("system"), Rendered("nobody")), (Rendered("nobody"), Stopped("system"))):
        counts = count_right(compared(one), compared(other), ["chat"])["chat"]
        assert 0 < counts.of < whole.of
        assert counts.template == counts.native == counts.of
