"""llama.cpp's projector types: which text architectures they belong to and how wide their output is.

Read in llama.cpp of August 2026: names from tools/mtmd/clip-impl.h, the tensor that fixes the width from
clip_n_mmproj_embd in clip.cpp, the marks put around an image or a sound and the tokens looked up from
mtmd.cpp (init_vision, init_audio), architectures from the converters in conversion/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectorType:
    """One value of `clip.projector_type`.

    architectures: of the text models it is converted for, empty where no converter says; generic: it is
    also used with others (LLaVA's MLP was put on every text model of its time).
    senses: what its file turns into embeddings, "image" or "audio" or both.
    width_tensor, width_axis: the tensor whose dimension is the projection width, as shape index in the
    file's order; "" if llama.cpp takes it from elsewhere.
    marks: the texts llama.cpp puts around every image or sound; they must be tokens, and a template must
    not write them again. Where they are not, they are cut into ordinary tokens. other_marks: those that
    stand in their place where the vocabulary has the first of them.
    needed: texts that llama.cpp looks up as single tokens and writes as such with every image; one that the
    vocabulary lacks becomes token -1, and the server refuses the image (HTTP 400 "Invalid token").
    needed_large: the same with images that it cuts into parts because they are large.
    ollama: the first Ollama release whose engine knows the type, among those read (0.5.13, 0.7.0, 0.9.6,
    0.12.6, 0.13.3, 0.13.5, 0.17.4: llama/llama.cpp/tools/mtmd/clip-impl.h); all others came with 0.30.
    """

    name: str
    architectures: tuple[str, ...]
    generic: bool = False
    width_tensor: str = ""
    width_axis: int = 1
    marks: tuple[str, ...] = ()
    ollama: tuple[int, int, int] = (0, 30, 0)
    senses: tuple[str, ...] = ("image",)
    needed: tuple[str, ...] = ()
    needed_large: tuple[str, ...] = ()
    other_marks: tuple[str, ...] = ()


_QWEN_MARKS = ("<|vision_start|>", "<|vision_end|>")
_GLM_MARKS = ("<|begin_of_image|>", "<|end_of_image|>")
_LFM_MARKS = ("<|image_start|>", "<|image_end|>")
_MINICPM = ("<image>", "</image>")
_MINICPM_PARTS = ("<slice>", "</slice>", "\n")

_TYPES = (
    ProjectorType(
        "mlp",
        ("llama", "granite", "phi2", "phi3", "qwen2", "stablelm"),
        True,
        "mm.2.weight",
        ollama=(0, 9, 6),
    ),
    ProjectorType("ldp", ("llama",), True, "mm.model.mb_block.1.block.2.1.bias", 0, ollama=(0, 9, 6)),
    ProjectorType("ldpv2", ("llama",), True, "mm.model.peg.0.bias", 0, ollama=(0, 9, 6)),
    ProjectorType(
        "resampler",
        ("llama", "minicpm", "qwen2", "qwen3"),
        True,
        "resampler.proj.weight",
        0,
        ollama=(0, 9, 6),
        needed=_MINICPM,
        needed_large=_MINICPM_PARTS,
    ),
    ProjectorType("adapter", ("chatglm",), False, "adapter.linear.dense_4h_to_h.weight", ollama=(0, 9, 6)),
    # llama: Sarashina2-Vision
    ProjectorType(
        "qwen2vl_merger", ("qwen2vl", "llama"), False, "mm.2.bias", 0, _QWEN_MARKS, ollama=(0, 9, 6)
    ),
    # llama: Sarashina2-Vision
    ProjectorType(
        "qwen2.5vl_merger", ("qwen2vl", "llama"), False, "mm.2.bias", 0, _QWEN_MARKS, ollama=(0, 9, 6)
    ),
    ProjectorType(
        "qwen2.5o",
        ("qwen2vl", "llama"),
        False,
        "mm.2.bias",
        0,
        _QWEN_MARKS,
        ollama=(0, 12, 6),
        senses=("image", "audio"),
    ),
    ProjectorType(
        "qwen3vl_merger",
        ("qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe", "qwen4exp"),
        False,
        "mm.2.bias",
        0,
        _QWEN_MARKS,
        ollama=(0, 13, 5),
    ),
    ProjectorType("ling3vl", ("bailingmoe3",), False, "mm.2.bias", 0, _QWEN_MARKS),
    ProjectorType(
        "step3vl",
        ("qwen3", "step35"),
        False,
        "mm.model.fc.weight",
        needed=("<im_start>", "<im_end>"),
        needed_large=("<patch_start>", "<patch_end>", "<patch_newline>"),
    ),
    ProjectorType(
        "gemma3",
        ("gemma3",),
        False,
        "mm.input_projection.weight",
        0,
        ("<start_of_image>", "<end_of_image>"),
        ollama=(0, 9, 6),
    ),
    ProjectorType(
        "gemma3nv",
        ("gemma3n",),
        False,
        "mm.input_projection.weight",
        0,
        ("<start_of_image>", "<end_of_image>"),
    ),
    ProjectorType("gemma4v", ("gemma4",), False, "mm.input_projection.weight", 1, ("<|image>", "<image|>")),
    ProjectorType("gemma4uv", ("gemma4",), False, "mm.input_projection.weight", 1, ("<|image>", "<image|>")),
    ProjectorType("phi4", ("phi3",), False, "mm.2.weight"),
    ProjectorType(
        "idefics3",
        ("llama", "smollm3"),
        True,
        "mm.model.fc.weight",
        ollama=(0, 9, 6),
        needed=("\n\n", "<fake_token_around_image>", "<global-img>"),
        needed_large=("\n",),
    ),
    ProjectorType(
        "pixtral", ("llama", "mistral3", "mistral4"), True, "mm.2.weight", 1, ("[IMG_END]",), ollama=(0, 9, 6)
    ),
    ProjectorType(
        "internvl",
        ("internlm2", "llama", "phi3", "qwen2", "qwen3", "qwen3moe", "gpt-oss"),
        True,
        "mm.model.mlp.3.weight",
        1,
        ("<img>", "</img>"),
        ollama=(0, 9, 6),
    ),
    ProjectorType("llama4", ("llama4",), False, "mm.model.fc.weight", 1, _LFM_MARKS, ollama=(0, 12, 6)),
    ProjectorType(
        "lfm2",
        ("lfm2", "lfm2moe"),
        False,
        "mm.2.weight",
        1,
        _LFM_MARKS,
        ollama=(0, 12, 6),
        needed_large=("<|img_thumbnail|>",),
    ),
    ProjectorType(
        "kimivl",
        ("deepseek2",),
        False,
        "mm.2.weight",
        1,
        ("<|media_start|>", "<|media_end|>"),
        ollama=(0, 12, 6),
    ),
    ProjectorType(
        "kimik25",
        ("deepseek2", "glm-dsa"),
        False,
        "mm.2.weight",
        1,
        ("<|media_begin|>", "<|media_end|>"),
        other_marks=_GLM_MARKS,
    ),
    ProjectorType(
        "paddleocr",
        ("paddleocr", "ernie4_5"),
        False,
        "mm.2.weight",
        1,
        ("<|IMAGE_START|>", "<|IMAGE_END|>"),
    ),
    ProjectorType(
        "lightonocr", ("qwen3",), False, "mm.2.weight", 1, ("<|im_start|>", "<|im_end|>"), ollama=(0, 13, 5)
    ),
    ProjectorType("cogvlm", ("cogvlm",), False, "mm.down.weight", ollama=(0, 13, 5)),
    ProjectorType("janus_pro", ("llama",), False, "mm.1.bias", 0, ollama=(0, 13, 5)),
    ProjectorType("dots_ocr", ("qwen2",), False, "mm.2.weight", 1, ("<|img|>", "<|endofimg|>")),
    ProjectorType("dots3note_v", ("dots3note",), False, "mm.2.weight", 1, ("<|img|>", "<|endofimg|>")),
    ProjectorType("deepseekocr", ("deepseek2-ocr", "deepseek2"), False, "mm.model.fc.weight"),
    ProjectorType("deepseekocr2", ("deepseek2-ocr", "deepseek2"), False, "mm.model.fc.weight"),
    ProjectorType("deepseek4v", ("deepseek4",), False, "mm.2.weight"),
    ProjectorType("glm4v", ("glm4", "glm4moe"), False, "mm.down.weight", 1, _GLM_MARKS, ollama=(0, 13, 5)),
    ProjectorType("glm5v", ("glm5-next",), False, "mm.down.weight", 1, _GLM_MARKS),
    ProjectorType("youtuvl", ("deepseek2",), False, "mm.2.bias", 0, _QWEN_MARKS),
    ProjectorType("yasa2", (), True, "mm.2.weight", 1, ("<image>", "</image>")),
    ProjectorType("nemotron_v2_vl", ("nemotron_h", "nemotron_h_moe"), False, "mm.model.mlp.3.weight"),
    ProjectorType("exaone4_5", ("exaone4",), False, "mm.2.bias", 0, ("<vision>", "</vision>")),
    ProjectorType(
        "hunyuanvl",
        ("hunyuan_vl",),
        False,
        "mm.model.fc.weight",
        1,
        ("<｜hy_place▁holder▁no▁100｜>", "<｜hy_place▁holder▁no▁101｜>"),
    ),
    ProjectorType(
        "minicpmv4_6",
        ("qwen35",),
        False,
        "mm.down.weight",
        needed=_MINICPM,
        needed_large=_MINICPM_PARTS,
    ),
    ProjectorType("mimovl", ("mimo2",), False, "mm.2.weight", 1, _QWEN_MARKS),
    ProjectorType(
        "minimax_m3",
        ("minimax-m3",),
        False,
        "mm.merger.fc2.bias",
        0,
        ("]<]start of image[>[", "]<]end of image[>["),
    ),
    ProjectorType("granite4_vision", ("granite", "granite_swa")),
    ProjectorType("muse-glimmer", ("muse-glimmer",), False, "mm.2.weight", 1, _LFM_MARKS),
)

_QWEN_SOUND = ("<|audio_bos|>", "<|audio_eos|>")
_GEMMA_SOUND = ("<|audio>", "<audio|>")

_AUDIO = tuple(
    ProjectorType(name, architectures, generic, tensor, 1, marks, ollama=ollama, senses=("audio",))
    for name, architectures, generic, tensor, marks, ollama in (
        ("ultravox", ("llama", "qwen3", "gemma3"), True, "mm.a.mlp.2.weight", (), (0, 12, 6)),
        ("voxtral", ("llama",), False, "mm.a.mlp.2.weight", ("[BEGIN_AUDIO]",), (0, 12, 6)),
        ("meralion", ("gemma2",), False, "mm.a.mlp.3.weight", (), (0, 30, 0)),
        ("musicflamingo", ("qwen2",), False, "mm.a.mlp.2.weight", ("<sound>",), (0, 30, 0)),
        ("qwen2a", ("qwen2", "qwen2vl"), False, "mm.a.fc.weight", _QWEN_SOUND, (0, 12, 6)),
        (
            "qwen3a",
            ("qwen3", "qwen3vl", "qwen3vlmoe"),
            False,
            "mm.a.mlp.2.weight",
            ("<|audio_start|>", "<|audio_end|>"),
            (0, 30, 0),
        ),
        ("glma", ("llama",), False, "mm.a.mlp.2.weight", (), (0, 17, 4)),
        ("lfm2a", ("lfm2",), False, "", (), (0, 30, 0)),
        ("gemma3na", ("gemma3n",), False, "", (), (0, 30, 0)),
        ("gemma4a", ("gemma4",), False, "", _GEMMA_SOUND, (0, 30, 0)),
        ("gemma4ua", ("gemma4",), False, "", _GEMMA_SOUND, (0, 30, 0)),
        (
            "dots3note_a",
            ("dots3note",),
            False,
            "mm.a.mlp.3.weight",
            ("<|audio_comp_start|>", "<|audio_comp_end|>"),
            (0, 30, 0),
        ),
        ("granite_speech", ("granite",), False, "a.proj_linear.weight", (), (0, 30, 0)),
        (
            "mimo_audio",
            ("mimo2",),
            False,
            "mm.a.mlp.2.weight",
            ("<|mimo_audio_start|>", "<|mimo_audio_end|>"),
            (0, 30, 0),
        ),
        ("parakeet", ("nemotron_h", "nemotron_h_moe"), False, "", (), (0, 30, 0)),
    )
)

PROJECTOR_TYPES: Mapping[str, ProjectorType] = {t.name: t for t in _TYPES}
"""All vision types by name."""

AUDIO_TYPES: Mapping[str, ProjectorType] = {t.name: t for t in _AUDIO}
"""Types for sound, which take no images, by name. In a file that has both, `clip.vision.projector_type` and
`clip.audio.projector_type` name one each."""

SPEECH_TYPES = frozenset({"qwen3tts_spkenc", "qwen3tts_gen", "pockettts_spkenc", "pockettts_gen"})
"""Types that only generate speech: a chat has no use for them."""

UNHEARD_TYPES = frozenset({"gemma3na"})
"""Types for sound that converters write and llama.cpp does not read: beside an eye in the same file they are
passed over, a file with nothing else is refused (clip.cpp, clip_init and load_hparams)."""

ROPE_SECTIONS: Mapping[str, str] = {
    **dict.fromkeys(("glm4", "glm4moe"), "image"),
    **dict.fromkeys(("qwen2vl", "qwen3vl", "qwen3vlmoe", "paddleocr"), "load"),
}
"""Architectures whose vision needs M-RoPE sections, and when llama.cpp ends without them: at the first
"image" (src/models/glm4.cpp, glm4-moe.cpp: "This GGUF does not support multimodal. Please reconvert it.") or
at "load" (the key is required)."""

ALWAYS_SEEING = frozenset(
    {"qwen2vl", "qwen3vl", "qwen3vlmoe", "cogvlm", "llama4", "paddleocr", "hunyuan_vl", "deepseek2-ocr"}
)
"""Architectures that exist only as the text part of a vision model."""


def find_type(name: str) -> ProjectorType | None:
    """A vision or audio type by its name."""
    return PROJECTOR_TYPES.get(name) or AUDIO_TYPES.get(name)


def types_for(architecture: str) -> tuple[ProjectorType, ...]:
    """The types that are converted for an architecture, its own ones first, vision before audio."""
    found = [t for t in (*_TYPES, *_AUDIO) if architecture in t.architectures]
    return tuple(sorted(found, key=lambda t: t.generic))
