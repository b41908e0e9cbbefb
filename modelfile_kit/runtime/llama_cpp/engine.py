"""The embedded engine: llama.cpp in a child process, given exactly the prompt that Ollama would send.

No chat handler of llama-cpp-python takes part: the compiled TEMPLATE makes the prompt, images are marked
by `[img-N]`, and the rest is what llama-server does with it. So an answer here judges the TEMPLATE.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ...core.errors import EngineError
from ...core.extras import need_pillow
from ...gguf_file import read_header
from ...ollama.engine_arguments import least_image_tokens
from ..completion import Completion
from ..vocabulary_info import as_llama_server_gets_it, vocabulary_info
from .child import Child

# A larger image is neither a test image nor a screenshot (CWE-400: decompression bombs).
MAX_IMAGE_BYTES = 64 * 1024 * 1024
MAX_IMAGE_PIXELS = 100_000_000
# What stb_image, libmtmd's decoder, reads without help.
_NATIVE = ("PNG", "JPEG", "BMP", "GIF")


class EmbeddedEngine:
    """A model, and perhaps its projector, loaded into llama.cpp.

    model, projector: GGUF files; n_ctx: context size in tokens; timeout: seconds that loading or one
    answer may take; threads: None takes all cores up to 8; gpu_layers: layers put on a GPU, where
    llama-cpp-python was built for one (0: none, -1: all). Use it as a context manager, or call `close`.

    Raises MissingDependencyError without llama-cpp-python, UsageError where a file does not exist,
    EngineError where llama.cpp refuses a file, dies or hangs; its code and help say which.
    """

    def __init__(
        self,
        model: str | Path,
        projector: str | Path | None = None,
        *,
        n_ctx: int = 2048,
        timeout: float = 300.0,
        threads: int | None = None,
        gpu_layers: int = 0,
    ) -> None:
        # Ollama, too, makes up a marker for each process, so that a text which holds llama.cpp's default
        # marker is only a text (0.33, llm/llama_server.go, newLlamaServerMediaMarker).
        self._marker = f"<__media_{secrets.token_hex(8)}__>"
        self._child = Child(
            model, projector, timeout=timeout, vocab_only=False, gpu_layers=gpu_layers, n_ctx=n_ctx
        )
        threads = threads or min(8, os.cpu_count() or 1)
        self._context = self._child.prepare({"op": "context", "n_ctx": n_ctx, "threads": threads})
        self._vision = projector is not None and self._load_projector(model, gpu_layers)

    def _load_projector(self, model: str | Path, gpu_layers: int) -> bool:
        request = {
            "op": "projector",
            "projector": str(self._child.projector),
            "marker": self._marker,
            "gpu_layers": gpu_layers,
            "image_min_tokens": least_image_tokens(read_header(model).architecture),
        }
        return bool(self._child.prepare(request)["vision"])

    @property
    def n_ctx(self) -> int:
        """The context's size in tokens."""
        return int(self._context["n_ctx"])

    @property
    def vision(self) -> bool:
        """Whether a projector with a vision encoder is loaded."""
        return self._vision

    @property
    def pid(self) -> int:
        """The child process's id."""
        return self._child.pid

    def generate(
        self,
        prompt: str,
        images: Sequence[bytes] = (),
        *,
        max_tokens: int = 16,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Completion:
        """Answers a prompt from an empty context.

        prompt: as Ollama sends it, with `[img-N]` where image N (from 0) stands; images: PNG, JPEG,
        WebP or what else Pillow reads; stop: texts that end the answer and are not part of it, matched
        as llama-server does, that is, not against control tokens, which it does not render; temperature:
        0 takes the likeliest token. `Completion.raw` holds `ids`, `image_tokens`, `stop_token` (an
        end-of-generation token) and `stop_text`.

        Raises EngineError where an image has no place in the prompt or cannot be read, the prompt does not
        fit the context, or llama.cpp fails.
        """
        head, block = self._request(prompt, images)
        options = {
            "op": "generate",
            "max_tokens": max_tokens,
            "stop": list(stop),
            "temperature": temperature,
            "seed": seed,
        }
        answer, _ = self._child.ask({**head, **options}, block)
        return Completion(
            text=answer["text"],
            prompt_tokens=answer["prompt_tokens"],
            completion_tokens=len(answer["ids"]),
            finish_reason=answer["finish_reason"],
            raw=answer,
        )

    def prompt_token_count(self, prompt: str, images: Sequence[bytes] = ()) -> int:
        """Tokens the prompt takes, images included: what Ollama reports as prompt_eval_count."""
        head, block = self._request(prompt, images)
        answer, _ = self._child.ask({**head, "op": "count"}, block)
        return int(answer["tokens"])

    def image_wrapper(self) -> tuple[str, str]:
        """The texts that libmtmd itself puts before and after an image; ("", "") without a projector."""
        if not self.vision:
            return "", ""
        answer, _ = self._child.ask({"op": "wrapper"})
        return answer["begin"], answer["end"]

    def _request(self, prompt: str, images: Sequence[bytes]) -> tuple[dict[str, Any], bytes]:
        if images and not self.vision:
            raise EngineError(
                f"{self._child.model}: no projector with a vision encoder is loaded, so the model cannot see "
                f"{'the image' if len(images) == 1 else f'the {len(images)} images'}",
                help="give the mmproj file that was published with this model",
                code="MK436",
            )
        text = as_llama_server_gets_it(prompt, vocabulary_info(self._child.info, ()))
        placed = place_markers(text, len(images), self._marker)
        parts = [
            placed.encode("utf-8", "surrogatepass"),
            *(readable(image, i) for i, image in enumerate(images)),
        ]
        return {"lengths": [len(p) for p in parts]}, b"".join(parts)

    def close(self) -> None:
        """Ends the child process; may be called twice."""
        self._child.close()

    def __enter__(self) -> EmbeddedEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def place_markers(prompt: str, images: int, marker: str) -> str:
    """`[img-N]` replaced by libmtmd's marker, as Ollama does: the first of each N (llm/llama_server.go).

    Raises EngineError, with what the server would do, where an image has no place in the prompt.
    """
    for n in range(images):
        tag = f"[img-{n}]"
        if tag not in prompt:
            raise EngineError(
                f"the prompt has no {tag}, so image {n + 1} of {images} has no place in it, "
                "and llama-server refuses such a request",
                help="print .Content of every user message in the TEMPLATE: Ollama puts the tag there",
                code="MK249",
            )
        prompt = prompt.replace(tag, marker, 1)
    return prompt


def readable(image: bytes, index: int = 0) -> bytes:
    """An image in a format that libmtmd's decoder reads; WebP and others become PNG.

    Ollama does the same for WebP (0.33, llm/llama_server.go, llamaServerMediaBytes). Raises EngineError
    for what is not an image, or one beyond `MAX_IMAGE_BYTES` or `MAX_IMAGE_PIXELS`.
    """
    need_pillow("an image for the embedded engine")
    from PIL import Image

    if len(image) > MAX_IMAGE_BYTES:
        raise _unreadable(index, f"it has {len(image)} bytes, the limit is {MAX_IMAGE_BYTES}")
    try:
        with Image.open(io.BytesIO(image)) as opened:
            if opened.width * opened.height > MAX_IMAGE_PIXELS:
                size = f"{opened.width} x {opened.height}"
                raise _unreadable(index, f"it has {size} pixels, the limit is {MAX_IMAGE_PIXELS}")
            opened.load()
            if opened.format in _NATIVE:
                return image
            out = io.BytesIO()
            opened.convert("RGBA" if "A" in opened.getbands() else "RGB").save(out, "PNG")
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        raise _unreadable(index, str(e).splitlines()[0] if str(e) else type(e).__name__) from e


def _unreadable(index: int, why: str) -> EngineError:
    return EngineError(
        f"image {index + 1} cannot be read: {why}", help="give a PNG, JPEG or WebP file", code="MK719"
    )
