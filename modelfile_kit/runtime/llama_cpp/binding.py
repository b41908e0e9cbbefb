"""A model loaded through llama-cpp-python's C bindings. Imported by the child process alone.

The C functions are called directly, so that a vocabulary is loaded without a context and text is
tokenized exactly as llama-server does it.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import llama_cpp.llama_cpp as lib
from llama_cpp import mtmd_cpp as mtmd

from ..frames import Refused

_WARN = 3  # ggml.h, enum ggml_log_level
_CONT = 5


class _Log:
    """Warnings and errors go to stderr; the rest, which holds prompt texts, goes nowhere."""

    def __init__(self) -> None:
        self.kept = False
        self.callback = lib.llama_log_callback(self.write)  # must live as long as the library

    def write(self, level: int, text: bytes, _user: Any) -> None:
        if level != _CONT:
            self.kept = level >= _WARN
        if self.kept and text:
            os.write(2, text)


_log = _Log()
lib.llama_log_set(_log.callback, ctypes.c_void_p(0))
mtmd.mtmd_helper_log_set(_log.callback, ctypes.c_void_p(0))
lib.llama_backend_init()


class Loaded:
    """A model, or only its vocabulary."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.vocab = lib.llama_model_get_vocab(model)

    @classmethod
    def open(cls, head: dict[str, Any]) -> Loaded:
        """Loads the model that the `open` request names, or only its vocabulary."""
        params = lib.llama_model_default_params()
        params.vocab_only = head["vocab_only"]
        params.n_gpu_layers = head["gpu_layers"]
        # The kernels for AMX crash in some builds (ldtilecfg of a configuration that was never filled).
        params.use_extra_bufts = False
        model = lib.llama_model_load_from_file(os.fsencode(head["model"]), params)
        if not model:
            raise Refused("llama.cpp cannot load this model")
        return cls(model)

    @property
    def size(self) -> int:
        """How many tokens the vocabulary has."""
        return int(lib.llama_vocab_n_tokens(self.vocab))

    def info(self) -> dict[str, Any]:
        """Facts about the vocabulary; an id of -1 means that there is no such token."""
        v = self.vocab
        return {
            "size": self.size,
            "bos": lib.llama_vocab_bos(v),
            "eos": lib.llama_vocab_eos(v),
            "eot": lib.llama_vocab_eot(v),
            "add_bos": bool(lib.llama_vocab_get_add_bos(v)),
            "add_eos": bool(lib.llama_vocab_get_add_eos(v)),
            "add_bos_key": self.metadata("tokenizer.ggml.add_bos_token") == "true",
            "pre": self.metadata("tokenizer.ggml.pre"),
            "kind": self.metadata("tokenizer.ggml.model"),
        }

    def end_of_generation(self) -> list[int]:
        """The tokens at which llama.cpp stops generating."""
        return [i for i in range(self.size) if lib.llama_vocab_is_eog(self.vocab, i)]

    def metadata(self, key: str) -> str:
        """A metadata value as text, "" where the file has no such key."""
        buffer = ctypes.create_string_buffer(256)
        length = lib.llama_model_meta_val_str(self.model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def tokenize(self, text: bytes, add_special: bool) -> list[int]:
        """Tokens of a text, special tokens parsed, as llama-server does it."""
        capacity = len(text) + 2
        while True:
            buffer = (lib.llama_token * capacity)()
            count = lib.llama_tokenize(self.vocab, text, len(text), buffer, capacity, add_special, True)
            if count >= 0:
                return list(buffer[:count])
            if -count <= capacity or count == -(2**31):
                raise Refused(f"a text of {len(text)} bytes could not be tokenized", kind="request")
            capacity = -count

    def piece(self, token: int, *, special: bool) -> bytes:
        """A token's bytes; special: whether control tokens are rendered."""
        if not 0 <= token < self.size:
            raise Refused(f"token {token} is not in the vocabulary of {self.size}", kind="request")
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = lib.llama_token_to_piece(self.vocab, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            size = -count
