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
    _add(out, {k.replace("own.", f"{architecture}."): v for k, v in (keys or {}).items()})
    special = ["<|im_start|>", "<|im_end|>", *dict.fromkeys(tokens)]
    alphabet = [*sorted(_letters()), *(w for w in words if len(w) > 1)]
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
    return _write(out, path, {**shapes, **(more or {})})


def projector(
    path: Path,
    kind: str,
    *,
    name: str = "",
    width: int = WIDTH,
    shapes: Shapes | None = None,
    senses: Iterable[str] = ("vision",),
    keys: Mapping[str, Any] | None = None,
) -> Path:
    """A projector with a small encoder. senses: "vision", "audio"; shapes: of its tensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = gguf.GGUFWriter(str(path), "clip")
    out.add_type("mmproj")
    if name:
        out.add_name(name)
    found: dict[str, Any] = {"clip.projector_type": kind}
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
    _add(out, {**found, **(keys or {})})
    return _write(out, path, shapes or {})


def encoder(prefix: str = "v", *, bias: bool = True) -> dict[str, tuple[int, ...]]:
    """Two blocks of a vision (v) or audio (a) encoder, as clip.cpp loads them."""
    found: dict[str, tuple[int, ...]] = {}
    for n in range(2):
        for part in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"):
            found[f"{prefix}.blk.{n}.{part}.weight"] = (EYE, EYE)
            if bias and not (prefix == "a" and part == "attn_k"):
                found[f"{prefix}.blk.{n}.{part}.bias"] = (EYE,)
        for part in ("ln1", "ln2"):
            found[f"{prefix}.blk.{n}.{part}.weight"] = (EYE,)
            if bias:
                found[f"{prefix}.blk.{n}.{part}.bias"] = (EYE,)
    return found


def _patches(*, bias: bool = True) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {"v.patch_embd.weight": (EYE, 3, 14, 14)}
    found |= {"v.position_embd.weight": (16, EYE), "v.post_ln.weight": (EYE,), "v.post_ln.bias": (EYE,)}
    return {**found, **({"v.patch_embd.bias": (EYE,)} if bias else {})}


def _whisper() -> dict[str, tuple[int, ...]]:
    found = encoder("a")
    for n, channels in ((1, 128), (2, EYE)):
        found |= {f"a.conv1d.{n}.weight": (EYE, channels, 3), f"a.conv1d.{n}.bias": (EYE, 1)}
    return {
        **found,
        "a.position_embd.weight": (1500, EYE),
        "a.post_ln.weight": (EYE,),
        "a.post_ln.bias": (EYE,),
    }


# Tensors of one projector for each family that loads at this size, by the names of clip.cpp.
FAMILIES: Mapping[str, tuple[Shapes, Mapping[str, Any], tuple[str, ...]]] = {
    "mlp": (
        {
            **encoder(),
            **_patches(bias=False),
            "mm.0.weight": (WIDTH, EYE),
            "mm.0.bias": (WIDTH,),
            "mm.2.weight": (WIDTH, WIDTH),
            "mm.2.bias": (WIDTH,),
        },
        {"clip.use_gelu": True},
        ("vision",),
    ),
    "gemma3": (
        {
            **encoder(),
            **_patches(),
            "mm.input_projection.weight": (EYE, WIDTH),
            "mm.soft_emb_norm.weight": (EYE,),
        },
        {"clip.use_gelu": True, "clip.vision.projector.scale_factor": 2},
        ("vision",),
    ),
    "idefics3": (
        {**encoder(), **_patches(), "mm.model.fc.weight": (WIDTH, EYE * 4)},
        {"clip.use_gelu": True, "clip.vision.projector.scale_factor": 2},
        ("vision",),
    ),
    "internvl": (
        {
            **encoder(),
            **_patches(),
            "v.class_embd": (EYE,),
            "v.position_embd.weight": (17, EYE),
            "mm.model.mlp.0.weight": (EYE * 4,),
            "mm.model.mlp.0.bias": (EYE * 4,),
            "mm.model.mlp.1.weight": (WIDTH, EYE * 4),
            "mm.model.mlp.1.bias": (WIDTH,),
            "mm.model.mlp.3.weight": (WIDTH, WIDTH),
            "mm.model.mlp.3.bias": (WIDTH,),
        },
        {"clip.use_gelu": True, "clip.vision.projector.scale_factor": 2},
        ("vision",),
    ),
    "lfm2": (
        {
            **encoder(),
            **_patches(),
            "mm.input_norm.weight": (EYE * 4,),
            "mm.input_norm.bias": (EYE * 4,),
            "mm.1.weight": (WIDTH, EYE * 4),
            "mm.1.bias": (WIDTH,),
            "mm.2.weight": (WIDTH, WIDTH),
            "mm.2.bias": (WIDTH,),
        },
        {"clip.use_gelu": True, "clip.vision.projector.scale_factor": 2},
        ("vision",),
    ),
    "pixtral": (
        {
            **encoder(bias=False),
            "v.patch_embd.weight": (EYE, 3, 14, 14),
            "v.pre_ln.weight": (EYE,),
            **{f"v.blk.{n}.ffn_gate.weight": (EYE, EYE) for n in range(2)},
            "v.token_embd.img_break": (WIDTH,),
            "mm.1.weight": (WIDTH, EYE),
            "mm.1.bias": (WIDTH,),
            "mm.2.weight": (WIDTH, WIDTH),
            "mm.2.bias": (WIDTH,),
        },
        {"clip.use_silu": True},
        ("vision",),
    ),
    "qwen2vl_merger": (
        {
            **encoder(),
            "v.patch_embd.weight": (EYE, 3, 14, 14),
            "v.patch_embd.weight.1": (EYE, 3, 14, 14),
            "v.post_ln.weight": (EYE,),
            "v.post_ln.bias": (EYE,),
            "mm.0.weight": (EYE * 4, EYE * 4),
            "mm.0.bias": (EYE * 4,),
            "mm.2.weight": (WIDTH, EYE * 4),
            "mm.2.bias": (WIDTH,),
        },
        {},
        ("vision",),
    ),
    "ultravox": (
        {
            **_whisper(),
            "mm.a.mlp.1.weight": (WIDTH, 256),
            "mm.a.mlp.2.weight": (WIDTH, EYE),
            "mm.a.norm_pre.weight": (256,),
            "mm.a.norm_mid.weight": (EYE,),
        },
        {"clip.audio.projector.stack_factor": 8},
        ("audio",),
    ),
    "qwen2a": (
        {**_whisper(), "mm.a.fc.weight": (WIDTH, EYE), "mm.a.fc.bias": (WIDTH,)},
        {},
        ("audio",),
    ),
}


def family(path: Path, kind: str, *, name: str = "") -> Path:
    """A whole projector of one family, which llama.cpp loads."""
    shapes, keys, senses = FAMILIES[kind]
    return projector(path, kind, name=name, shapes=shapes, keys=keys, senses=senses)


def _letters() -> list[str]:
    """The 256 letters of GPT-2's byte alphabet."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    rest = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(rest)) for byte in range(256)]


def _add(out: gguf.GGUFWriter, keys: Mapping[str, Any]) -> None:
    for key, value in keys.items():
        if isinstance(value, list):
            out.add_array(key, value)
        elif isinstance(value, bool):
            out.add_bool(key, value)
        elif isinstance(value, int):
            (out.add_uint16 if key.startswith("split.") else out.add_uint32)(key, value)
        elif isinstance(value, float):
            out.add_float32(key, value)
        else:
            out.add_string(key, value)


def _write(out: gguf.GGUFWriter, path: Path, shapes: Shapes) -> Path:
    random = np.random.default_rng(0)
    for name, shape in shapes.items():
        out.add_tensor(name, (random.standard_normal(shape) * 0.02).astype(np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path
