"""Templates that no conversation renders: which side fails, and how often the slow one is asked."""

from __future__ import annotations

from typing import Any

from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.prover.comparison import Clock, Comparison
from modelfile_kit.prover.conversations.plain import Candidate, message, probe
from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.findings import AlwaysFails, AlwaysRefused
from modelfile_kit.prover.usable import never_renders

ALL = "{% for m in messages %}{{ m.content }}{% endfor %}"
REFUSES_DOGS = "{% if messages[0].content == 'dog' %}{{ raise_exception('no dogs') }}{% endif %}" + ALL
GO = "{{ range .Messages }}{{ .Content }}{{ end }}"
FAILS_FOR_CATS = """{{ range .Messages }}{{ if eq .Content "cat" }}{{ slice "" 9 }}{{ end }}
{{- .Content }}{{ end }}"""


class Counting(WatchedReference):
    asked = 0

    def render(self, *args: Any, **kwargs: Any) -> str:
        self.asked += 1
        return super().render(*args, **kwargs)


def probes(*texts: str) -> list[Candidate]:
    return [probe(text, [message("user", text)], category="chat") for text in texts]


def asked(jinja: str, go: str, *texts: str) -> tuple[Any, int]:
    """What is found, and how often the chat template was rendered."""
    reference = Counting(jinja, bos_token="", eos_token="")
    comparison = Comparison(reference, PromptTemplate(go), "", Clock())
    return never_renders(comparison, probes(*texts), lambda: ""), reference.asked


def test_one_that_renders_on_both_sides_is_enough() -> None:
    assert asked(ALL, GO, "cat", "dog") == (None, 1)
    assert asked(ALL, FAILS_FOR_CATS, "cat", "dog", "bird") == (None, 2)


def test_the_chat_template_is_rendered_once_where_the_template_always_fails() -> None:
    found, count = asked(ALL, FAILS_FOR_CATS, *["cat"] * 30)
    assert isinstance(found, AlwaysFails)
    assert count == 1


def test_what_only_one_side_renders_is_not_enough() -> None:
    found, count = asked(REFUSES_DOGS, FAILS_FOR_CATS, "dog", "cat", "dog", "cat")
    assert isinstance(found, AlwaysFails)
    assert count == 3  # not for the second cat, on which the TEMPLATE fails anyway


def test_a_chat_template_that_refuses_all() -> None:
    found, count = asked(REFUSES_DOGS, GO, "dog", "dog")
    assert isinstance(found, AlwaysRefused)
    assert "no dogs" in found.reason
    assert count == 2


def test_a_limit_says_nothing() -> None:
    endless = "{% for i in range(1000) %}{% for j in range(1000) %}{{ j }}{% endfor %}{% endfor %}"
    assert asked(endless, FAILS_FOR_CATS, "cat", "cat") == (None, 1)
