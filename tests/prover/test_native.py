"""Native mode held to the reference, with a stand-in; the real engine is asked in tests/integration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from modelfile_kit.building.sources import ModelTemplate
from modelfile_kit.core.diagnostics import Severity, Span
from modelfile_kit.core.errors import EngineError, PromptError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.prover import native
from modelfile_kit.prover.native import NativePrompter, kinds_of, prove_native, prove_with, write_carrier
from modelfile_kit.runtime.llama_server import MARKER, ChatTemplateRefusedError

JINJA = (
    "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if tools %}{{ tools[0].function.name }}{% endif %}<|assistant|>"
)
REFERENCE = ModelTemplate(JINJA, "gguf", "<|bos|>", "<|eos|>")


class StandIn(NativePrompter):
    """Renders by the reference and changes it, or refuses a word."""

    def __init__(self, change: Callable[[str], str] = str, refuse: str = "what no probe says") -> None:
        self.change, self.refuse = change, refuse

    @property
    def engine(self) -> str:
        return "stand-in 1"

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        if any(self.refuse in str(m.get("content")) for m in messages):
            raise PromptError("no such word")
        return self.change(REFERENCE.render(messages, tools=tools, think=think))


def test_right() -> None:
    found = prove_with(StandIn(), REFERENCE, ["chat", "tools"], span=Span())
    assert found.coverage == {"chat": "exact", "tools": "exact", "thinking": "absent", "images": "absent"}
    assert found.exact() == {"chat", "tools"}
    assert (found.engine, found.diagnostics, found.looked, found.refused) == ("stand-in 1", (), True, False)
    assert found.conversations > 20


def test_equal_prompts_are_no_proof_where_texts_may_be_treated_otherwise() -> None:
    sorts = "{% if tools %}{{ tools | tojson }}{% endif %}{{ messages[0].content.split() | join(' ') }}"
    reference = ModelTemplate(sorts, "gguf")

    class Equal(StandIn):
        def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
            return reference.render(messages, tools=tools, think=think)

    found = prove_with(Equal(), reference, ["chat"], span=Span())
    assert found.coverage["chat"] == "partial"
    [finding] = found.diagnostics
    assert finding.code == "MK525"
    assert "split()" in finding.message and "tojson" not in finding.message


def test_a_missing_or_doubled_bos_is_left_aside_as_elsewhere() -> None:
    bare = StandIn(lambda text: text.removeprefix("<|bos|>"))
    assert prove_with(bare, REFERENCE, ["chat"], span=Span()).exact() == {"chat"}


def apart(text: str) -> str:
    """As an engine would that merges neighbours."""
    return text.replace("<|user|>a<|user|>b", "<|user|>a\n\nb")


@pytest.mark.parametrize(
    ("prompter", "shown"),
    [
        (StandIn(lambda text: text.replace("<|user|>", "<|human|>")), "  native:    "),
        (StandIn(refuse="{{"), "no such word"),
        (StandIn(apart), "  native:    "),
    ],
    ids=["another text", "refused", "neighbours merged"],
)
def test_what_differs_is_told_with_both_texts(prompter: StandIn, shown: str) -> None:
    found = prove_with(prompter, REFERENCE, ["chat"], span=Span("p.yaml", 2))
    assert found.coverage["chat"] == "partial"
    [finding] = found.diagnostics
    assert (finding.code, finding.severity, str(finding.span)) == ("MK522", Severity.WARNING, "p.yaml:2")
    assert shown in finding.message and "native mode, chat:" in finding.message


def test_a_conversation_that_ends_with_an_answer_is_not_compared() -> None:
    class Continues(StandIn):
        def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
            text = super().render(messages, tools=tools, think=think)
            return text.removesuffix("<|assistant|>") if messages[-1]["role"] == "assistant" else text

    assert prove_with(Continues(), REFERENCE, ["chat"], span=Span()).exact() == {"chat"}


def test_a_template_that_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise ChatTemplateRefusedError("Unknown filter", "")

    monkeypatch.setattr(native, "native_prompter", refuse)
    found = prove_native(REFERENCE, ["chat"])
    assert found.refused and found.looked
    assert found.coverage["chat"] == "unsupported"
    assert [(d.code, d.severity) for d in found.diagnostics] == [("MK736", Severity.ERROR)]


def test_without_a_llama_server_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "find_llama_server", lambda: None)
    found = prove_native(REFERENCE, ["chat", "tools"])
    assert found.coverage == {"chat": "unknown", "tools": "unknown", "thinking": "absent", "images": "absent"}
    assert not found.looked and found.exact() == frozenset()
    [finding] = found.diagnostics
    assert finding.code == "MK523" and "MKMODELFILE_LLAMA_SERVER" in finding.help


def test_a_variable_that_names_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKMODELFILE_LLAMA_SERVER", "/nowhere")
    found = prove_native(REFERENCE, ["chat"])
    assert "/nowhere" in found.diagnostics[0].message


def test_an_engine_that_dies_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dies(StandIn):
        def render(self, *_: Any, **__: Any) -> str:
            raise EngineError("it died", help="start it again")

    class Opened:
        def __enter__(self) -> Dies:
            return Dies()

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(native, "native_prompter", lambda *_, **__: Opened())
    found = prove_native(REFERENCE, ["chat"])
    assert (found.why_not, found.diagnostics[0].help) == ("it died", "start it again")


def test_images_are_tags_in_their_order() -> None:
    class Server:
        def apply_template(self, body: Any) -> str:
            return f"a{MARKER}b{MARKER}"

    prompter = NativePrompter(Server(), JINJA)  # type: ignore[arg-type]
    assert prompter.render([{"role": "user", "content": "x", "images": 2}]) == "a[img-0]b[img-1]"


def test_the_carrier_has_the_template_and_the_tokens(tmp_path: Any) -> None:
    model, projector = write_carrier(tmp_path, REFERENCE, None, images=False)
    metadata = read_header(model).metadata
    tokens: Any = metadata["tokenizer.ggml.tokens"]
    assert metadata["tokenizer.chat_template"] == JINJA
    ends = [tokens[metadata[f"tokenizer.ggml.{kind}_token_id"]] for kind in ("bos", "eos")]
    assert (ends, projector) == (["<|bos|>", "<|eos|>"], None)
    bare, eyes = write_carrier(tmp_path, ModelTemplate(JINJA, "gguf", None, None), None, images=True)
    assert "tokenizer.ggml.bos_token_id" not in read_header(bare).metadata
    assert eyes is not None and read_header(eyes).architecture == "clip"


@pytest.mark.parametrize(
    ("source", "images", "kinds"),
    [
        ("{{ messages[0].content }}", False, ("chat",)),
        ("{{ messages[0].content }}", True, ("chat", "images")),
        ("{{ tools }}{{ enable_thinking }}", False, ("chat", "tools", "thinking")),
        (
            "{{ messages[0].tool_calls }}{{ messages[0].reasoning_content }}",
            False,
            ("chat", "tools", "thinking"),
        ),
    ],
)
def test_kinds(source: str, images: bool, kinds: tuple[str, ...]) -> None:
    assert kinds_of(source, images=images) == kinds
