"""What is known of a model whose replies are to be tried: from a package, or from the server alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import ServerError, UsageError
from ..gguf_file import Vocabulary, read_header
from ..gguf_file.vocabulary import KNOWN_ENDS
from ..huggingface import Reference
from ..parrot import ROLES, Voice, chosen_voice, voice_of
from ..runtime.ollama.client import OllamaServer
from .create_request import CreateRequest, make_request
from .expectation import Expectation
from .reply_trials import Source
from .served_model import ServedModel

if TYPE_CHECKING:
    from ..building.build import Build

_KINDS = {3: "control", 4: "user-defined"}
_PREFIX = "tokenizer.ggml."


def source_of_build(build: Build) -> Source:
    """Of a finished build. Raises UsageError without a vocabulary or a chat template."""
    reference, vocabulary = build.reference, build.files.vocabulary
    if reference is None or vocabulary is None:
        what = "chat template" if reference is None else "vocabulary"
        raise UsageError(
            f"the package has no {what}, so what the model writes is not known and --replies cannot be tried",
            help="name a `chat_template:`" if reference is None else "give the model's own GGUF file",
        )
    return Source(
        make_request(build.modelfile, build.path.parent, source=str(build.path)),
        Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token),
        lambda texts: voice_of(vocabulary, texts),
        build.files.header.architecture,
        reference.eos_token,
    )


def source_of_served(server: OllamaServer, name: str) -> Source:
    """Of a model on the server: its blobs where they are on this machine, else what the server tells of it.

    Raises ServerError where the chat template or the vocabulary stays unknown: a server tells the chat
    template only where it renders chats with it.
    """
    served = ServedModel.from_show(name, server.show(name))
    request = CreateRequest(
        template=None if served.native or served.promptless else served.template,
        system=served.system or None,
        parameters=served.parameters,
        messages=served.messages,
        renderer=served.renderer,
        parser=served.parser,
    )
    local = Expectation().completed(served)
    if local.model is not None and local.chat_template:
        vocabulary = Vocabulary.from_header(read_header(local.model))
        bos, eos = local.bos_token or None, local.eos_token or None
        reference = Reference(local.chat_template, bos_token=bos, eos_token=eos)
        return Source(request, reference, lambda texts: voice_of(vocabulary, texts), served.architecture, eos)
    jinja = served.template if served.native else ""
    told = _Told(ServedModel.from_show(name, server.show(name, verbose=True)).model_info, jinja)
    if not told.tokens or not jinja:
        what = "vocabulary" if not told.tokens else "chat template"
        raise ServerError(
            f"{server.url} does not tell the {what} of {name}, so what the model writes is not known",
            help="give the package with --package, so that the chat template and the tokens are read there",
            code="MK804",
        )
    bos, eos = told.roles.get("bos"), told.roles.get("eos")
    reference = Reference(jinja, bos_token=bos, eos_token=eos)
    return Source(request, reference, told.voice, served.architecture, eos)


@dataclass(frozen=True)
class _Told:
    """The metadata of a GGUF as /api/show answers it, arrays included, and the chat template."""

    info: Mapping[str, Any]
    chat_template: str

    @property
    def tokens(self) -> Sequence[str]:
        found = self.info.get(f"{_PREFIX}tokens")
        return found if isinstance(found, list) else ()

    @property
    def roles(self) -> dict[str, str]:
        ids = {role: self.info.get(f"{_PREFIX}{role}_token_id") for role in ROLES}
        return {r: self.tokens[n] for r, n in ids.items() if isinstance(n, int) and n < len(self.tokens)}

    def voice(self, texts: Sequence[str]) -> Voice:
        types = self.info.get(f"{_PREFIX}token_type") or ()
        kinds = {t: _KINDS[n] for t, n in zip(self.tokens, types, strict=False) if n in _KINDS}
        kinds |= {t: "control" for t in self.tokens if t in KNOWN_ENDS and t not in kinds}
        pre = str(self.info.get(f"{_PREFIX}pre") or "") if self.info.get(f"{_PREFIX}model") == "gpt2" else ""
        add_bos = self.info.get(f"{_PREFIX}add_bos_token")
        return chosen_voice(kinds, self.roles, texts, pre, add_bos, self.chat_template)
