"""The check of `verify` about replies: whether the reader in use gives back what the chat template shows.

It follows from the TEMPLATE, the PARSER and the chat template alone, and takes no time on the server;
`verify --replies` sees it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..core.diagnostics import Diagnostic
from ..core.errors import KitError
from ..gguf_file import Vocabulary, read_header
from ..huggingface import Reference
from ..ollama.builtin import PARSERS
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import Target, server_version
from ..replies.reply_support import unread
from .subject import Check, Subject, judged


def check_replies(subject: Subject) -> Iterator[Check]:
    """Which kinds of replies are read back; nothing for a model whose replies the kit does not read itself.

    A package's replies were proven when it was built.
    """
    served, meant = subject.served, subject.meant
    if not subject.repairable or not meant.chat_template or (served.parser or "") not in ("", *PARSERS):
        return
    try:
        dropped = (
            tuple(Vocabulary.from_header(read_header(meant.model)).control_tokens()) if meant.model else ()
        )
        reference = Reference(meant.chat_template, bos_token=meant.bos_token, eos_token=meant.eos_token)
        seen = PromptTemplate(
            served.template,
            target=Target(server_version(subject.version)),
            family=served.architecture,
            parser=served.parser or "",
        )
    except KitError as e:
        yield Check("replies", "skip", e.message)
        return
    kinds = ("tools", "thinking")
    found = unread(reference, seen, kinds, dropped, eos_token=meant.eos_token)
    detail = "what does not come back is told below" if found else "every kind comes back"
    yield judged("replies", [_with_repair(d, subject) for d in found], detail)


def _with_repair(found: Diagnostic, subject: Subject) -> Diagnostic:
    """The finding with the command that helps, where one may."""
    if "add `PARSER" not in found.help:
        return found
    return replace(found, help=f"{subject.repair_advice}; or {found.help}")
