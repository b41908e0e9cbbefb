"""Generation with images inside the child process: prompt in, reply out, as llama-server does it."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import llama_cpp.llama_cpp as lib
from llama_cpp import mtmd_cpp as mtmd

from ..frames import Refused, cut
from .binding import Loaded

_BATCH = 512


class Generation:
    """A context for generation and, where there is a projector, the images' encoder."""

    def __init__(self, loaded: Loaded, head: dict[str, Any]) -> None:
        self.loaded = loaded
        self.marker = b""
        self.encoder: Any = None
        params = lib.llama_context_default_params()
        params.n_ctx = head["n_ctx"]
        params.n_batch = params.n_ubatch = min(_BATCH, head["n_ctx"])
        self.threads = params.n_threads = params.n_threads_batch = head["threads"]
        self.context = lib.llama_init_from_model(loaded.model, params)
        if not self.context:
            raise Refused(f"llama.cpp cannot make a context of {head['n_ctx']} tokens")

    def projector(self, head: dict[str, Any]) -> dict[str, Any]:
        """Loads the projector; from then on `marker` in a prompt stands for an image."""
        self.marker = head["marker"].encode()
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = bool(head["gpu_layers"])
        params.print_timings = False
        params.n_threads = self.threads
        params.media_marker = self.marker
        params.warmup = False
        if head.get("image_min_tokens"):
            params.image_min_tokens = head["image_min_tokens"]
        self.encoder = mtmd.mtmd_init_from_file(os.fsencode(head["projector"]), self.loaded.model, params)
        if not self.encoder:
            raise Refused("llama.cpp cannot load this projector")
        return {"vision": bool(mtmd.mtmd_support_vision(self.encoder))}

    def info(self) -> dict[str, Any]:
        """The context's size in tokens."""
        return {"n_ctx": int(lib.llama_n_ctx(self.context))}

    def count(self, head: dict[str, Any], block: bytes) -> dict[str, Any]:
        """How many tokens the prompt takes, images included."""
        with _Prompt(self, head, block) as prompt:
            return {"tokens": prompt.tokens, "image_tokens": prompt.image_tokens}

    def wrapper(self) -> dict[str, Any]:
        """The texts that libmtmd itself puts before and after an image's tokens."""
        chunks = mtmd.mtmd_input_chunks_init()
        source = mtmd.mtmd_input_text(self.marker, len(self.marker), False, True)
        side = 64
        pixels = (ctypes.c_uint8 * (side * side * 3))()
        bitmap = mtmd.mtmd_bitmap_init(side, side, pixels)
        handles = (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
        code = mtmd.mtmd_tokenize(self.encoder, chunks, ctypes.byref(source), handles, 1)
        mtmd.mtmd_bitmap_free(bitmap)
        try:
            if code:
                raise Refused(f"libmtmd cannot take an image of {side} x {side} (mtmd_tokenize {code})")
            count = mtmd.mtmd_input_chunks_size(chunks)
            first, last = (mtmd.mtmd_input_chunks_get(chunks, i) for i in (0, count - 1))
            return {"begin": self._text(first), "end": self._text(last)}
        finally:
            mtmd.mtmd_input_chunks_free(chunks)

    def _text(self, chunk: Any) -> str:
        if mtmd.mtmd_input_chunk_get_type(chunk) != mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
            return ""
        count = ctypes.c_size_t()
        ids = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
        pieces = (self.loaded.piece(ids[i], special=True) for i in range(count.value))
        return b"".join(pieces).decode("utf-8", "replace")

    def generate(self, head: dict[str, Any], block: bytes) -> dict[str, Any]:
        """Evaluates the prompt from an empty context and writes until something ends it."""
        with _Prompt(self, head, block) as prompt:
            room = int(lib.llama_n_ctx(self.context)) - prompt.tokens
            if room < 1:
                raise Refused(
                    f"the prompt has {prompt.tokens} tokens and the context "
                    f"{lib.llama_n_ctx(self.context)}: nothing is left for a reply",
                    kind="request",
                )
            prompt.evaluate()
            written = self._write(head, min(head["max_tokens"], room))
            return {"prompt_tokens": prompt.tokens, "image_tokens": prompt.image_tokens, **written}

    def _write(self, head: dict[str, Any], limit: int) -> dict[str, Any]:
        sampler = _sampler(head["temperature"], head["seed"])
        stops = [s.encode() for s in head["stop"] if s]
        ids: list[int] = []
        text = b""
        try:
            while len(ids) < limit:
                token = lib.llama_sampler_sample(sampler, self.context, -1)
                ids.append(token)
                if lib.llama_vocab_is_eog(self.loaded.vocab, token):
                    return _reply(text, ids, "stop", stop_token=token)
                # llama-server renders no control token here, so a stop text that is one never matches.
                text += self.loaded.piece(token, special=False)
                if hit := _first(stops, text):
                    return _reply(text[: hit[0]], ids, "stop", stop_text=hit[1].decode())
                if len(ids) < limit:
                    self._decode([token])
        finally:
            lib.llama_sampler_free(sampler)
        return _reply(text, ids, "length")

    def _decode(self, ids: list[int]) -> None:
        tokens = (lib.llama_token * len(ids))(*ids)  # the batch points into it
        if code := lib.llama_decode(self.context, lib.llama_batch_get_one(tokens, len(ids))):
            raise Refused(f"llama.cpp failed to evaluate the prompt or the reply (llama_decode {code})")


class _Prompt:
    """A prompt cut into chunks of text tokens and image tokens."""

    def __init__(self, generation: Generation, head: dict[str, Any], block: bytes) -> None:
        self.generation = generation
        text, *images = cut(head["lengths"], block)
        self.chunks: Any = None
        self.ids: list[int] = []
        if images:
            self.chunks = self._with_images(text, images)
            self.tokens, self.image_tokens = self._counts()
        else:
            self.ids = generation.loaded.tokenize(text, True)
            self.tokens, self.image_tokens = len(self.ids), 0

    def __enter__(self) -> _Prompt:
        return self

    def __exit__(self, *_: object) -> None:
        if self.chunks:
            mtmd.mtmd_input_chunks_free(self.chunks)

    def _with_images(self, text: bytes, images: list[bytes]) -> Any:
        encoder = self.generation.encoder
        bitmaps = [_bitmap(encoder, p, i) for i, p in enumerate(images)]
        chunks = mtmd.mtmd_input_chunks_init()
        source = mtmd.mtmd_input_text(text, len(text), True, True)
        handles = (mtmd.mtmd_bitmap_p_ctypes * len(bitmaps))(*bitmaps)
        code = mtmd.mtmd_tokenize(encoder, chunks, ctypes.byref(source), handles, len(bitmaps))
        for bitmap in bitmaps:
            mtmd.mtmd_bitmap_free(bitmap)
        if code:
            mtmd.mtmd_input_chunks_free(chunks)
            raise Refused(
                f"libmtmd cannot put {len(images)} images into the prompt's "
                f"{text.count(self.generation.marker)} places (mtmd_tokenize {code})"
            )
        return chunks

    def _counts(self) -> tuple[int, int]:
        images = 0
        for i in range(mtmd.mtmd_input_chunks_size(self.chunks)):
            chunk = mtmd.mtmd_input_chunks_get(self.chunks, i)
            if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE:
                images += mtmd.mtmd_input_chunk_get_n_tokens(chunk)
        return int(mtmd.mtmd_helper_get_n_tokens(self.chunks)), int(images)

    def evaluate(self) -> None:
        """Runs the prompt through the model, from an empty context."""
        context = self.generation.context
        lib.llama_memory_clear(lib.llama_get_memory(context), True)
        if self.chunks is None:
            if not self.ids:
                raise Refused("the prompt is empty", kind="request")
            for start in range(0, len(self.ids), _BATCH):
                self.generation._decode(self.ids[start : start + _BATCH])
            return
        past = lib.llama_pos(0)
        code = mtmd.mtmd_helper_eval_chunks(
            self.generation.encoder, context, self.chunks, 0, 0, _BATCH, True, ctypes.byref(past)
        )
        if code:
            raise Refused(f"llama.cpp failed to evaluate the prompt (mtmd_helper_eval_chunks {code})")


def _bitmap(encoder: Any, image: bytes, index: int) -> Any:
    buffer = (ctypes.c_uint8 * len(image)).from_buffer_copy(image)
    bitmap = mtmd.mtmd_helper_bitmap_init_from_buf(encoder, buffer, len(image), False)
    if not bitmap:
        raise Refused(f"image {index + 1} cannot be decoded", kind="request", code="MK719")
    return bitmap


def _sampler(temperature: float, seed: int) -> Any:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if temperature > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(temperature))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(seed))
    else:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
    return chain


def _first(stops: list[bytes], text: bytes) -> tuple[int, bytes] | None:
    hits = [(at, s) for s in stops if (at := text.find(s)) >= 0]
    return min(hits) if hits else None


def _reply(
    text: bytes, ids: list[int], finish: str, *, stop_token: int | None = None, stop_text: str | None = None
) -> dict[str, Any]:
    return {
        "text": text.decode("utf-8", "replace"),
        "ids": ids,
        "finish_reason": finish,
        "stop_token": stop_token,
        "stop_text": stop_text,
    }
