"""The check of `verify` about replies: whether the reader in use gives back what the chat template shows.

It follows from the TEMPLATE, the PARSER and the chat template alone, and takes no time on the server;
`verify --replies` sees it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..core.diagnostics import Diagnostic
from ..core.errors import KitError
from ..gguf_file import Vocabulary, read_header
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import Target, server_version
from ..replies.reply_support import unread
from ..replies.round_trip import Prompts
from .served_model import ServedModel
from .subject import Check, Subject, judged


def check_replies(subject: Subject) -> Iterator[Check]:
    """Which kinds of replies are read back; nothing for a model whose replies the kit does not read itself.

    A package's replies were proven when it was built.
    """
    served, meant = subject.served, subject.meant
    if not subject.repairable or not meant.chat_template or (served.parser or "") not in ("", *PARSERS):
        return
    try:
        vocabulary = Vocabulary.from_header(read_header(meant.model)) if meant.model else None
        tokens = ReplyTokens.of(vocabulary)
        reference = Reference(meant.chat_template, bos_token=meant.bos_token, eos_token=meant.eos_token)
        seen = _prompts(served, Target(server_version(subject.version)))
    except KitError as e:
        yield Check("replies", "skip", e.message)
        return
    kinds = ("tools", "thinking")
    found = unread(reference, seen, kinds, tokens, eos_token=meant.eos_token)
    detail = "what does not come back is told below" if found else "every kind comes back"
    yield judged("replies", [_with_repair(d, subject) for d in found], detail)


def _prompts(served: ServedModel, target: Target) -> Prompts:
    """What makes the prompts. Raises UsageError for a RENDERER that is not known."""
    parser, family = served.parser or "", served.architecture
    if not served.renderer:
        return PromptTemplate(served.template, target=target, family=family, parser=parser)
    template, name = served.template, served.name
    return RendererPrompts(
        served.renderer, parser=parser, target=target, name=name, family=family, template=template
    )


def _with_repair(found: Diagnostic, subject: Subject) -> Diagnostic:
    """The finding with the command that helps, where one may."""
    if not re.match("(add|remove) `PARSER", found.help):
        return found
    return replace(found, help=f"{subject.repair_advice}; or {found.help}")
