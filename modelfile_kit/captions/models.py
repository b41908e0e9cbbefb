"""A model that is asked about images, on an Ollama server or behind OpenAI's API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..core.errors import ServerError, UsageError
from ..ollama.engine_arguments import least_image_tokens
from ..ollama.versions import Target, server_version
from ..runtime.completion import Completion
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.messages import OPENAI, Way, message_body
from ..runtime.openai import OpenAIServer, image_part
from ..sources.model_name import with_tag
from ..vision.image_tokens import Eye, eye_of_metadata

DEFAULT_QUESTION = "Describe this image."


@dataclass(frozen=True)
class Question:
    """What is asked about every image.

    system: a system message, "" for none (the model's own counts then); max_tokens: after which an answer is
    cut; think: whether a model that can think does, None for its own habit.
    """

    text: str = DEFAULT_QUESTION
    system: str = ""
    max_tokens: int = 512
    temperature: float = 0.0
    think: bool | None = None

    def facts(self) -> dict[str, Any]:
        """Plain values, for the key of an answer."""
        return asdict(self)

    @property
    def options(self) -> dict[str, Any]:
        """The PARAMETERs; a seed, so that the same question has the same answer at any temperature."""
        return {"temperature": self.temperature, "seed": 0, "num_predict": self.max_tokens}


class ImageModel(Protocol):
    """What is asked. identity: changes with the model's weights and settings; eye: how it sees, None where
    that is not known."""

    identity: str
    eye: Eye | None

    def ask(
        self, image: bytes, question: Question, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """One answer; on_text is told its pieces. Raises ServerError."""


class OllamaModel:
    """A model on an Ollama server.

    Raises ServerError where there is no such model (MK808), or it takes no images (MK820).
    """

    def __init__(self, server: OllamaServer, name: str) -> None:
        self.server, self.name = server, name
        shown = server.show(name)
        capabilities = shown.get("capabilities")
        if isinstance(capabilities, list) and "vision" not in capabilities:
            raise ServerError(
                f"{name} takes no images: its capabilities on the server are "
                f"{', '.join(map(str, capabilities)) or 'none'}",
                help="name a model with vision, or publish this one with its projector (mmproj)",
                code="MK820",
            )
        self.identity = self._digest()
        self.eye = self._eye(shown)

    def ask(
        self, image: bytes, question: Question, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """One answer by /api/chat."""
        message: dict[str, Any] = {"role": "user", "content": question.text, "images": [image]}
        messages = [message] if not question.system else [_system(question), message]
        return self.server.chat(
            self.name, messages, think=question.think, options=question.options, on_text=on_text
        )

    def _digest(self) -> str:
        """The manifest's digest, which holds weights, TEMPLATE, system and parameters."""
        wanted = with_tag(self.name)
        for model in self.server.models():
            if str(model.get("model")).casefold() == wanted.casefold():
                return f"ollama {model.get('digest')}"
        return f"ollama {self.server.url} {wanted}"  # a model of a cloud is not in the list

    def _eye(self, shown: Mapping[str, Any]) -> Eye | None:
        info = shown.get("projector_info") or {}
        # The engine of older releases is Ollama's own, and counts in its own way.
        if not info or not Target(server_version(self.server.version())).has("native_jinja"):
            return None
        architecture = str((shown.get("model_info") or {}).get("general.architecture") or "")
        if info.get("clip.projector_type") == "mlp":  # the sizes of LLaVA 1.6 are left out without it
            info = self.server.show(self.name, verbose=True).get("projector_info") or info
        return eye_of_metadata(info, least=least_image_tokens(architecture) or 0)


class OpenAIModel:
    """A model behind OpenAI's API.

    name: its id, None for the only one that the server lists; eye: how its projector sees. Raises UsageError
    where there are several, ServerError where there is none of that name.
    """

    def __init__(self, server: OpenAIServer, name: str | None = None, eye: Eye | None = None) -> None:
        self.server, self.eye = server, eye
        listed = {str(m.get("id")): m for m in server.models()}
        if name is None:
            if len(listed) != 1:
                raise UsageError(
                    f"{server.url} lists {len(listed)} models: {', '.join(list(listed)[:10]) or 'none'}",
                    help="say which one with --model",
                )
            (name,) = listed
        # llama-server takes any name; others list all that they take
        self.name = name
        facts = {k: v for k, v in listed.get(name, {}).items() if k != "created"}  # the time of the start
        facts |= _told_elsewhere(server, name)
        told = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        self.identity = f"openai {server.url} {name} {told}"

    def ask(
        self, image: bytes, question: Question, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """One answer by /v1/chat/completions, streamed; the image stands before the text."""
        content = [image_part(image), {"type": "text", "text": question.text}]
        message: dict[str, Any] = {"role": "user", "content": content}
        messages = [message] if not question.system else [_system(question), message]
        body = message_body(Way(OPENAI, True), self.name, messages, None, question.think, question.options)
        answer = self.server.chat(body, on_text)
        return Completion(
            answer.content, answer.prompt_tokens, answer.tokens, answer.finish or None, answer.thinking
        )


# What decides an answer, of all that llama-server says in /props: its list of models tells neither the chat
# template (with the package's system text) nor the sampling.
_PROPS = ("model_path", "chat_template", "modalities", "bos_token", "eos_token", "build_info")


def _told_elsewhere(server: OpenAIServer, name: str) -> dict[str, Any]:
    """What llama-server and Ollama say of a model beside OpenAI's API; nothing of other servers."""
    props = _own(server, "/props")
    facts = {key: props[key] for key in _PROPS if key in props}
    settings = props.get("default_generation_settings")
    if isinstance(settings, Mapping):
        facts["settings"] = {key: settings.get(key) for key in ("params", "n_ctx")}
    models = _own(server, "/api/tags").get("models")
    for model in models if isinstance(models, list) else ():
        if isinstance(model, Mapping) and model.get("model") in (name, f"{name}:latest"):
            facts["digest"] = model.get("digest")
    return facts


def _own(server: OpenAIServer, path: str) -> Mapping[str, Any]:
    try:
        return server.ask("GET", path)
    except ServerError as e:
        if e.code in ("MK802", "MK803"):
            raise
        return {}


def _system(question: Question) -> dict[str, Any]:
    return {"role": "system", "content": question.system}
