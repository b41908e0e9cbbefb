"""A model with its projector in a llama-server, where llama-cpp-python is not installed."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ..core.errors import EngineError
from ..gguf_file import Vocabulary, read_header
from ..ollama.engine_arguments import least_image_tokens
from ..ollama.prompt_ends import STRIPPED, strips_bos_text
from .completion import Completion
from .llama_cpp.engine import place_markers
from .llama_server import MARKER, LlamaServer, program_version

CONTEXT = 2048
_OTHER = "use another llama-server"


class ServerEngine:
    """A model that answers prompts with images, behind the interface `completion.Engine`.

    model, projector: GGUF files; program: a llama-server; timeout: seconds that loading or one answer may
    take. Use it as a context manager, or call `close`. Raises EngineError where llama-server refuses a file,
    dies or hangs.
    """

    def __init__(self, model: Path, projector: Path, program: Path, *, timeout: float) -> None:
        header = read_header(model)
        vocabulary = Vocabulary.from_header(header)
        said = bool(vocabulary.add_bos_said)
        self._strips = strips_bos_text(vocabulary.model, vocabulary.pre, said)
        self._timeout = timeout
        self._server = LlamaServer(
            program,
            model,
            projector,
            context=CONTEXT,
            patience=timeout,
            carrier=False,
            image_tokens=least_image_tokens(header.architecture),
        )
        self.engine = f"llama-server {program_version(program)} ({program})"

    def generate(
        self, prompt: str, images: Sequence[bytes] = (), *, max_tokens: int = 16, stop: Sequence[str] = ()
    ) -> Completion:
        """Answers a prompt with the likeliest tokens; see `completion.Engine`. images: PNG or JPEG."""
        answer = self._complete(prompt, images, n_predict=max_tokens, stop=list(stop))
        return Completion(
            text=str(answer.get("content", "")),
            prompt_tokens=answer.get("tokens_evaluated"),
            completion_tokens=answer.get("tokens_predicted"),
            finish_reason="length" if answer.get("stop_type") == "limit" else "stop",
            raw=answer,
        )

    def prompt_token_count(self, prompt: str, images: Sequence[bytes] = ()) -> int:
        """Tokens the prompt takes, images included: what Ollama reports as prompt_eval_count.

        llama-server tells it after it has computed the whole prompt.
        """
        found = self._complete(prompt, images, n_predict=0).get("tokens_evaluated")
        if not isinstance(found, int):
            raise EngineError(f"{self.engine} does not say how many tokens a prompt has", help=_OTHER)
        return found

    def _complete(self, prompt: str, images: Sequence[bytes], **options: object) -> Mapping[str, Any]:
        text = prompt.removeprefix(STRIPPED) if self._strips else prompt
        return self._server.complete(
            {
                "prompt": {
                    "prompt_string": place_markers(text, len(images), MARKER),
                    "multimodal_data": [base64.b64encode(image).decode() for image in images],
                },
                "temperature": 0.0,
                "cache_prompt": False,
                **options,
            },
            self._timeout,
        )

    def image_wrapper(self) -> None:
        """The texts around an image, which a llama-server does not tell."""

    def close(self) -> None:
        """Ends the server; may be called twice."""
        self._server.close()

    def __enter__(self) -> ServerEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
