"""Every probe conversation of a package: the prompt that Ollama would send against the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from ..building.unproven_images import no_images
from ..core.conversation import Conversation, Message, Tool, image_count
from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import GoTemplateError, KitError, PromptError, StoppedError, TemplateReferenceError
from ..core.progress import told_steps
from ..core.step_account import steps_for_messages
from ..gotemplate import LimitError
from ..huggingface import Reference, TemplateLimitError
from ..ollama.conversation_rules import with_system
from ..ollama.prompt import PromptTemplate
from ..ollama.prompt_ends import PromptEnds
from ..ollama.renderer_prompt import RendererPrompts
from ..prover.image_text import has_images
from ..prover.refusals import in_words
from ..runtime.tokenizer import Tokenizer, spell_out
from ..runtime.vocabulary_info import as_llama_server_gets_it
from ..vision.ask_colour import ColourAnswer
from .bos_eos import bos_and_eos, ends_by_llama_cpp, set_aside
from .both_tokenizers import BothTokenizers
from .causes import PromptPair, explain, split_tokens
from .compare import Alignment, EveryToken, Token, byte_difference, compare_tokens
from .diff import hunks
from .image_places import (
    NO_IMAGES,
    Placed,
    Wrapper,
    place_prompt,
    place_reference,
    reference_mark,
    unit_of,
)
from .prompt_tokens import PromptTokens, TokenComparison
from .vocabulary_check import VocabularyCheck

Status = Literal["ok", "mismatch", "refused"]


@dataclass(frozen=True)
class ConversationCheck:
    """One probe.

    status: "ok" (bytes and tokens agree, one leading BOS aside), "mismatch", or "refused" (one of the
    two sides does not take this conversation, or it was not compared: a limit of the kit's ended its
    rendering, or `uncompared` says why). prompt: what Ollama sends; reference: what the chat template
    renders, images shown as `[img-N]`; None where that side refused. alignment: the comparison, None
    without both sides; its token counts are 0 where no tokenizer took part. own_tokens: the same in tokens
    of the model's own tokenizer, None where there is none. tokens: every token of the prompt and of the
    reference, where they were asked for.
    """

    id: str
    category: str
    status: Status
    prompt: str | None = None
    reference: str | None = None
    alignment: Alignment | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    own_tokens: PromptTokens | None = None
    tokens: tuple[tuple[Token, ...], tuple[Token, ...]] | None = None
    uncompared: str = ""

    @property
    def stopped(self) -> bool:
        """Whether a limit of the kit's ended the rendering, so that neither side refuses anything."""
        return any(d.code in (LimitError.code, TemplateLimitError.code) for d in self.diagnostics)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "id": self.id,
            "category": self.category,
            "status": self.status,
            "prompt": self.prompt,
            "reference": self.reference,
            "alignment": self.alignment.to_dict() if self.alignment else None,
            "own_tokens": self.own_tokens.to_dict() if self.own_tokens else None,
            "uncompared": self.uncompared,
            "diagnostics": [d.to_dict() for d in self.diagnostics],
        }


@dataclass(frozen=True)
class CheckReport:
    """All probes of a package.

    diagnostics: what concerns the package as a whole; tokens: whether a tokenizer took part; sights: what
    the embedded engine answered to test images, empty where it was not asked; vocabulary: the GGUF's beside
    that of the model's own tokenizer, None where there is none to compare with. kinds, own_kinds: the type of
    every token of the GGUF's vocabulary and of the model's own tokenizer, where the tokens were asked for.
    engine: the llama.cpp that told the tokens, "" for none.
    """

    conversations: tuple[ConversationCheck, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    tokens: bool = False
    sights: tuple[ColourAnswer, ...] = ()
    vocabulary: VocabularyCheck | None = None
    kinds: Sequence[str] = ()
    own_kinds: Sequence[str] = ()
    engine: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is no error anywhere."""
        return not has_errors(self.all_diagnostics)

    @property
    def all_diagnostics(self) -> tuple[Diagnostic, ...]:
        """The package's findings, then each conversation's with the conversation named."""
        named = (
            replace(d, message=f"conversation {c.id!r}: {d.message}")
            for c in self.conversations
            for d in c.diagnostics
        )
        return (*self.diagnostics, *named)

    def counts(self) -> dict[str, int]:
        """How many conversations have each status."""
        found = {"ok": 0, "mismatch": 0, "refused": 0}
        for c in self.conversations:
            found[c.status] += 1
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "ok": self.ok,
            "tokens": self.tokens,
            "engine": self.engine,
            "counts": self.counts(),
            "conversations": [c.to_dict() for c in self.conversations],
            "sights": [vars(s) for s in self.sights],
            "vocabulary": self.vocabulary.to_dict() if self.vocabulary else None,
            "diagnostics": [d.to_dict() for d in self.diagnostics],
        }


class Expected(Protocol):
    """The prompt that the engine should get for a conversation (`Build.expected_of_all`)."""

    def __call__(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] | None = None,
        think: bool | str | None = None,
    ) -> str: ...


@dataclass(frozen=True)
class PromptSources:
    """What is checked.

    template: the Go TEMPLATE; None where the GGUF's own chat template is used natively. native: renders a
    request as llama-server does then, None where no llama-server is there. chat_template: the
    Jinja text it is to equal. bos_token, eos_token: their texts, None where the vocabulary has none.
    system, first: the package's SYSTEM and MESSAGEs. parser, renderer: its own. wrapper: what libmtmd writes
    around an image. rendered: the renderer's prompts, None where they are not known. expected: what the
    engine is meant to get, where a package adds texts on purpose; what is added is one warning.
    ends: what the engine adds around prompts, None to ask llama.cpp alone. model: the
    GGUF's name, for advice. place: of the chat template, for findings about it.
    """

    template: str | None
    chat_template: str
    bos_token: str | None = ""
    eos_token: str | None = ""
    system: str = ""
    wrapper: Wrapper = field(default_factory=Wrapper)
    expected: Expected | None = None
    native: Expected | None = None
    ends: PromptEnds | None = None
    model: str = "MODEL"
    first: tuple[Message, ...] = ()
    parser: str = ""
    renderer: str = ""
    rendered: RendererPrompts | None = None
    place: Span | None = None


def check_prompts(
    subject: PromptSources,
    conversations: Iterable[Conversation],
    *,
    tokenizer: Tokenizer | None = None,
    both: BothTokenizers | None = None,
    keep_tokens: bool = False,
) -> CheckReport:
    """Checks every conversation; without a tokenizer only the bytes are compared.

    both: that tokenizer beside the model's own; then the tokens of the two are compared too. keep_tokens:
    keeps every token with its text, not only those around a difference.
    Raises TemplateReferenceError for a chat template that does not compile, GoTemplateError for a
    TEMPLATE that does not, EngineError where the tokenizer fails.
    """
    checker, asked = _Checker(subject, tokenizer, both, keep_tokens), tuple(conversations)
    first = len(subject.first) + bool(subject.system)
    with steps_for_messages(sum(first + len(c.messages) for c in asked)):
        told = told_steps("compare", asked, lambda c: c.id, len(asked))
        checks = tuple(map(checker.check, told))
    found = (*nothing_compared(checks), *checker.package_findings())
    return CheckReport(checks, found, tokenizer is not None)


def nothing_compared(checks: Sequence[ConversationCheck]) -> list[Diagnostic]:
    """The error where both sides refuse every conversation: agreement that proves nothing."""
    if not checks or any(c.prompt is not None or c.reference is not None for c in checks):
        return []
    message = f"both sides refuse every conversation ({len(checks)}): nothing was compared"
    return [Diagnostic(NOTHING_COMPARED, Severity.ERROR, message, help=_REFUSED_HELP)]


NOTHING_COMPARED = "MK738"
_REFUSED_HELP = (
    "every chat would be an error; each conversation's reason is with it. Add conversations that the chat "
    "template renders (conversations.json), or use another chat template"
)
_NATIVE = Diagnostic(
    "MK523",
    Severity.WARNING,
    "native mode was not checked: no llama-server was found, so only the tokens of the chat template's own "
    "prompt are checked",
    help="`mkmodelfile verify` compares the prompts on a server",
)


RENDERED = (
    "a renderer is code of Ollama that no package can change: `mode: auto` takes what is proven for most, "
    "`mode: go` a TEMPLATE"
)


def _by_renderer(name: str) -> Diagnostic:
    return Diagnostic(
        "MK529",
        Severity.WARNING,
        f"the prompts were not checked: RENDERER {name} of Ollama makes them, so only the tokens of the chat "
        "template's own prompt are checked",
        help="`mkmodelfile verify` compares the prompts on a server",
    )


class _Checker:
    def __init__(
        self,
        subject: PromptSources,
        tokenizer: Tokenizer | None,
        both: BothTokenizers | None,
        keep_tokens: bool,
    ) -> None:
        self.subject = subject
        self.tokenizer = tokenizer
        self.kept = EveryToken(tokenizer) if tokenizer is not None and keep_tokens else None
        self.now = datetime.now()  # one clock for both sides
        self.template: PromptTemplate | RendererPrompts | None = subject.rendered
        if subject.template is not None:
            self.template = PromptTemplate(subject.template, now=self.now.date(), parser=subject.parser)
        self.reference = Reference(
            subject.chat_template, bos_token=subject.bos_token, eos_token=subject.eos_token
        )
        mark, self.unmarked = None, None
        try:
            mark = reference_mark(self.reference)
        except TemplateLimitError as limit:
            self.unmarked = limit  # where an image stands is not known, so none of those can be compared
        self.unit = unit_of(mark, subject.wrapper) if mark else None
        self.blind = mark is None and self.unmarked is None and not has_images(self.reference)
        self.unproven = False  # whether a conversation has images that the chat template does not know
        self.own: TokenComparison | None = None
        if both and tokenizer:
            self.own = TokenComparison(both, subject.wrapper, self.unit or "")
        self.ends = subject.ends or (
            ends_by_llama_cpp(tokenizer) if tokenizer else PromptEnds(subject.bos_token or "")
        )
        self.split: dict[Diagnostic, None] = {}
        self.added: dict[str, tuple[int, str]] = {}
        self.spelled: dict[str, list[tuple[int, str]]] = {}

    def check(self, conversation: Conversation) -> ConversationCheck:
        """One conversation. Where a request says nothing of thinking, servers turn it on if the model can:
        then both prompts of the chat template are right, the one without the flag and the one with it."""
        known = dict(self.split), dict(self.added)
        found = self.check_as_asked(conversation)
        if found.status == "ok" or conversation.think is not None or not self.thinks:
            return self.by_own_tokenizer(conversation, found)
        before = self.split, self.added
        self.split, self.added = known
        thinking = self.check_as_asked(replace(conversation, think=True))
        if thinking.status == "ok":
            return self.by_own_tokenizer(conversation, thinking)
        self.split, self.added = before
        return self.by_own_tokenizer(conversation, found)

    def by_own_tokenizer(self, conversation: Conversation, found: ConversationCheck) -> ConversationCheck:
        """The same with the tokens of the model's own tokenizer beside those of the engine."""
        if self.own is None or found.prompt is None or found.reference is None or found.status == "refused":
            return found
        assert self.tokenizer is not None
        messages = with_system(conversation.messages, self.subject.system, self.subject.first)
        images = sum(image_count(m) for m in messages)
        sides = place_prompt(found.prompt, images), place_prompt(found.reference, images)
        contents = [c for m in messages if isinstance(c := m.get("content"), str)]
        ids = self.prompt_ids(sides[0], self.tokenizer)
        return replace(found, own_tokens=self.own.compare(conversation.id, ids, sides[1], contents))

    @property
    def thinks(self) -> bool:
        """Whether servers turn thinking on by themselves."""
        return self.template is not None and "thinking" in self.template.capabilities

    def check_as_asked(self, conversation: Conversation) -> ConversationCheck:
        messages = with_system(conversation.messages, self.subject.system, self.subject.first)
        original = self.original(messages, conversation)
        meant = self.meant(messages, conversation) if self.subject.expected else original
        prompt = self.prompt(messages, conversation, meant)
        if isinstance(prompt, KitError) or isinstance(meant, KitError):
            return _refused(conversation, prompt, meant)
        images = sum(image_count(m) for m in messages)
        if images and self.unmarked is not None:
            return _refused(conversation, prompt, self.unmarked)
        if images and self.blind:
            self.unproven = True
            return ConversationCheck(
                conversation.id, conversation.category, "refused", prompt, uncompared=NO_IMAGES
            )
        seen = self.template is not None or self.subject.native is not None
        ours = place_prompt(prompt, images) if seen else None
        theirs = place_reference(meant, self.unit, images)
        alignment, findings = self.compare(ours or theirs, theirs, messages)
        tokens = None
        if self.kept is not None and self.tokenizer is not None:
            tokens = (
                self.kept.of(self.prompt_ids(ours or theirs, self.tokenizer)),
                self.kept.of(self.reference_ids(theirs, self.tokenizer)),
            )
        if isinstance(original, str):
            self.note_added(conversation, meant, original)
        return ConversationCheck(
            conversation.id,
            conversation.category,
            "mismatch" if has_errors(findings) else "ok",
            (ours or theirs).text,
            theirs.text,
            alignment,
            findings,
            tokens=tokens,
        )

    def prompt(
        self, messages: Sequence[Message], conversation: Conversation, meant: str | KitError
    ) -> str | KitError:
        render = self.template.render if self.template else self.subject.native
        if render is None or isinstance(meant, TemplateLimitError):
            return meant  # there is nothing to compare with it
        try:
            text = render(messages, tools=conversation.tools, think=conversation.think)
            # Where the engine adds BOS, the server drops the renderer's own.
            own = self.subject.rendered.bos if self.subject.rendered and self.ends.strips else ""
            return text.removeprefix(own)
        except (PromptError, GoTemplateError) as e:
            return e

    def original(self, messages: Sequence[Message], conversation: Conversation) -> str | KitError:
        try:
            return self.reference.render(
                messages, tools=conversation.tools, think=conversation.think, now=self.now
            )
        except TemplateReferenceError as e:
            return e

    def meant(self, messages: Sequence[Message], conversation: Conversation) -> str | KitError:
        assert self.subject.expected is not None
        try:
            return self.subject.expected(messages, tools=conversation.tools, think=conversation.think)
        except TemplateReferenceError as e:
            return e

    def note_added(self, conversation: Conversation, meant: str, original: str) -> None:
        """Remembers what the package adds on purpose, which is said once for all conversations."""
        if meant == original:
            return
        first = hunks(meant, original)[0]
        count = 0
        if self.tokenizer:
            ours, theirs = self.tokenizer.tokenize_many([meant, original], add_bos=False)
            count = len(ours) - len(theirs)
        self.added[conversation.id] = (count, first.extra)

    def package_findings(self) -> tuple[Diagnostic, ...]:
        """What concerns the package as a whole, known once every conversation has been checked."""
        found = [*self.split, *(self.own.findings() if self.own else ())]
        if self.added:
            found.insert(0, _added(self.added, self.tokenizer is not None))
        if self.subject.renderer and self.template is None:
            found.insert(0, _by_renderer(self.subject.renderer))
        elif self.template is None and self.subject.native is None:
            found.insert(0, _NATIVE)
        if self.unproven:
            found.append(no_images(self.subject.place))
        return tuple(found)

    def compare(
        self, ours: Placed, theirs: Placed, messages: Sequence[Message]
    ) -> tuple[Alignment, tuple[Diagnostic, ...]]:
        findings = [_misplaced(ours, _OURS)] if ours.problem else []
        findings += [_misplaced(theirs, _THEIRS)] if theirs.problem else []
        prompt, reference = set_aside(ours.text, theirs.text, self.ends)
        pair = PromptPair(
            prompt, reference, messages, self.spell if self.tokenizer else None, self.subject.wrapper
        )
        if not findings:
            findings.extend(explain(pair))
        if self.subject.rendered is not None:
            findings = [replace(d, help=RENDERED) if d.severity is Severity.ERROR else d for d in findings]
        self.split.update(dict.fromkeys(split_tokens(pair)))
        if self.tokenizer is None:
            return _bytes_only(prompt, reference), tuple(findings)
        a, b = self.prompt_ids(ours, self.tokenizer), self.reference_ids(theirs, self.tokenizer)
        ends = bos_and_eos(a, b, self.tokenizer, self.ends, self.subject.model)
        if any(d.code == "MK703" and d.severity is Severity.WARNING for d in ends):
            a = a[1:]
        alignment = compare_tokens(prompt, reference, a, b, self.tokenizer)
        return alignment, (*findings, *ends)

    def prompt_ids(self, placed: Placed, tokenizer: Tokenizer) -> list[int]:
        """Tokens as llama-server makes them: each text around an image by itself (mtmd.cpp)."""
        info = tokenizer.info
        first = as_llama_server_gets_it(placed.segments[0], info)
        if len(placed.segments) == 1:
            return tokenizer.tokenize_many([first])[0]
        ids = self._with_images((first, *placed.segments[1:]), tokenizer)
        if info.add_bos and info.bos is not None:
            ids.insert(0, info.bos)
        if info.add_eos and info.eos is not None:
            ids.append(info.eos)
        return ids

    def reference_ids(self, placed: Placed, tokenizer: Tokenizer) -> list[int]:
        """Tokens as Hugging Face makes them: nothing added to what the chat template renders."""
        return self._with_images(placed.segments, tokenizer)

    def _with_images(self, segments: Sequence[str], tokenizer: Tokenizer) -> list[int]:
        wrapper = self.subject.wrapper
        *texts, begin, end = tokenizer.tokenize_many([*segments, wrapper.begin, wrapper.end], add_bos=False)
        ids = list(texts[0])
        for n, text in enumerate(texts[1:]):
            ids += [*begin, -1 - n, *end, *text]
        return ids

    def spell(self, text: str) -> list[tuple[int, str]]:
        """`spell_out`, remembered."""
        assert self.tokenizer is not None
        if text not in self.spelled:
            self.spelled[text] = spell_out(text, self.tokenizer)
        return self.spelled[text]


def _added(added: Mapping[str, tuple[int, str]], counted: bool) -> Diagnostic:
    ident, (count, text) = next(iter(added.items()))
    tokens = f"{count} tokens in conversation {ident!r}, {sum(n for n, _ in added.values())} in all"
    return Diagnostic(
        "MK302",
        Severity.WARNING,
        f"the package adds text that the chat template does not have ({text!r}; {len(added)} conversations"
        + (f"; {tokens})" if counted else ")"),
        help="remove `end_token`, `image.separator` and `system_in`, unless the model was trained with "
        "that text",
    )


_OURS = (
    "Ollama puts [img-N] before a message's text: write .Content of every message that has images in the "
    "TEMPLATE, in order"
)
_THEIRS = (
    "the chat template has no one text for each image here, so the places of images cannot be compared: see "
    "the page of the model's maker, and use `mkmodelfile publish`, which asks about test images"
)


def _misplaced(placed: Placed, way_out: str) -> Diagnostic:
    return Diagnostic("MK249", Severity.ERROR, placed.problem, help=way_out)


def _bytes_only(prompt: str, reference: str) -> Alignment:
    difference = byte_difference(prompt, reference)
    return Alignment(difference is None, difference, None, (), (), 0, 0)


def _refused(
    conversation: Conversation, prompt: str | KitError, reference: str | KitError
) -> ConversationCheck:
    ours, theirs = isinstance(prompt, KitError), isinstance(reference, KitError)
    limit = next((e for e in (prompt, reference) if isinstance(e, StoppedError)), None)
    if limit is not None:
        # the kit's own limit: neither side refuses anything
        finding = Diagnostic(
            limit.code, Severity.WARNING, f"not compared: {limit.message}", limit.span, limit.help
        )
    elif ours and theirs:
        finding = Diagnostic(
            "MK211",
            Severity.INFO,
            f"both sides refuse this conversation: Ollama: {in_words(str(prompt))}; "
            f"the chat template: {reference}",
        )
    elif ours:
        assert isinstance(prompt, KitError)
        severe = Severity.ERROR if conversation.category == "chat" else Severity.WARNING
        finding = Diagnostic(
            "MK730",
            severe,
            f"Ollama refuses this conversation, the chat template renders it: {in_words(prompt.message)}",
            help=prompt.help or "support it in the TEMPLATE, or do not send such conversations to this model",
        )
    else:
        assert isinstance(reference, KitError)
        finding = Diagnostic(
            "MK211",
            Severity.INFO,
            f"the chat template refuses this conversation, Ollama sends it: {reference.message}",
            help="the model was not trained on such conversations; its answers may be poor",
        )
    return ConversationCheck(
        conversation.id,
        conversation.category,
        "refused",
        prompt if isinstance(prompt, str) else None,
        reference if isinstance(reference, str) else None,
        None,
        (finding,),
    )
