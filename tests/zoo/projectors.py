"""A small projector of every type that llama.cpp loads: its tensors and keys, by the names of clip.cpp.

Shapes are NumPy's, rows first: a weight that makes `out` numbers of `in` is (out, in), a kernel (out, in,
height, width). Read in llama.cpp's tools/mtmd (clip.cpp, load_hparams and load_tensors; models/*.cpp for
what each graph multiplies). Numbers are as small as the graphs allow; where one is larger, its line says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT = 64
"""The width of the text models, which is what a projector makes."""
EYE = 32
"""The width of the encoders, of their feed-forward layers too."""
FRAMES = 1500
"""The positions of a Whisper encoder: 30 seconds."""
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Projector:
    """shapes: tensors; keys: metadata beside what every projector has; senses: "vision", "audio";
    width: of the text model; text_keys: what the text model needs to take this projector's output; half:
    tensors of 16 bits, which converters make of kernels that work on each channel alone (llama.cpp has no
    such convolution for 32).
    """

    shapes: Shapes
    keys: Mapping[str, Any] = field(default_factory=dict)
    senses: tuple[str, ...] = ("vision",)
    width: int = TEXT
    text_keys: Mapping[str, Any] = field(default_factory=dict)
    half: tuple[str, ...] = ()


def linear(name: str, out: int, into: int, *, bias: bool = True) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out, into), **({f"{name}.bias": (out,)} if bias else {})}


def norm(name: str, width: int = EYE, *, bias: bool = True) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), **({f"{name}.bias": (width,)} if bias else {})}


def kernel(name: str, *shape: int, bias: tuple[int, ...] = ()) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": bias or (shape[0],)}


def encoder(
    prefix: str = "v",
    *,
    bias: bool = True,
    fused: bool = False,
    gate: bool = False,
    width: int = EYE,
    blocks: int = 2,
    heads_kv: int = 0,
) -> dict[str, tuple[int, ...]]:
    """Blocks of a vision (v) or audio (a) encoder. fused: q, k and v in one tensor; heads_kv: of 2 heads."""
    narrow = width * heads_kv // 2 if heads_kv else width
    found: dict[str, tuple[int, ...]] = {}
    for n in range(blocks):
        block = f"{prefix}.blk.{n}"
        if fused:
            found |= linear(f"{block}.attn_qkv", width + 2 * narrow, width, bias=bias)
        else:
            found |= linear(f"{block}.attn_q", width, width, bias=bias)
            # Whisper's keys have no bias, and llama.cpp insists on that
            found |= linear(f"{block}.attn_k", narrow, width, bias=bias and prefix != "a")
            found |= linear(f"{block}.attn_v", narrow, width, bias=bias)
        for part in ("attn_out", "ffn_up", "ffn_down", *(("ffn_gate",) if gate else ())):
            found |= linear(f"{block}.{part}", width, width, bias=bias)
        for part in ("ln1", "ln2"):
            found |= norm(f"{block}.{part}", width, bias=bias)
    return found


def patches(*, bias: bool = True, twice: bool = False, width: int = EYE) -> dict[str, tuple[int, ...]]:
    """The first convolution. twice: a second one, for the second of two frames."""
    found: dict[str, tuple[int, ...]] = {"v.patch_embd.weight": (width, 3, 14, 14)}
    found |= {"v.patch_embd.weight.1": (width, 3, 14, 14)} if twice else {}
    return {**found, **({"v.patch_embd.bias": (width,)} if bias else {})}


def positions(count: int = 16, prefix: str = "v", width: int = EYE) -> dict[str, tuple[int, ...]]:
    return {f"{prefix}.position_embd.weight": (count, width)}


def siglip(*, twice: bool = False, fused: bool = False) -> dict[str, tuple[int, ...]]:
    """Patches with positions, blocks with biases, a last norm."""
    return {**encoder(fused=fused), **patches(twice=twice), **positions(), **norm("v.post_ln")}


def two_layers(first: str, second: str, into: int, between: int = 0, *, bias: bool = True) -> Shapes:
    """The usual end of a projector: from `into` to `between` to the text model's width."""
    between = between or into
    return {**linear(first, between, into, bias=bias), **linear(second, TEXT, between, bias=bias)}


def whisper() -> dict[str, tuple[int, ...]]:
    return {
        **encoder("a"),
        **kernel("a.conv1d.1", EYE, 128, 3, bias=(EYE, 1)),
        **kernel("a.conv1d.2", EYE, EYE, 3, bias=(EYE, 1)),
        **positions(FRAMES, "a"),
        **norm("a.post_ln"),
    }


def convolutions_2d() -> dict[str, tuple[int, ...]]:
    """Three convolutions that each halve 128 mel bins and the frames, and what makes embeddings of it."""
    found = kernel("a.conv2d.1", 4, 1, 3, 3)
    for n in (2, 3):
        found |= kernel(f"a.conv2d.{n}", 4, 4, 3, 3)
    return {**found, "a.conv_out.weight": (EYE, 4 * 16)}


def subsampling() -> dict[str, tuple[int, ...]]:
    """Conformer's first convolutions (pre_encode) over 128 mel bins."""
    found: dict[str, tuple[int, ...]] = {}
    for n, into in ((0, 1), (2, 1), (3, 4), (5, 1), (6, 4)):
        found |= kernel(f"a.conv1d.{n}", 4, into, *((3, 3) if into == 1 else (1, 1)), bias=(4, 1, 1))
    return {**found, **linear("a.pre_encode.out", EYE, 4 * 16)}


def conformer(depth: int, *, wide: int = EYE, relative: int = EYE) -> dict[str, tuple[int, ...]]:
    """What a Conformer's blocks have beside attention: depth of the convolution, its width."""
    found: dict[str, tuple[int, ...]] = {}
    for n in range(2):
        block = f"a.blk.{n}"
        found |= {**norm(f"{block}.ffn_norm"), **norm(f"{block}.ffn_norm_1"), **norm(f"{block}.norm_conv")}
        found |= {**linear(f"{block}.ffn_up_1", EYE, EYE), **linear(f"{block}.ffn_down_1", EYE, EYE)}
        found |= {**linear(f"{block}.conv_pw1", 2 * wide, EYE), **linear(f"{block}.conv_pw2", EYE, wide)}
        found |= {f"{block}.conv_dw.weight": (wide, depth), **norm(f"{block}.conv_norm", wide)}
        if relative:
            found |= {f"{block}.linear_pos.weight": (EYE, relative)}
            found |= {f"{block}.pos_bias_{which}": (2, EYE // 2) for which in "uv"}
    return found


def query_former(prefix: str, count: int, into: int, width: int = EYE) -> dict[str, tuple[int, ...]]:
    """Blocks that look from a few queries at an encoder's output of width `into`."""
    found: dict[str, tuple[int, ...]] = {}
    for n in range(count):
        for kind, looks_at in (("self", width), ("cross", into)):
            block = f"{prefix}.proj_blk.{n}.{kind}_attn"
            found |= {**linear(f"{block}_q", width, width), **linear(f"{block}_out", width, width)}
            found |= {**linear(f"{block}_k", width, looks_at), **linear(f"{block}_v", width, looks_at)}
            found |= norm(f"{block}_norm", width)
        for part in ("ffn_up", "ffn_down"):
            found |= linear(f"{prefix}.proj_blk.{n}.{part}", width, width)
        found |= norm(f"{prefix}.proj_blk.{n}.ffn_norm", width)
    return found


PIXELS = {"clip.vision.image_min_pixels": 56 * 56, "clip.vision.image_max_pixels": 112 * 112}
MERGE = {"clip.vision.spatial_merge_size": 2}
SCALE = {"clip.vision.projector.scale_factor": 2}
GELU, SILU = {"clip.use_gelu": True}, {"clip.use_silu": True}
QWEN = {**patches(twice=True, bias=False), **norm("v.post_ln")}
LAST = two_layers("mm.0", "mm.2", EYE * 4)
AUDIO = ("audio",)
STACK = {"clip.audio.projector.stack_factor": 4}
"""Frames that become one embedding. Real ones (Ultravox) put 8 together: llama.cpp rounds 1500 frames up to
whole stacks with a bit mask (GGML_PAD), which is exact for powers of two only. With the real width 1280 the
mask gives 187 stacks, as many as are counted elsewhere; with a width of 32 it gives 188, and the engine ends
with "Invalid number of output tokens". 4 divides 1500."""


def _mobile_block(name: str) -> dict[str, tuple[int, ...]]:
    """One of MobileVLM's two blocks: a convolution in depth, squeeze and excitation, a linear layer."""
    return {
        f"{name}.block.0.0.weight": (TEXT, 1, 3, 3),
        **norm(f"{name}.block.0.1", TEXT),
        **linear(f"{name}.block.1.fc1", 16, TEXT),
        **linear(f"{name}.block.1.fc2", TEXT, 16),
        f"{name}.block.2.0.weight": (TEXT, TEXT),
        **norm(f"{name}.block.2.1", TEXT),
    }


def _glm(**keys: Any) -> Projector:
    shapes = {
        **encoder(bias=False, fused=True, gate=True),
        **patches(twice=True),
        **positions(),
        **norm("v.post_ln", bias=False),
        **kernel("mm.patch_merger", EYE, EYE, 2, 2),
        "mm.model.fc.weight": (EYE, EYE),
        **norm("mm.post_norm"),
        "mm.up.weight": (EYE, EYE),
        "mm.gate.weight": (EYE, EYE),
        "mm.down.weight": (TEXT, EYE),
    }
    return Projector(shapes, {**SILU, **MERGE, **keys})


def _segment_anything() -> dict[str, tuple[int, ...]]:
    """DeepSeek-OCR's first encoder; its patches and image size (16 of 1024) are fixed in clip.cpp."""
    found: dict[str, tuple[int, ...]] = {
        "v.sam.pos_embd.weight": (64, 64, 16),
        **kernel("v.sam.patch_embd", 16, 3, 16, 16),
        "v.sam.neck.0.weight": (16, 16, 1, 1),
        **norm("v.sam.neck.1", 16),
        "v.sam.neck.2.weight": (16, 16, 3, 3),
        **norm("v.sam.neck.3", 16),
        "v.sam.net_2.weight": (16, 16, 3, 3),
        "v.sam.net_3.weight": (EYE, 16, 3, 3),
        "v.view_seperator": (TEXT,),
    }
    for n in range(3):
        block = f"v.sam.blk.{n}"
        found |= {**norm(f"{block}.pre_ln", 16), **norm(f"{block}.post_ln", 16)}
        found |= {**linear(f"{block}.attn.qkv", 48, 16), **linear(f"{block}.attn.out", 16, 16)}
        found |= {**linear(f"{block}.mlp.lin1", 16, 16), **linear(f"{block}.mlp.lin2", 16, 16)}
        found |= {f"{block}.attn.pos_{axis}.weight": (27, 16) for axis in "hw"}
    return found


SAM = {
    "clip.vision.sam.head_count": 1,
    "clip.vision.sam.block_count": 3,  # the third is the first that looks at the whole image
    "clip.vision.sam.embedding_length": 16,
    "clip.vision.window_size": 14,
}


def _mobile_net() -> dict[str, tuple[int, ...]]:
    """Gemma 3n's eye: four stages of one block each, which halve an image five times."""
    found: dict[str, tuple[int, ...]] = {"v.conv_stem.conv.weight": (8, 3, 3, 3)}
    for stage in range(4):
        found[f"v.blk.{stage}.0.conv_exp.weight"] = (16, 8, 3, 3)
        found[f"v.blk.{stage}.0.conv_pwl.weight"] = (8, 16, 1, 1)
    return {
        **found,
        "v.msfa.ffn.pw_exp.conv.weight": (32, 16, 1, 1),
        "v.msfa.ffn.pw_proj.conv.weight": (TEXT, 32, 1, 1),
        "mm.input_projection.weight": (TEXT, TEXT),
        "mm.soft_emb_norm.weight": (TEXT,),
    }


def _gemma_conformer() -> dict[str, tuple[int, ...]]:
    found = {**encoder("a", bias=False), **conformer(5, relative=0)}
    for n in range(2):
        found |= {f"a.blk.{n}.attn_k_rel.weight": (EYE, EYE), f"a.blk.{n}.attn_pre_norm.weight": (EYE,)}
        found |= {f"a.conv1d.{n}.weight": (4, 4 if n else 1, 3, 3), f"a.conv1d.{n}.norm.weight": (4,)}
    return {
        **{name: shape for name, shape in found.items() if not name.endswith(".bias")},
        "a.input_projection.weight": (EYE, 4 * 32),
        "mm.a.input_projection.weight": (TEXT, EYE),
    }


def _granite_speech() -> dict[str, tuple[int, ...]]:
    found = {**encoder("a"), **conformer(3, wide=2 * EYE, relative=0)}
    for n in range(2):
        found[f"a.blk.{n}.attn_rel_pos_emb"] = (2 * 8 + 1, EYE // 2)
        for part in ("attn_q", "attn_v"):
            del found[f"a.blk.{n}.{part}.bias"]
    return {
        **found,
        **linear("a.input_projection", EYE, 160),
        **linear("a.enc_ctc_out", 8, EYE),
        **linear("a.enc_ctc_out_mid", EYE, 8),
        "a.proj_query": (1, 3, EYE),
        **norm("a.proj_norm"),
        **query_former("a", 2, EYE),
        **linear("a.proj_linear", TEXT, EYE),
    }


def _parakeet() -> dict[str, tuple[int, ...]]:
    found = {**encoder("a"), **conformer(9), **subsampling()}
    for n in range(2):
        found |= {f"a.blk.{n}.conv_norm_{part}": (EYE,) for part in ("mean", "var")}
    return {
        **{name: shape for name, shape in found.items() if ".attn_" not in name or name.endswith("weight")},
        "a.mel_filters": (128, 257),
        "a.window": (400,),
        "mm.a.norm_pre.weight": (EYE,),
        "mm.a.mlp.1.weight": (EYE, EYE),
        "mm.a.mlp.2.weight": (TEXT, EYE),
        # those of the picture's projector, which the converter puts in the same file, are asked for too
        "mm.model.mlp.0.weight": (EYE * 4,),
        **two_layers("mm.model.mlp.1", "mm.model.mlp.3", EYE * 4, bias=False),
    }


def _mimo_ear() -> dict[str, tuple[int, ...]]:
    found = {**encoder("a", blocks=3)}
    for n in range(1):
        block = f"mm.a.local_blk.{n}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_gate", "ffn_up", "ffn_down"):
            found |= linear(f"{block}.{part}", EYE, EYE, bias=part in ("attn_q", "attn_k", "attn_v"))
        found |= {**norm(f"{block}.ln1", bias=False), **norm(f"{block}.ln2", bias=False)}
    return {
        **found,
        **kernel("a.conv1d.1", EYE, 128, 3, bias=(EYE, 1)),
        **kernel("a.conv1d.2", EYE, EYE, 3, bias=(EYE, 1)),
        **norm("a.post_ln"),
        "a.downsample.conv.weight": (EYE, EYE, 2),
        **norm("a.downsample.norm"),
        "a.rvq.codebook.weight": (2, 8, EYE),
        "mm.a.code_embd.weight": (2, 8, EYE),
        "mm.a.local_norm.weight": (EYE,),
        "mm.a.mlp.1.weight": (EYE, EYE * 4),
        "mm.a.mlp.2.weight": (TEXT, EYE),
    }


_QWEN_EAR = {**whisper(), **linear("mm.a.fc", TEXT, EYE)}
_WIDE = 128  # MiniCPM-V's resampler has heads of 128

PROJECTORS: Mapping[str, Projector] = {
    "mlp": Projector(
        {**encoder(), **patches(bias=False), **positions(), **two_layers("mm.0", "mm.2", EYE, TEXT)}, GELU
    ),
    "ldp": Projector(  # 24 patches a side are fixed in its graph
        {
            **encoder(),
            **patches(),
            **positions(576),
            **two_layers("mm.model.mlp.1", "mm.model.mlp.3", EYE, TEXT),
            **_mobile_block("mm.model.mb_block.1"),
            **_mobile_block("mm.model.mb_block.2"),
        },
        {**GELU, "clip.vision.image_size": 336},
        half=tuple(f"mm.model.mb_block.{n}.block.0.0.weight" for n in (1, 2)),
    ),
    "ldpv2": Projector(
        {
            **encoder(),
            **patches(),
            **positions(576),
            **two_layers("mm.model.mlp.0", "mm.model.mlp.2", EYE, TEXT),
            **kernel("mm.model.peg.0", TEXT, 1, 3, 3),
        },
        {**GELU, "clip.vision.image_size": 336},
        half=("mm.model.peg.0.weight",),
    ),
    "resampler": Projector(  # 70 by 70 positions are fixed
        {
            **encoder(),
            **patches(),
            **positions(4900),
            **norm("v.post_ln"),
            "resampler.pos_embed_k": (4900, _WIDE),
            "resampler.query": (4, _WIDE),
            "resampler.proj.weight": (_WIDE, _WIDE),
            "resampler.kv.weight": (_WIDE, EYE),
            **{
                name: shape
                for part in ("q", "k", "v", "out")
                for name, shape in linear(f"resampler.attn.{part}", _WIDE, _WIDE).items()
            },
            **norm("resampler.ln_q", _WIDE),
            **norm("resampler.ln_kv", _WIDE),
            **norm("resampler.ln_post", _WIDE),
        },
        {**GELU, "clip.minicpmv_version": 3, "clip.minicpmv_query_num": 4},
        width=_WIDE,
    ),
    "adapter": Projector(
        {
            **encoder(),
            **patches(),
            **positions(),
            **kernel("adapter.conv", EYE, EYE, 2, 2),
            "adapter.linear.linear.weight": (EYE, EYE),
            **norm("adapter.linear.norm1"),
            "adapter.linear.dense_h_to_4h.weight": (EYE, EYE),
            "adapter.linear.gate.weight": (EYE, EYE),
            "adapter.linear.dense_4h_to_h.weight": (TEXT, EYE),
            "adapter.boi": (TEXT,),
            "adapter.eoi": (TEXT,),
        },
        GELU,
    ),
    "qwen2vl_merger": Projector({**encoder(), **QWEN, **LAST}),
    "qwen2.5vl_merger": Projector(
        {**encoder(gate=True), **QWEN, **LAST}, {**SILU, "clip.vision.n_wa_pattern": 0}
    ),
    "qwen2.5o": Projector(
        {**encoder(gate=True), **QWEN, **LAST, **_QWEN_EAR},
        {**SILU, "clip.vision.n_wa_pattern": 0},
        ("vision", "audio"),
    ),
    "qwen3vl_merger": Projector({**siglip(twice=True, fused=True), **LAST}, {**GELU, **MERGE}),
    "ling3vl": Projector(
        {**siglip(twice=True, fused=True), **norm("mm.input_norm"), **LAST}, {**GELU, **MERGE}
    ),
    "step3vl": Projector(
        {
            **siglip(),
            **kernel("mm.0", EYE, EYE, 3, 3),
            **kernel("mm.1", EYE, EYE, 3, 3),
            "mm.model.fc.weight": (TEXT, EYE),
        },
        {**GELU, "clip.vision.preproc_image_size": 56},
    ),
    "gemma3": Projector(
        {**siglip(), "mm.input_projection.weight": (EYE, TEXT), "mm.soft_emb_norm.weight": (EYE,)},
        {**GELU, **SCALE},
    ),
    "gemma3nv": Projector(  # as many embeddings come out as image size by patch size
        _mobile_net(),
        {"clip.vision.embedding_length": TEXT, "clip.vision.image_size": 256, "clip.vision.patch_size": 1},
    ),
    "gemma3na": Projector(_gemma_conformer(), {}, AUDIO),
    "gemma4v": Projector(
        {
            **encoder(bias=False, gate=True),
            **patches(bias=False),
            "v.position_embd.weight": (2, 256, EYE),
            "mm.input_projection.weight": (TEXT, EYE),
        },
        GELU,
    ),
    "gemma4uv": Projector(
        {
            "v.patch_embd.weight": (EYE, 3 * 42 * 42),
            "v.patch_embd.bias": (EYE,),
            **norm("v.patch_norm.1", 3 * 42 * 42),
            **norm("v.patch_norm.2"),
            **norm("v.patch_norm.3"),
            "v.position_embd.weight": (2, 256, EYE),
            "mm.input_projection.weight": (TEXT, EYE),
        },
        {"clip.vision.block_count": 0},
    ),
    "gemma4a": Projector(_gemma_conformer(), {}, AUDIO),
    "gemma4ua": Projector(
        {"mm.a.input_projection.weight": (TEXT, 640)}, {"clip.audio.block_count": 0}, AUDIO
    ),
    "phi4": Projector({**siglip(), **two_layers("mm.0", "mm.2", EYE)}, {**GELU, **PIXELS}),
    "idefics3": Projector({**siglip(), "mm.model.fc.weight": (TEXT, EYE * 4)}, {**GELU, **SCALE}),
    "pixtral": Projector(
        {
            **encoder(bias=False, gate=True),
            **patches(bias=False),
            "v.pre_ln.weight": (EYE,),
            "v.token_embd.img_break": (TEXT,),
            **two_layers("mm.1", "mm.2", EYE),
        },
        SILU,
    ),
    "lightonocr": Projector(
        {
            **encoder(bias=False, gate=True),
            **patches(bias=False),
            "v.pre_ln.weight": (EYE,),
            "mm.input_norm.weight": (EYE,),
            "mm.patch_merger.weight": (EYE, EYE * 4),
            **two_layers("mm.1", "mm.2", EYE),
        },
        {**SILU, **MERGE},
    ),
    "internvl": Projector(
        {
            **siglip(),
            "v.class_embd": (EYE,),
            **positions(17),
            **norm("mm.model.mlp.0", EYE * 4),
            **two_layers("mm.model.mlp.1", "mm.model.mlp.3", EYE * 4),
        },
        {**GELU, **SCALE},
    ),
    "nemotron_v2_vl": Projector(
        {
            **encoder(),
            **patches(),
            **positions(),
            "v.class_embd": (2, EYE),
            "mm.model.mlp.0.weight": (EYE * 4,),
            **two_layers("mm.model.mlp.1", "mm.model.mlp.3", EYE * 4, bias=False),
        },
        {**GELU, **SCALE},
    ),
    "llama4": Projector(
        {
            **encoder(),
            "v.patch_embd.weight": (EYE, 3 * 14 * 14),
            "v.class_embd": (EYE,),
            **positions(17),
            **norm("v.post_ln"),
            "mm.model.mlp.1.weight": (EYE, EYE * 4),
            "mm.model.mlp.2.weight": (EYE, EYE),
            "mm.model.fc.weight": (TEXT, EYE),
        },
        {**GELU, **SCALE},
    ),
    "lfm2": Projector(  # parts of 512 are fixed, which two patches of 14 do not divide
        {
            **siglip(),
            "v.patch_embd.weight": (EYE, 3, 16, 16),
            **norm("mm.input_norm", EYE * 4),
            **two_layers("mm.1", "mm.2", EYE * 4),
        },
        {**GELU, **SCALE, "clip.vision.patch_size": 16, "clip.vision.image_size": 64},
    ),
    "kimivl": Projector(
        {**siglip(), **norm("mm.input_norm"), **two_layers("mm.1", "mm.2", EYE * 4)}, {**GELU, **SCALE}
    ),
    "kimik25": Projector(
        {
            **siglip(),
            "v.position_embd.weight": (4, 4, EYE),
            **norm("mm.input_norm"),
            **two_layers("mm.1", "mm.2", EYE * 4),
        },
        {**GELU, **SCALE},
    ),
    "paddleocr": Projector(
        {**siglip(), **norm("mm.input_norm"), **two_layers("mm.1", "mm.2", EYE * 4)}, {**GELU, **PIXELS}
    ),
    "cogvlm": Projector(
        {
            **encoder(fused=True),
            **patches(),
            "v.class_embd": (EYE,),
            **positions(17),
            "mm.model.fc.weight": (EYE, EYE),
            **norm("mm.post_fc_norm"),
            "mm.up.weight": (EYE, EYE),
            "mm.gate.weight": (EYE, EYE),
            "mm.down.weight": (TEXT, EYE),
            "v.boi": (TEXT,),
            "v.eoi": (TEXT,),
        },
        GELU,
    ),
    "janus_pro": Projector({**siglip(), **two_layers("mm.0", "mm.1", EYE)}, GELU),
    "dots_ocr": Projector(
        {
            **encoder(bias=False, fused=True, gate=True),
            **patches(),
            **norm("mm.input_norm"),
            **LAST,
            "mm.post_norm.weight": (EYE,),
        },
        {**SILU, **SCALE, **PIXELS},
    ),
    "dots3note_v": Projector(
        {
            **encoder(bias=False, fused=True, gate=True),
            **patches(),
            **norm("mm.input_norm"),
            **LAST,
            "mm.post_norm.weight": (EYE,),
        },
        {**SILU, **MERGE, **PIXELS, "clip.vision.expert_used_count": 1},
    ),
    "dots3note_a": Projector(
        {
            **encoder("a", bias=False, gate=True),
            **convolutions_2d(),
            **norm("mm.a.norm_pre"),
            **two_layers("mm.a.mlp.1", "mm.a.mlp.3", EYE),
        },
        SILU,
        AUDIO,
    ),
    "deepseekocr": Projector(
        {
            **encoder(),
            **patches(),
            **_segment_anything(),
            "v.class_embd": (EYE,),
            **positions(257),
            **norm("v.pre_ln"),
            **linear("mm.model.fc", TEXT, EYE * 2),
            "v.image_newline": (TEXT,),
        },
        {**GELU, **SAM},
    ),
    "deepseekocr2": Projector(
        {
            **encoder(bias=False, gate=True),
            **_segment_anything(),
            **norm("v.post_ln", bias=False),
            **linear("mm.model.fc", TEXT, EYE),
            "v.resample_query_768.weight": (144, EYE),
            "v.resample_query_1024.weight": (256, EYE),
        },
        {**GELU, **SAM, "clip.vision.attention.head_count_kv": 2},
    ),
    "deepseek4v": Projector(
        {
            **encoder(bias=False, gate=True),
            **patches(),
            **two_layers("mm.1", "mm.2", EYE * 4),
            **{f"v.token_embd.img_{name}": (TEXT,) for name in ("start", "end", "pad")},
            "v.image_newline": (TEXT,),
        },
        {**SILU, **SCALE, "clip.vision.image_min_pixels": 56 * 56},
    ),
    "glm4v": _glm(),
    "glm5v": _glm(**PIXELS, **{"clip.vision.swiglu_clamp": 10.0}),
    "youtuvl": Projector(
        {
            **encoder(),
            "v.patch_embd.weight": (EYE, 3 * 14 * 14),
            "v.patch_embd.bias": (EYE,),
            **norm("v.post_ln"),
            "mm.input_norm.weight": (EYE,),
            **LAST,
        },
        {**GELU, **MERGE, "clip.vision.window_size": 56, "clip.vision.wa_layer_indexes": [1]},
    ),
    "yasa2": Projector(  # 64 embeddings are fixed: 8 patches a side
        {
            **patches(),
            **norm("v.patch_ln"),
            **norm("v.backbone_ln"),
            **kernel("v.stage.0.blk.0.dw", EYE, 1, 7, 7),
            **norm("v.stage.0.blk.0.ln"),
            **linear("v.stage.0.blk.0.pw1", EYE * 2, EYE),
            **norm("v.stage.0.blk.0.grn", EYE * 2),
            **linear("v.stage.0.blk.0.pw2", EYE, EYE * 2),
            **two_layers("mm.0", "mm.2", EYE),
        },
        {"clip.vision.block_count": 0, "clip.vision.image_size": 112},
        half=("v.stage.0.blk.0.dw.weight",),
    ),
    "exaone4_5": Projector(
        {
            **encoder(fused=True, gate=True, heads_kv=1),
            **patches(twice=True, bias=False),
            **norm("v.post_ln", bias=False),
            **LAST,
        },
        {**SILU, **PIXELS, "clip.vision.attention.head_count_kv": 1},
    ),
    "hunyuanvl": Projector(
        {
            **siglip(),
            "mm.pre_norm.weight": (EYE,),
            **kernel("mm.0", EYE, EYE, 2, 2),
            **kernel("mm.2", EYE, EYE, 1, 1),
            "v.image_newline": (EYE,),
            **linear("mm.model.fc", TEXT, EYE),
            "mm.image_begin": (TEXT,),
            "mm.image_end": (TEXT,),
            "mm.post_norm.weight": (TEXT,),
        },
        {**GELU, **MERGE, **PIXELS},
    ),
    "minicpmv4_6": Projector(  # 70 by 70 positions are fixed
        {
            **siglip(),
            **positions(4900),
            **norm("v.vit_merger.ln1"),
            **{
                name: shape
                for part in ("attn_q", "attn_k", "attn_v", "attn_out")
                for name, shape in linear(f"v.vit_merger.{part}", EYE, EYE).items()
            },
            **norm("v.vit_merger.ds_ln", EYE * 4),
            **linear("v.vit_merger.ds_ffn_up", EYE, EYE * 4),
            **linear("v.vit_merger.ds_ffn_down", EYE, EYE),
            **norm("mm.input_norm", EYE * 4),
            **linear("mm.up", EYE, EYE * 4),
            **linear("mm.down", TEXT, EYE),
        },
        {**GELU, "clip.vision.wa_layer_indexes": [0]},
    ),
    "mimovl": Projector(
        {
            **encoder(fused=True, gate=True, heads_kv=1),
            **{f"v.blk.{n}.attn_sinks": (2,) for n in range(2)},
            **QWEN,
            **two_layers("mm.0", "mm.2", EYE * 4, bias=False),
        },
        {
            **SILU,
            **PIXELS,
            **MERGE,
            "clip.vision.attention.head_count_kv": 1,
            "clip.vision.window_size": 4,
            "clip.vision.wa_pattern_mode": [1, 0],
        },
    ),
    "minimax_m3": Projector(
        {
            **encoder(),
            **patches(twice=True, bias=False),
            **linear("mm.1", EYE, EYE),
            **linear("mm.2", EYE, EYE),
            **two_layers("mm.merger.fc1", "mm.merger.fc2", EYE * 4),
        },
        {**GELU, **MERGE},
    ),
    "granite4_vision": Projector(  # its query former has heads of 64
        {
            **encoder(width=TEXT),
            **patches(width=TEXT),
            **positions(width=TEXT),
            "v.image_newline": (TEXT,),
            **query_former("v", 2, TEXT, TEXT),
            **{
                name: shape
                for n in range(2)
                for name, shape in {
                    f"v.proj_blk.{n}.img_pos": (4, TEXT),
                    f"v.proj_blk.{n}.query": (1, TEXT),
                    **linear(f"v.proj_blk.{n}.linear", TEXT, TEXT),
                    **norm(f"v.proj_blk.{n}.norm", TEXT),
                    **norm(f"v.proj_blk.{n}.post_norm", TEXT),
                }.items()
            },
        },
        {
            **GELU,
            "clip.vision.embedding_length": TEXT,
            "clip.vision.feed_forward_length": TEXT,
            "clip.vision.feature_layer": [0, 1],
            "clip.vision.projector.spatial_offsets": [0, -1],
            "clip.vision.projector.query_side": 1,
            "clip.vision.projector.window_side": 2,
            "clip.vision.image_grid_pinpoints": [56, 112, 112, 56, 112, 112],
        },
        text_keys={"own.deepstack_mapping": [-1, 1]},
    ),
    "muse-glimmer": Projector(
        {
            **siglip(),
            "mm.0.weight": (EYE, EYE * 4),
            "mm.1.weight": (EYE, EYE),
            "mm.2.weight": (TEXT, EYE),
        },
        {**GELU, **MERGE},
    ),
    "ultravox": Projector(
        {
            **whisper(),
            "mm.a.norm_pre.weight": (EYE * 4,),
            "mm.a.mlp.1.weight": (TEXT, EYE * 4),
            "mm.a.norm_mid.weight": (EYE,),
            "mm.a.mlp.2.weight": (TEXT, EYE),
        },
        STACK,
        AUDIO,
    ),
    "voxtral": Projector(
        {**whisper(), **two_layers("mm.a.mlp.1", "mm.a.mlp.2", EYE * 2, bias=False)},
        {"clip.audio.projector.stack_factor": 2},
        AUDIO,
    ),
    "meralion": Projector(
        {
            **whisper(),
            **norm("mm.a.norm_pre", EYE * 4),
            **linear("mm.a.mlp.0", EYE, EYE * 4),
            **linear("mm.a.mlp.1", EYE, EYE),
            **linear("mm.a.mlp.2", EYE, EYE),
            **linear("mm.a.mlp.3", TEXT, EYE),
        },
        STACK,
        AUDIO,
    ),
    "musicflamingo": Projector({**whisper(), **two_layers("mm.a.mlp.1", "mm.a.mlp.2", EYE)}, {}, AUDIO),
    "qwen2a": Projector(_QWEN_EAR, {}, AUDIO),
    "qwen3a": Projector(
        {
            **encoder("a"),
            **convolutions_2d(),
            **positions(13, "a"),
            **norm("a.post_ln"),
            **two_layers("mm.a.mlp.1", "mm.a.mlp.2", EYE),
        },
        {},
        AUDIO,
    ),
    "glma": Projector(
        {
            **whisper(),
            **norm("mm.a.norm_pre"),
            **two_layers("mm.a.mlp.1", "mm.a.mlp.2", EYE * 4),
            "v.boi": (TEXT,),
            "v.eoi": (TEXT,),
        },
        STACK,
        AUDIO,
    ),
    "lfm2a": Projector(  # positions are 512 numbers wide; its width is read from a table that it does not use
        {
            **encoder("a"),
            **{f"a.blk.{n}.attn_k.bias": (EYE,) for n in range(2)},
            **conformer(9, relative=512),
            **{f"a.blk.{n}.conv_dw.bias": (EYE,) for n in range(2)},
            **subsampling(),
            **positions(FRAMES, "a", TEXT),
            **norm("mm.a.mlp.0"),
            **two_layers("mm.a.mlp.1", "mm.a.mlp.3", EYE),
        },
        {},
        AUDIO,
    ),
    "granite_speech": Projector(
        _granite_speech(),
        {
            "clip.audio.num_mel_bins": 160,
            "clip.audio.chunk_size": 8,
            "clip.audio.conv_kernel_size": 3,
            "clip.audio.max_pos_emb": 8,
            "clip.audio.projector.window_size": 15,
            "clip.audio.projector.downsample_rate": 5,
            "clip.audio.projector.head_count": 2,
        },
        AUDIO,
    ),
    "parakeet": Projector(
        _parakeet(), {"clip.audio.subsampling_factor": 8, "clip.audio.conv_kernel_size": 9}, AUDIO
    ),
    "mimo_audio": Projector(
        _mimo_ear(),
        {
            "clip.audio.block_count": 3,
            "clip.audio.rvq.num_quantizers": 2,
            "clip.audio.rvq.codebook_size": [8, 8],
            "clip.audio.window_size": 4,
            "clip.audio.wa_pattern_mode": [-1, 0, 0],
            "clip.audio.local_block_count": 1,
            "clip.audio.local_group_size": 4,
        },
        AUDIO,
    ),
}
