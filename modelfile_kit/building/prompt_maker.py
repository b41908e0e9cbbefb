"""Who makes the prompts and who reads the replies: PARSER and RENDERER, and what is proven beside them.

This is the one place where `parser: auto` and `renderer: auto` get their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..compiler import Compiled
from ..core.diagnostics import Diagnostic, Severity, Span
from ..ollama.builtin import PARSERS, RENDERERS
from ..ollama.versions import SINCE, Version, version_text
from ..package.package import Package
from ..package.prompt_maker import WORDS

BY_RENDERER = "MK529"
BY_PARSER = "MK530"


@dataclass(frozen=True)
class PromptMaker:
    """What is written as PARSER and RENDERER; None where the Modelfile has none.

    proven: what `build` knows about prompts and replies, for the report; diagnostics: what it does not know.
    replies: what comes back with a RENDERER, as in `Compiled.replies`; None where that is not known.
    """

    parser: str | None = None
    renderer: str | None = None
    proven: str = "prompts: as `template` says; replies: by the TEMPLATE's tags, or by llama-server"
    diagnostics: tuple[Diagnostic, ...] = ()
    replies: Mapping[str, str] | None = None


def asked_mode(package: Package) -> str:
    """The package's `mode`, where a named renderer counts as `mode: renderer`."""
    return "renderer" if package.renderer not in WORDS else package.mode


def choose_prompt_maker(package: Package) -> PromptMaker:
    """PARSER and RENDERER that a package names; names are taken as they are, since the file was checked.

    `renderer: auto` writes no RENDERER. What `parser: auto` writes, `with_replies` knows.
    """
    parser = None if package.parser in WORDS else package.parser
    renderer = None if package.renderer in WORDS else package.renderer
    if renderer is not None:
        return PromptMaker(parser, renderer)  # what is proven of it, `renderer_way` says
    if parser is not None:
        return PromptMaker(parser, None, *_parsed(parser, package.span("parser")))
    return PromptMaker()


def with_replies(maker: PromptMaker, compiled: Compiled, asked: str, span: Span) -> PromptMaker:
    """The same with what is proven of replies to a TEMPLATE's prompts, and with the PARSER that is best.

    asked: the package's `parser`.
    """
    parser = compiled.parser if asked == "auto" else maker.parser
    told = in_words(compiled.replies)
    by = f"PARSER {parser}" if parser else "the TEMPLATE's tags"
    proven = f"prompts: as `template` says; replies by {by}: {told}"
    if maker.parser is None:
        return PromptMaker(parser, maker.renderer, proven, maker.diagnostics)
    gives = PARSERS[maker.parser].capabilities
    does = f"for {' and '.join(gives)}" if gives else "and gives no capability"
    message = f"PARSER {maker.parser} reads the replies {does}: {told}"
    hint = "`parser: auto` takes the parser that reads most of this model's replies"
    return PromptMaker(
        parser, maker.renderer, proven, (Diagnostic(BY_PARSER, Severity.INFO, message, span, hint),)
    )


def in_words(replies: Mapping[str, str]) -> str:
    """What comes back, such as "answer exact, tools partial"."""
    return ", ".join(f"{aspect} {state}" for aspect, state in replies.items()) or "not checked"


def required_release(maker: PromptMaker, *, native: bool, draft: bool) -> str | None:
    """The release that REQUIRES names; None where every server that knows REQUIRES is new enough.

    native: whether the package has neither TEMPLATE nor RENDERER. An older server would accept such a
    Modelfile: without the parser replies stay unread, without native mode the prompt has no format.
    """
    needs: list[Version] = [SINCE["requires"].since]
    if maker.renderer is not None:
        needs.append(RENDERERS[maker.renderer])
    if maker.parser is not None:
        needs.append(PARSERS[maker.parser].since)
    if native:
        needs.append(SINCE["native_jinja"].since)
    if draft:
        needs.append(SINCE["draft_files"].since)
    newest = max(needs)
    return version_text(newest) if newest > needs[0] else None


def _parsed(parser: str, span: Span) -> tuple[str, tuple[Diagnostic, ...]]:
    gives = PARSERS[parser].capabilities
    does = f"for {' and '.join(gives)}" if gives else "and gives no capability"
    message = (
        f"PARSER {parser} reads the replies {does}: the prompts are proven as said, that it reads this "
        "model's replies is not"
    )
    hint = "send requests with tools and with think to the published model and look at the reply's fields"
    proven = f"prompts: as `template` says; replies: not proven, PARSER {parser} reads them"
    return proven, (Diagnostic(BY_PARSER, Severity.INFO, message, span, hint),)
