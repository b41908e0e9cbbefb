"""Native mode held to the reference before anything is published.

Where no TEMPLATE is used, llama-server renders the GGUF's chat template with a Jinja engine of its own.
A prompt depends on the template, the texts of BOS and EOS and the request alone, so a micro model that
carries them stands in for the real one, and every conversation of the proof is put to it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ..core.conversation import CATEGORIES, Conversation
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import EngineError, UsageError
from ..core.listed import some
from ..gguf_file import StringArray, read_header
from ..gguf_file.patch import Scalar, patch
from ..gguf_file.vocabulary import Vocabulary
from ..micro import build_model, build_projector
from ..ollama.native import native_request
from ..ollama.prompt import PromptTemplate
from ..runtime.llama_server import MARKER, ChatTemplateRefusedError, LlamaServer, find_llama_server
from .comparison import Clock, Comparison, Difference, Prompter, RenderingLimitError
from .counting import Count, count_right
from .coverage import Hit, WatchedReference
from .findings import Counterexample, CutShort, Finding, NoMarker, Side, counterexample, diagnostic
from .native_constructs import MarkedReference, Unknown
from .prove import prove_prompts

DIFFERS = "MK522"
NOT_SEEN = "MK523"
NOT_KNOWN = "MK525"
SHOWN = 3  # constructs that are named; the rest are counted

GET_ONE = (
    "install Ollama 0.30 or later (it brings llama-server), or name one in MKMODELFILE_LLAMA_SERVER; "
    "`mkmodelfile verify` looks at the prompts on a server"
)

_NATIVE = Side("native", "llama-server")

NEIGHBOURS = tuple(
    Conversation(f"two {role} messages", tuple({"role": r, "content": c} for r, c in turns))
    for role, turns in {
        "user": (("user", "a"), ("user", "b")),
        "assistant": (("user", "a"), ("assistant", "b"), ("assistant", "c"), ("user", "d")),
    }.items()
)
"""Neighbours of one role, which only a TEMPLATE gets merged."""


def among_neighbours(comparison: Comparison) -> Iterator[Finding]:
    """The differences in conversations with neighbours of one role, or the limit that hid them."""
    try:
        for conversation in NEIGHBOURS:
            if difference := comparison.difference(conversation):
                yield Counterexample("chat", conversation, difference)
    except RenderingLimitError as limit:
        yield CutShort("chat", str(limit))


class TemplateWithTokens(Protocol):
    """A chat template and the tokens that it names; None for a token that the vocabulary lacks."""

    @property
    def text(self) -> str: ...
    @property
    def bos_token(self) -> str | None: ...
    @property
    def eos_token(self) -> str | None: ...


@dataclass(frozen=True)
class NativeProof:
    """What was seen of native mode.

    coverage: for each of chat, tools, thinking and images "exact", "partial", "unsupported" (llama-server
    does not take the template), "absent" or "unknown" (not looked at). engine: which llama-server, "" where
    none was there; conversations: how many were compared. diagnostics: where a prompt differs, with the
    conversation and both texts.
    why_not: why nothing could be compared, "" if something was. probes_right: whether the package's own
    conversations are all right. counts: for each kind, how many conversations the TEMPLATE and native mode
    get right; empty where they were not counted.
    """

    coverage: Mapping[str, str]
    engine: str = ""
    conversations: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    why_not: str = ""
    probes_right: bool = False
    counts: Mapping[str, Count] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether llama-server does not take the chat template at all: such a model does not load."""
        return "unsupported" in self.coverage.values()

    @property
    def looked(self) -> bool:
        """Whether any prompt was compared."""
        return not self.why_not

    def exact(self, kinds: Sequence[str] = CATEGORIES) -> frozenset[str]:
        """The kinds of conversations that are proven."""
        return frozenset(k for k in kinds if self.coverage.get(k) == "exact")


class NativePrompter:
    """A llama-server behind the interface of everything that renders requests, images as `[img-N]`."""

    steps = 0  # no TEMPLATE runs

    def __init__(self, server: LlamaServer, chat_template: str) -> None:
        self.server = server
        self.chat_template = chat_template

    @property
    def engine(self) -> str:
        """Which llama-server it is."""
        return f"{self.server.program.name} {self.server.build}".strip()

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        """The prompt of an /api/chat request; raises PromptError where llama-server refuses it."""
        body = native_request(self.chat_template, messages, tools=tools, think=think)
        first, *rest = self.server.apply_template(body).split(MARKER)
        return first + "".join(f"[img-{n}]{text}" for n, text in enumerate(rest))


class NativeComparison(Comparison):
    """Today's prompts of llama-server and of the reference.

    unknown: by kind of conversation, the constructs come to that are not known to be the same there.
    A conversation that ends with an answer is not compared: llama-server goes on writing that answer
    (tools/server/server-common.cpp, prefill), as Hugging Face does with continue_final_message, while the
    reference begins another one.
    """

    def __init__(self, reference: TemplateWithTokens, prompter: Prompter) -> None:
        watched = WatchedReference(
            reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token
        )
        clock = Clock()
        clock.now = datetime.now()
        super().__init__(watched, prompter, reference.bos_token or "", clock)
        self.marked = MarkedReference(
            reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token
        )
        self.unknown: dict[str, dict[Unknown, None]] = {}

    def beside(self, template: PromptTemplate) -> Comparison:
        """The same reference and the prompts of a TEMPLATE."""
        return Comparison(self.reference, template, self.bos_token, self.clock)

    def expected(self, conversation: Conversation) -> tuple[list[str], set[Hit], str | None]:
        """As for a TEMPLATE; nothing is expected of a conversation that ends with an answer."""
        texts, hits, refusal = super().expected(conversation)
        found = self.unknown.setdefault(conversation.category, {})
        if len(found) < len(self.marked.env.constructs):
            found.update(dict.fromkeys(self.marked.reached(conversation)))
        return ([], hits, None) if continues(conversation) else (texts, hits, refusal)

    def difference(
        self, conversation: Conversation, texts: Sequence[str] | None = None, refusal: str | None = None
    ) -> Difference | None:
        """As for a TEMPLATE; None for a conversation that ends with an answer."""
        return None if continues(conversation) else super().difference(conversation, texts, refusal)


def continues(conversation: Conversation) -> bool:
    """Whether llama-server takes the last message for the beginning of what it is to write."""
    return bool(conversation.messages) and conversation.messages[-1].get("role") == "assistant"


def prove_native(
    reference: TemplateWithTokens,
    kinds: Sequence[str],
    *,
    vocabulary: Vocabulary | None = None,
    probes: Sequence[Conversation] = (),
    template: PromptTemplate | None = None,
    span: Span | None = None,
) -> NativeProof:
    """Holds llama-server's rendering of a chat template to the reference.

    kinds: which of chat, tools, thinking and images are of interest; the others are "absent".
    vocabulary: the model's, for how it adds BOS. probes: the package's own conversations. template: the
    TEMPLATE that native mode would replace; then it is counted what each of the two gets right, unless native
    mode is exact. span: of the package's key, for findings.
    Never raises for what it finds: no llama-server, or one that fails, makes everything "unknown".
    """
    where = span or Span()
    try:
        with native_prompter(reference, vocabulary, images="images" in kinds) as prompter:
            return prove_with(prompter, reference, kinds, probes=probes, template=template, span=where)
    except (EngineError, UsageError) as e:
        return not_proven(e, kinds, where)


def not_proven(error: EngineError | UsageError, kinds: Sequence[str], span: Span) -> NativeProof:
    """What it means for native mode that llama-server could not be asked, or does not take the template."""
    if isinstance(error, ChatTemplateRefusedError):
        nothing = {k: "unsupported" if k in kinds else "absent" for k in CATEGORIES}
        finding = Diagnostic(error.code, Severity.ERROR, error.message, span, error.help)
        return NativeProof(nothing, "llama-server", diagnostics=(finding,))
    unknown = {k: "unknown" if k in kinds else "absent" for k in CATEGORIES}
    message = f"native mode was not compared with the chat template: {error.message}"
    finding = Diagnostic(NOT_SEEN, Severity.WARNING, message, span, error.help or GET_ONE)
    return NativeProof(unknown, diagnostics=(finding,), why_not=error.message)


@contextlib.contextmanager
def native_prompter(
    reference: TemplateWithTokens, vocabulary: Vocabulary | None, *, images: bool
) -> Iterator[NativePrompter]:
    """A llama-server that has this chat template, as long as it is needed.

    Raises EngineError where there is none or it fails, ChatTemplateRefusedError where it does not take the
    template, UsageError where the variable that names it is wrong.
    """
    program = find_llama_server()
    if program is None:
        raise EngineError("llama-server was not found on this machine", help=GET_ONE)
    with tempfile.TemporaryDirectory(prefix="modelfile-kit-") as folder:
        model, projector = write_carrier(Path(folder), reference, vocabulary, images=images)
        with LlamaServer(program, model, projector) as server:
            yield NativePrompter(server, reference.text)


def prove_with(
    prompter: NativePrompter,
    reference: TemplateWithTokens,
    kinds: Sequence[str],
    *,
    probes: Sequence[Conversation] = (),
    template: PromptTemplate | None = None,
    span: Span,
) -> NativeProof:
    """`prove_native` with a llama-server that runs already. Raises EngineError where it dies."""
    comparison = NativeComparison(reference, prompter)
    claimed = {k: "exact" if k in kinds else "absent" for k in CATEGORIES}
    proof = prove_prompts(comparison, eos_token=reference.eos_token, claimed=claimed)
    coverage = dict(proof.coverage)
    found: list[Finding] = [f for f in proof.findings if not isinstance(f, NoMarker)]
    if coverage["chat"] == "exact" and (merged := list(among_neighbours(comparison))):
        coverage["chat"] = "partial"
        found += merged
    doubts = []
    for kind in (k for k in CATEGORIES if coverage[k] == "exact" and comparison.unknown.get(k)):
        coverage[kind] = "partial"
        doubts.append(_doubtful(kind, comparison.unknown[kind], span))
    # "unsupported" is kept for a template that is not taken at all.
    coverage = {k: "partial" if v == "unsupported" else v for k, v in coverage.items()}
    told = (*(_in_words(f, span) for f in found), *doubts)
    try:
        right = bool(probes) and not any(comparison.difference(c) for c in probes)
    except RenderingLimitError:
        right = False  # not known to be
    runs, counts = comparison.runs, dict[str, Count]()
    if template is not None and any(coverage[k] != "exact" for k in kinds):
        counts = count_right(comparison.beside(template), comparison, kinds)
    return NativeProof(coverage, prompter.engine, runs, told, probes_right=right, counts=counts)


def kinds_of(chat_template: str, *, images: bool) -> tuple[str, ...]:
    """The kinds of conversations that a chat template knows; images: whether the package has a projector.

    Raises TemplateReferenceError for a source that is no chat template.
    """
    names = WatchedReference(chat_template, bos_token="", eos_token="").variables
    found = {
        "chat": True,
        "tools": "tools" in names or "tool_calls" in chat_template,
        "thinking": bool({"enable_thinking", "thinking", "reasoning_effort"} & names)
        or "reasoning_content" in chat_template,
        "images": images,
    }
    return tuple(kind for kind in CATEGORIES if found[kind])


def write_carrier(
    folder: Path, reference: TemplateWithTokens, vocabulary: Vocabulary | None, *, images: bool
) -> tuple[Path, Path | None]:
    """A micro model with this chat template and these special tokens, and a projector for images."""
    ends = {"bos": reference.bos_token, "eos": reference.eos_token}
    extra = [t for t in ends.values() if t]
    model = build_model(folder / "carrier.gguf", chat_template=reference.text, extra_tokens=extra)
    tokens = read_header(model).metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, StringArray)
    ids = {t: i for i, t in enumerate(tokens)}
    changes: dict[str, Scalar | None] = {
        f"tokenizer.ggml.{kind}_token_id": ids[text] if text else None for kind, text in ends.items()
    }
    if vocabulary is not None:
        changes["tokenizer.ggml.add_bos_token"] = bool(vocabulary.add_bos and reference.bos_token)
    patch(model, model, changes)
    return model, build_projector(folder / "eyes.gguf") if images else None


def _in_words(found: Finding, span: Span) -> Diagnostic:
    """A finding about native mode: a prompt that differs, or a reason why nothing is proven."""
    if isinstance(found, Counterexample):
        return Diagnostic(
            DIFFERS,
            Severity.WARNING,
            f"native mode, {counterexample(found, _NATIVE)}",
            span,
            "llama-server's Jinja engine does not render this as the model was trained; use a TEMPLATE for "
            "such conversations (`mode: go`)",
        )
    told = diagnostic(found)
    return Diagnostic(NOT_KNOWN, Severity.WARNING, f"native mode, {told.message}", span, told.help)


def _doubtful(kind: str, unknown: Collection[Unknown], span: Span) -> Diagnostic:
    in_order = sorted(unknown, key=lambda u: u.line)
    named = some([f"`{u.text}` (line {u.line})" for u in in_order], SHOWN)
    return Diagnostic(
        NOT_KNOWN,
        Severity.WARNING,
        f"native mode, {kind}: no difference was found, but nothing says that llama.cpp's Jinja engine does "
        f"the same as Jinja2 for every text in {named}",
        span,
        "so it is not claimed to be exact; golden tests and `verify` check conversations of your own",
    )
