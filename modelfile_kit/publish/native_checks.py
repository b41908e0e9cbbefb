"""Native mode on a real server: the compiler's proof, put to what `_debug_render_only` answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..building.sources import ModelTemplate
from ..core.conversation import Conversation
from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import PromptError, TemplateReferenceError
from ..ollama.versions import Target, server_version, since
from ..prover.findings import Counterexample, Side, counterexample
from ..prover.native import NativeComparison
from ..prover.prove import prove_prompts
from ..runtime.ollama.replies import RefusedError
from .prompt_judge import NATIVE_MARK, with_images
from .subject import Check, Subject

# Prompts that are asked of the server, which takes some ten milliseconds for each; templates give 50 to 300.
PROMPTS_MAX = 400
_KINDS = {"tools": "tools", "thinking": "thinking", "images": "vision"}
_SERVER = Side("server", "the server")


def check_native(subject: Subject) -> Iterator[Check]:
    """Where the GGUF's own template renders chats: conversations made from its own branches.

    What differs is a warning: the package's own conversations decide whether the model is sound, this
    says for which others it is not.
    """
    name = "native proof"
    if not subject.served.native:
        return
    reason = _unasked(subject)
    if reason:
        yield Check(name, "skip", reason)
        return
    comparison = _comparison(subject)
    kinds = [k for k in ("chat", *_KINDS) if k == "chat" or _KINDS[k] in subject.served.capabilities]
    claimed = {k: "exact" if k in kinds else "absent" for k in ("chat", *_KINDS)}
    eos = subject.meant.eos_token
    proof = prove_prompts(comparison, eos_token=eos, claimed=claimed)
    found = tuple(map(_differs, proof.counterexamples))
    wrong = {example.category for example in proof.counterexamples}
    right = [k for k in kinds if k not in wrong]
    cut = ", the limit was reached" if comparison.runs >= PROMPTS_MAX else ""
    said = f"{comparison.runs} conversations{cut}; no difference for {', '.join(right) or 'no kind'}"
    yield Check(name, "ok", said + (f", some for {', '.join(sorted(wrong))}" if wrong else ""), found)


def _unasked(subject: Subject) -> str:
    """Why the check is skipped, "" if it is not."""
    if not Target(server_version(subject.version)).has("debug_render"):
        return f"Ollama {subject.version} cannot show prompts ({since('debug_render')} can)"
    if subject.dead:
        return "the engine does not run"
    try:
        return "" if subject.judge.reference else "no chat template known to compare it with"
    except TemplateReferenceError as e:
        return e.message


def _comparison(subject: Subject) -> Any:
    """The reference as the server completes a request, and the server; for `PROMPTS_MAX` prompts at most."""

    class Completed(NativeComparison):
        """With the model's SYSTEM and MESSAGEs first, which the server adds."""

        def expected(self, conversation: Conversation) -> Any:
            if self.runs >= PROMPTS_MAX:
                return [], set(), None  # nothing more is compared
            return super().expected(replace(conversation, messages=tuple(subject.judge.whole(conversation))))

    meant = subject.meant
    reference = ModelTemplate(
        meant.chat_template or "", "gguf", meant.bos_token or None, meant.eos_token or None
    )
    return Completed(reference, _OnServer(subject))


class _OnServer:
    """The published model behind the interface of everything that renders requests."""

    steps = 0  # no TEMPLATE runs here

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def render(self, messages: Sequence[Any], *, tools: Any = None, think: Any = None) -> str:
        filled = with_images(messages, self.subject.images)
        server, name = self.subject.server, self.subject.name
        try:
            prompt = server.render(name, filled, tools=tools, think=think).prompt
        except RefusedError as e:
            raise PromptError(e.detail, status=e.status or 500) from e
        first, *rest = re.split(NATIVE_MARK, prompt)
        return first + "".join(f"[img-{n}]{text}" for n, text in enumerate(rest))


def _differs(example: Counterexample) -> Diagnostic:
    return Diagnostic(
        "MK522",
        Severity.WARNING,
        f"the GGUF's own chat template on this server, {counterexample(example, _SERVER)}",
        help="the model was trained on another prompt for such conversations; use a TEMPLATE (`mode: go`), "
        "which llama-server's Jinja engine does not render",
    )
