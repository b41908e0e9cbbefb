"""Writes small GGUF files with real keys: text models that run in llama.cpp, and projectors of each family.

The text model is a plain llama of width 64 with a byte vocabulary; other architectures get their keys and,
where they are to run, their tensors. Numbers are random and small: what a model answers means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

WIDTH, EYE = 64, 32
Shapes = Mapping[str, tuple[int, ...]]

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def text_model(
    path: Path,
    architecture: str = "llama",
    *,
    name: str = "",
    tokens: Sequence[str] = (),
    words: Sequence[str] = (),
    layers: int = 2,
    said_layers: int | None = None,
    keys: Mapping[str, Any] | None = None,
    more: Shapes | None = None,
    tensors: bool = True,
    chat_template: str = CHAT,
    big_endian: bool = False,
    eos: int | None = None,
    width: int = WIDTH,
) -> Path:
    """A text model.

    tokens: special tokens beside those of the template; words: further ordinary ones; more: further tensors;
    said_layers, eos: what the metadata claims.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    order = gguf.GGUFEndian.BIG if big_endian else gguf.GGUFEndian.LITTLE
    out = gguf.GGUFWriter(str(path), architecture, endianess=order)
    out.add_type("model")
    if name:
        out.add_name(name)
    out.add_context_length(2048)
    out.add_embedding_length(width)
    out.add_block_count(layers if said_layers is None else said_layers)
    out.add_feed_forward_length(EYE)
    out.add_head_count(4)
    out.add_head_count_kv(4)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(width // 4)
    add_keys(out, {k.replace("own.", f"{architecture}."): v for k, v in (keys or {}).items()})
    special = ["<|im_start|>", "<|im_end|>", *dict.fromkeys(tokens)]
    alphabet = [*sorted(letters()), *(w for w in words if len(w) > 1)]
    vocabulary = [*alphabet, *special]
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(vocabulary)
    out.add_token_types([1] * len(alphabet) + [3] * len(special))
    out.add_token_merges(["h e"])
    out.add_eos_token_id(vocabulary.index("<|im_end|>") if eos is None else eos)
    out.add_add_bos_token(False)
    if chat_template:
        out.add_chat_template(chat_template)
    shapes: dict[str, tuple[int, ...]] = {}
    if tensors:
        shapes = {"token_embd.weight": (len(vocabulary), width), "output_norm.weight": (width,)}
        for n in range(layers):
            shapes |= {f"blk.{n}.{part}.weight": (width,) for part in ("attn_norm", "ffn_norm")}
            for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
                shapes[f"blk.{n}.{part}.weight"] = (width, width)
            shapes |= {f"blk.{n}.{part}.weight": (EYE, width) for part in ("ffn_gate", "ffn_up")}
            shapes[f"blk.{n}.ffn_down.weight"] = (width, EYE)
    return write_tensors(out, path, {**shapes, **(more or {})})


def projector(
    path: Path,
    kind: str,
    *,
    name: str = "",
    width: int = WIDTH,
    shapes: Shapes | None = None,
    senses: Iterable[str] = ("vision",),
    keys: Mapping[str, Any] | None = None,
    half: Sequence[str] = (),
) -> Path:
    """A projector with a small encoder. kind: its type, "" where `keys` name one for each sense; senses:
    "vision", "audio"; shapes: of its tensors; half: names of tensors with 16 bits a number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = gguf.GGUFWriter(str(path), "clip")
    out.add_type("mmproj")
    if name:
        out.add_name(name)
    found: dict[str, Any] = {"clip.projector_type": kind} if kind else {}
    for sense in senses:
        found |= {
            f"clip.has_{sense}_encoder": True,
            f"clip.{sense}.embedding_length": EYE,
            f"clip.{sense}.feed_forward_length": EYE,
            f"clip.{sense}.block_count": 2,
            f"clip.{sense}.projection_dim": width,
            f"clip.{sense}.attention.head_count": 2,
            f"clip.{sense}.attention.layer_norm_epsilon": 1e-5,
        }
        size = {"image_size": 56, "patch_size": 14, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
        own = size if sense == "vision" else {"num_mel_bins": 128}
        found |= {f"clip.{sense}.{k}": v for k, v in own.items()}
    add_keys(out, {**found, **(keys or {})})
    return write_tensors(out, path, shapes or {}, half)


def letters() -> list[str]:
    """The 256 letters of GPT-2's byte alphabet."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    rest = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(rest)) for byte in range(256)]


def add_keys(out: gguf.GGUFWriter, keys: Mapping[str, Any]) -> None:
    """Metadata, each value as the type that converters write."""
    for key, value in keys.items():
        if isinstance(value, list):
            out.add_array(key, value)
        elif isinstance(value, bool):
            out.add_bool(key, value)
        elif key == "clip.minicpmv_version":
            out.add_int32(key, value)
        elif isinstance(value, int):
            (out.add_uint16 if key.startswith("split.") else out.add_uint32)(key, value)
        elif isinstance(value, float):
            out.add_float32(key, value)
        else:
            out.add_string(key, value)


def write_tensors(out: gguf.GGUFWriter, path: Path, shapes: Shapes, half: Sequence[str] = ()) -> Path:
    """Ends a file with small random tensors of these shapes."""
    random = np.random.default_rng(0)
    for name, shape in shapes.items():
        numbers = random.standard_normal(shape) * 0.02
        out.add_tensor(name, numbers.astype(np.float16 if name in half else np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path
