"""The golden tests of packages: build each, render its conversations, compare with what is kept."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..align.both_tokenizers import BothTokenizers
from ..align.image_places import Placed
from ..align.model_tokenizer import belongs, compare_with, model_tokenizer
from ..align.prompt_tokens import TokenComparison
from ..align.stress import findings as stress_findings
from ..align.stress import stress
from ..align.vocabulary_check import VocabularyCheck
from ..building.build import Build
from ..building.outside import check_outside
from ..building.sources import MISSING_FILE
from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity, has_errors
from ..core.errors import (
    GoTemplateError,
    KitError,
    MissingDependencyError,
    PromptError,
    StoppedError,
    TemplateReferenceError,
)
from ..core.files import read_file
from ..core.progress import told_steps
from ..gguf_file.vocabulary_name import vocabulary_name
from ..huggingface import Reference
from ..ollama.prompt import render_prompt
from ..reference_tokenizer.child import ReferenceChild
from ..reference_tokenizer.find import AUTO
from ..reference_tokenizer.reference import ReferenceTokenizer
from ..reference_tokenizer.token_text import token_bytes
from ..replies.reply_findings import cut_short
from ..replies.returned import reader, returned, returned_natively
from ..replies.spoken import spoken_replies
from ..report.model import Case, Status
from ..runtime.local import LocalTokenizer, open_tokenizer
from ..runtime.server_tokenizer import ServerTokenizer
from ..runtime.tokenizer import Tokenizer
from .golden import RenderedConversation, TokenText, compare_golden
from .golden_replies import NAME as REPLIES
from .golden_replies import compare_native, compare_replies, without_replies
from .golden_variants import variants_for_test
from .stand_in_file import MicroFiles

# Golden prompts that print today's date print this one, or they would differ every day.
DAY = datetime.datetime(2026, 1, 1)
# Generated texts that are compared with the original model's tokenizer; `check` takes ten times as many.
GENERATED = 1_000


def check_packages(
    packages: Sequence[Path],
    *,
    model: str | None = None,
    projector: str | None = None,
    tokenizer: str | None = None,
    variants: Collection[str] = (),
    micro: bool = False,
    update: bool = False,
    tokens: bool = True,
    note: Callable[[str], None] = lambda _: None,
    row: Callable[[dict[str, Any]], None] = lambda _: None,
) -> list[Case]:
    """The golden tests of package files; of several, each case is named after its package's folder.

    model, projector, tokenizer: stand-ins for the packages' own; micro: a micro model is the stand-in, of the
    shape that stand-in.yaml describes, or the micro GLM-4.1V; it stands for all variants.
    variants: tags of those that are wanted; all by default. row: is told a row of a table for each variant.
    update, tokens, note: as of `run_golden`. A package that cannot be built is a failed case.
    """
    cases: list[Case] = []
    with MicroFiles() as micro_files:
        names = told_steps("test", packages, lambda path: path.parent.name, len(packages))
        for package in names:
            prefix = f"{package.parent.name}/" if len(packages) > 1 else ""
            asked = "none" if micro and tokenizer is None else tokenizer
            try:
                files = micro_files.of(package) if micro else (model, projector)
                tested = variants_for_test(package, *files, chosen=() if micro else variants)
            except KitError as error:
                if error.exit_code != 1:
                    raise
                diagnostics = error.findings
                if not micro:
                    diagnostics = tuple(map(_with_micro, diagnostics))
                failed = Case("build", Status.FAILED, error.message, diagnostics=diagnostics)
                cases.append(replace(failed, name=prefix + failed.name))
                continue
            for one in tested:
                started = time.monotonic()
                found = one.cases or run_golden(
                    one.build,
                    folder=one.folder,
                    update=update,
                    tokens=tokens,
                    tokenizer=asked,
                    note=note,
                )
                cases += [replace(c, name=prefix + one.prefix + c.name) for c in found]
                if new := one.row(found, time.monotonic() - started):
                    row(new)
    return cases


def _with_micro(found: Diagnostic) -> Diagnostic:
    """A model that is missing need not be there for its prompts."""
    if found.code != MISSING_FILE or not found.message.startswith("`model`"):
        return found
    return replace(found, help=f"{found.help}; `--micro` compares the prompts without it")


def run_golden(
    built: Build,
    *,
    folder: Path | None = None,
    update: bool = False,
    tokens: bool = True,
    tokenizer: str | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> list[Case]:
    """Compares (or updates) the golden files of a built package.

    folder: where they are, by default the package's. tokens: also those, where there is a llama.cpp;
    tokenizer: the original model's own in place of the package's; note: is told which llama-server tells
    the tokens where llama-cpp-python is not installed, or that there is none. Nothing is updated for a
    package that takes texts from outside of its folder (MK536).
    """
    if update and (outside := check_outside(built.package)):
        refused = tuple(replace(found, severity=Severity.ERROR) for found in outside)
        return [Case("update", Status.FAILED, "nothing was written", diagnostics=refused)]
    asked = built.package.tokenizer if tokenizer is None else tokenizer
    with contextlib.ExitStack() as opened:
        engine = opened.enter_context(_tokenizer(built.files.model, tokens, note))
        own, compared = None, _NO_TOKENIZER
        if tokens:
            own, found = opened.enter_context(model_tokenizer(asked, built.files.model))
            compared = _compared(own, found, built, guessed=str(asked) == AUTO)
        own = own if belongs(compared.check) else None
        folder = built.package.as_named(built.package.golden_folder if folder is None else folder)
        cases = golden_cases(built, folder=folder, tokenizer=engine, own=own, update=update)
        cases += _reply_cases(built, folder, update)
        return [*cases, *_tokenizer_cases(compared, own, engine, built)]


def _reply_cases(built: Build, folder: Path, update: bool) -> list[Case]:
    """The golden replies, where what reads them is known here."""
    trip = built.round_trip()
    source = built.reference
    if built.plan.mode.chosen == "native" and source is not None:
        seen = built.native_replies()
        reference = Reference(source.text, bos_token=source.bos_token, eos_token=source.eos_token)
        replies = returned_natively(spoken_replies(reference, source.eos_token), trip)
        engine = trip.engine if trip is not None else ""
        return [compare_native(folder, replies, engine, seen.why_not, update=update)]
    if trip is None:
        why = "no chat template shows what the model writes, or the RENDERER of `target` is not known"
        return without_replies(folder, why, update=update)
    if cut := cut_short(trip):
        return [Case(REPLIES, Status.SKIPPED, cut[0].message, diagnostics=cut)]
    return [compare_replies(folder, reader(trip), returned(trip), update=update)]


@dataclass(frozen=True)
class _Compared:
    """The GGUF's vocabulary against the original model's tokenizer. check: None where there is none."""

    check: VocabularyCheck | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


_NO_TOKENIZER = _Compared()


def _compared(
    own: ReferenceChild | None, found: tuple[Diagnostic, ...], built: Build, *, guessed: bool
) -> _Compared:
    if own is None or built.files.vocabulary is None:
        return _Compared(None, found)
    return _Compared(*compare_with(own, built.files.vocabulary, built.files.model, guessed=guessed))


def _tokenizer_cases(
    compared: _Compared, own: ReferenceChild | None, engine: LocalTokenizer | None, built: Build
) -> Iterator[Case]:
    """The vocabularies, and the conversations' texts in both."""
    found = compared.diagnostics
    if compared.check is not None:
        status = Status.FAILED if has_errors(found) else Status.PASSED
        yield Case("tokenizer", status, compared.check.summary, diagnostics=found)
    elif found:
        yield Case("tokenizer", Status.SKIPPED, found[0].message, diagnostics=found)
    vocabulary = built.files.vocabulary
    if own is None or engine is None or vocabulary is None or built.reference is None:
        return
    both = BothTokenizers(vocabulary, engine, own)
    comparison = TokenComparison(both)
    for conversation in built.conversations():
        text = _expected(built, conversation)
        if text is not None:
            contents = [c for m in conversation.messages if isinstance(c := m.get("content"), str)]
            [ids] = engine.tokenize_many([text], add_bos=False)
            comparison.compare(conversation.id, ids, Placed(text, (text,)), contents)
    said = tuple(comparison.findings())
    status = Status.FAILED if has_errors(said) else Status.PASSED
    yield Case("tokens of the training", status, comparison.summary, diagnostics=said)
    stressed = stress(both, count=GENERATED)
    told = tuple(stress_findings(stressed, vocabulary.source))
    yield Case("generated texts", Status.PASSED, stressed.summary, diagnostics=told)


def _expected(built: Build, conversation: Conversation) -> str | None:
    """The chat template's text, None where it refuses the conversation."""
    tools, think = conversation.tools, conversation.think
    try:
        return built.expected(conversation.messages, tools=tools, think=think, now=DAY)
    except TemplateReferenceError:
        return None


@contextlib.contextmanager
def _tokenizer(model: Path, wanted: bool, note: Callable[[str], None]) -> Iterator[LocalTokenizer | None]:
    with contextlib.ExitStack() as stack:
        tokenizer = None
        if wanted:
            try:
                tokenizer = open_tokenizer(model)
                stack.callback(tokenizer.close)
                if isinstance(tokenizer, ServerTokenizer):
                    note(f"tokens are told by {tokenizer.engine}")
            except MissingDependencyError as error:
                note(f"only prompts are compared: {error.message}")
        yield tokenizer


def golden_cases(
    build: Build,
    *,
    folder: Path | None = None,
    tokenizer: Tokenizer | None,
    own: ReferenceChild | None = None,
    update: bool = False,
) -> list[Case]:
    """Compares (or updates) the golden files of a built package.

    folder: where they are, by default the package's.
    tokenizer: of the model's vocabulary; without one only the prompts are compared. own: the original model's
    own, None where there is none.
    Where a limit of the kit stops a rendering, these conversations fail, and nothing is compared or written.
    """
    renderer = build.plan.maker.renderer
    if renderer and build.renderer_prompts() is None:
        reason = f"RENDERER {renderer} of Ollama makes the prompts, which are not known for `target`"
        return [Case("conversations", Status.SKIPPED, reason)]
    rendered, stopped = [], []
    for conversation in build.conversations():
        try:
            rendered.append(_render(build, conversation))
        except StoppedError as limit:  # no refusal: nothing is known of the prompt
            stopped.append(Case(conversation.id, Status.FAILED, limit.message, diagnostics=limit.findings))
    if stopped:
        return stopped
    if tokenizer is not None:
        rendered = _tokenized(rendered, tokenizer, vocabulary_name(build.files.header))
    if own is not None and build.reference is not None:
        rendered = _by_own_tokenizer(rendered, build, own)
    cases = compare_golden(folder or build.package.golden_folder, rendered, update=update)
    if rendered and all(item.refused is not None for item in rendered):
        message = f"every conversation ({len(rendered)}) is refused: no prompt was compared"
        hint = (
            "add conversations that the chat template renders (conversations.json), or remove what it refuses"
        )
        found = Diagnostic("MK738", Severity.ERROR, message, help=hint)
        cases.append(Case("conversations", Status.FAILED, message, diagnostics=(found,)))
    return cases


def tokenizer_name(own: ReferenceTokenizer) -> str:
    """A name that is the same for the same files of a tokenizer: its kind and a digest."""
    digest = hashlib.sha256()
    for file in own.facts.files:
        path = Path(file)
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(read_file(path)).digest())
    return f"{own.facts.kind}-{digest.hexdigest()[:12]}"


def _render(build: Build, conversation: Conversation) -> RenderedConversation:
    messages = build.with_system(conversation.messages)
    tools, think = conversation.tools, conversation.think
    if rendered := build.renderer_prompts(now=DAY.date()):
        try:
            prompt = rendered.render(messages, tools=tools, think=think)
        except PromptError as error:
            return RenderedConversation(conversation.id, refused=error.message)
        return RenderedConversation(conversation.id, prompt=prompt)
    if build.template is None:
        return RenderedConversation(
            conversation.id, prompt=build.expected(conversation.messages, tools=tools, think=think, now=DAY)
        )
    try:
        prompt = render_prompt(
            build.template,
            messages,
            tools=tools,
            think=think,
            now=DAY,
            parser=build.plan.maker.parser or "",
            family=build.files.header.architecture,
        )
    except StoppedError:
        raise
    except (PromptError, GoTemplateError) as error:
        return RenderedConversation(conversation.id, refused=error.message)
    return RenderedConversation(conversation.id, prompt=prompt)


def _tokenized(
    rendered: Sequence[RenderedConversation], tokenizer: Tokenizer, vocabulary: str
) -> list[RenderedConversation]:
    texts = [r.prompt for r in rendered if r.prompt is not None]
    ids = iter(tokenizer.tokenize_many([t.encode("utf-8", "surrogateescape") for t in texts]))
    out = []
    for item in rendered:
        if item.prompt is None:
            out.append(item)
            continue
        mine = next(ids)
        pieces = [p.decode("utf-8", "backslashreplace") for p in tokenizer.pieces(mine)]
        tokens = tuple(TokenText(i, text) for i, text in zip(mine, pieces, strict=True))
        out.append(RenderedConversation(item.id, prompt=item.prompt, vocabulary=vocabulary, tokens=tokens))
    return out


def _by_own_tokenizer(
    rendered: Sequence[RenderedConversation], build: Build, own: ReferenceChild
) -> list[RenderedConversation]:
    """With the tokens of the chat template's text by the model's own tokenizer."""
    name = tokenizer_name(own)
    conversations = {c.id: c for c in build.conversations()}
    out = []
    for item in rendered:
        text = _expected(build, conversations[item.id]) if item.prompt is not None else None
        if text is None:
            out.append(item)
            continue
        ids = own.encode(text)
        pieces = [p.decode("utf-8", "backslashreplace") for p in token_bytes(own, ids)]
        tokens = tuple(TokenText(i, piece) for i, piece in zip(ids, pieces, strict=True))
        out.append(replace(item, own_tokenizer=name, own_tokens=tokens))
    return out
