"""Every pair of projector type and text architecture that llama.cpp's converters make, as small files.

Which pairs: tests/gguf_file/projector_pairs.txt, read out of the converters. Where they name no text
architecture, the text part is converted by itself (conversion/base.py, get_model_architecture takes
`text_config.architectures`), and UNNAMED says whose text part it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gguf

from modelfile_kit.gguf_file.projector_types import SPEECH_TYPES

from .projectors import PROJECTORS, Projector
from .text_architectures import COMMON, keys_of
from .writer import CHAT, add_keys, letters, projector, write_tensors

TABLE = Path(__file__).parents[1] / "gguf_file" / "projector_pairs.txt"
SHAPES = Path(__file__).parent / "text_shapes.txt"

UNNAMED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "mlp": (
        ("llama", "granite", "phi2", "phi3", "qwen2", "stablelm"),
        "LLaVA, made by scripts before the converters: Vicuna, Mistral, Granite, Phi, Qwen2, StableLM",
    ),
    "ldp": (("llama",), "MobileVLM, made by scripts before the converters: MobileLLaMA"),
    "ldpv2": (("llama",), "MobileVLM V2, made by scripts before the converters: MobileLLaMA"),
    "resampler": (
        ("minicpm", "llama", "qwen2", "qwen3"),
        "MiniCPM-V 2 (MiniCPM), 2.5 (Llama 3), 2.6 (Qwen2), 4.5 (Qwen3), by scripts before the converters",
    ),
    "adapter": (("chatglm",), "GLM-Edge-V, made by a script before the converters: GlmForCausalLM"),
    "deepseekocr": (
        ("deepseek2-ocr",),
        "conversion/deepseek.py: DeepseekV2Model writes DEEPSEEK2OCR for DeepseekOCRForCausalLM",
    ),
    "deepseekocr2": (
        ("deepseek2-ocr",),
        "conversion/deepseek.py: DeepseekV2Model writes DEEPSEEK2OCR for DeepseekOCR2ForCausalLM",
    ),
    "glma": (("llama",), "conversion/ultravox.py: GlmasrModel; its text part is LlamaForCausalLM"),
    "granite4_vision": (
        ("granite",),
        "conversion/granite.py: Granite4VisionForConditionalGeneration; GraniteForCausalLM",
    ),
    "granite_speech": (
        ("granite",),
        "conversion/granite.py: GraniteSpeechForConditionalGeneration; GraniteForCausalLM",
    ),
    "idefics3": (
        ("llama", "smollm3"),
        "conversion/smolvlm.py: Idefics3 has Llama 3, SmolVLM SmolLM (LlamaForCausalLM, SmolLM3ForCausalLM)",
    ),
    "internvl": (
        ("internlm2", "llama", "phi3", "qwen2", "qwen3", "qwen3moe", "gpt-oss"),
        "conversion/internvl.py: InternVisionModel, named by the vision part; text parts of all InternVLs",
    ),
    "lfm2": (("lfm2", "lfm2moe"), "conversion/lfm2.py: Lfm2VlForConditionalGeneration; Lfm2ForCausalLM"),
    "lfm2a": (("lfm2",), "conversion/lfm2.py: Lfm2AudioForConditionalGeneration; Lfm2ForCausalLM"),
    "lightonocr": (
        ("qwen3",),
        "conversion/lighton_ocr.py: LightOnOCRForConditionalGeneration; Qwen3ForCausalLM",
    ),
    "meralion": (
        ("gemma2",),
        "conversion/ultravox.py: MERaLiON2ForConditionalGeneration; Gemma2ForCausalLM",
    ),
    "nemotron_v2_vl": (
        ("nemotron_h", "nemotron_h_moe"),
        "conversion/nemotron.py: NemotronH_Nano_VL_V2; NemotronHForCausalLM",
    ),
    "parakeet": (
        ("nemotron_h", "nemotron_h_moe"),
        "conversion/nemotron.py: the ear in the same file as nemotron_v2_vl; NemotronHForCausalLM",
    ),
    "paddleocr": (
        ("paddleocr",),
        "conversion/ernie.py: PaddleOCRVisionModel; PaddleOCRModel of PaddleOCRVLForConditionalGeneration",
    ),
    "yasa2": (("llama",), "no converter: written outside llama.cpp, for any text model"),
}
"""Text architectures of the types for which the converters name none (or name too little), and why."""

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "gemma3nv+gemma3na": ("gemma3n",),
    "gemma4v+gemma4a": ("gemma4",),
    "gemma4uv+gemma4ua": ("gemma4",),
    "dots3note_v+dots3note_a": ("dots3note",),
    "mimovl+mimo_audio": ("mimo2",),
    "nemotron_v2_vl+parakeet": ("nemotron_h", "nemotron_h_moe"),
    "qwen3vl_merger+qwen3a": ("qwen3vlmoe",),
}
"""Types that the converters write into one file, an eye and an ear."""

MORE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "granite4_vision": (("granite_swa",), "Granite 4.1 has sliding windows (GraniteSWAForCausalLM)"),
    "kimik25": (("glm-dsa",), "conversion/kimivl.py: Glm5vModel; its text part is GlmMoeDsaForCausalLM"),
    "paddleocr": (("ernie4_5",), "PaddleOCR-VL before its own architecture: Ernie4_5ForCausalLM"),
    "pixtral": (("mistral4",), "conversion/mistral3.py: Mistral3Model writes MISTRAL4 for Mistral 4"),
    "qwen2a": (("qwen2vl",), "the ear of Qwen2.5-Omni, whose text part is qwen2vl"),
    "qwen3a": (("qwen3",), "Qwen3-ASR before conversion/qwen3vl.py: Qwen3ForCausalLM"),
    "ultravox": (("qwen3", "gemma3"), "Ultravox was trained on Qwen3 and Gemma 3 too"),
}
"""Pairs that the generated table does not show and that files on hubs have."""

MARKS: Sequence[str] = (
    *("<|vision_start|>", "<|vision_end|>", "]<]start of image[>[", "]<]end of image[>["),
    *("<|image_start|>", "<|image_end|>", "<image>", "</image>", "<slice>", "</slice>"),
    *("<start_of_image>", "<end_of_image>", "<fake_token_around_image>", "<global-img>", "[IMG_END]"),
    *("<im_start>", "<im_end>", "<patch_start>", "<patch_end>", "<patch_newline>", "<img>", "</img>"),
    *("<|media_start|>", "<|media_end|>", "<|media_begin|>", "<|begin_of_image|>", "<|end_of_image|>"),
    *("<|img|>", "<|endofimg|>", "<|img_thumbnail|>", "<|IMAGE_START|>", "<|IMAGE_END|>"),
    *("<|image>", "<image|>", "<｜hy_place▁holder▁no▁100｜>", "<｜hy_place▁holder▁no▁101｜>"),
    *("<vision>", "</vision>", "<|audio_bos|>", "<|audio_eos|>", "<|audio_start|>", "<|audio_end|>"),
    *("[BEGIN_AUDIO]", "<sound>", "<|audio>", "<audio|>", "<|audio_comp_start|>", "<|audio_comp_end|>"),
    *("<|mimo_audio_start|>", "<|mimo_audio_end|>"),
    *(f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)),
    *(f"<|img_row_{row}_col_{column}|>" for row in (1, 2) for column in (1, 2)),
)
"""All that tools/mtmd/mtmd.cpp puts around an image or a sound; one vocabulary has them all."""

WORDS = ("ĊĊ", "<unused>")
TURNS = ("<|im_start|>", "<|im_end|>")
VOCABULARY = (*sorted(letters()), *WORDS, *TURNS, *MARKS)


@dataclass(frozen=True)
class Pair:
    """One projector type with one text architecture; why: where the pairing comes from."""

    kind: str
    architecture: str
    why: str = "the converters"

    def __str__(self) -> str:
        return f"{self.kind} {self.architecture}"

    @property
    def projector(self) -> Projector:
        return small(self.kind)

    @property
    def senses(self) -> tuple[str, ...]:
        return self.projector.senses


@cache
def converted() -> Mapping[str, tuple[str, ...]]:
    """The generated table: type to text architectures, none where the converters name none."""
    rows = (line.split() for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {kind: tuple(a for a in found if a != "-") for kind, *found in rows}


@cache
def pairs() -> Sequence[Pair]:
    """Every pair to try; types that only generate speech have none."""
    found = []
    for kind, named in converted().items():
        if kind in SPEECH_TYPES:
            continue
        for told, why in (UNNAMED.get(kind, ((), "")), MORE.get(kind, ((), ""))):
            found += [Pair(kind, a, why) for a in told]
        found += [Pair(kind, a) for a in named if a not in {p.architecture for p in found if p.kind == kind}]
    found += [Pair(kind, a) for kind, named in TOGETHER.items() for a in named]
    return sorted(found, key=lambda p: (p.kind, p.architecture))


LIVE = tuple(
    Pair(*names.split())
    for names in (
        *("mlp llama", "resampler minicpm", "adapter chatglm", "qwen2vl_merger qwen2vl", "gemma3 gemma3"),
        *("qwen3vl_merger qwen3vl", "gemma4v+gemma4a gemma4", "idefics3 smollm3", "pixtral mistral3"),
        *("internvl qwen2", "lfm2 lfm2", "cogvlm cogvlm", "glm4v glm4", "yasa2 llama"),
        *("granite4_vision granite", "nemotron_v2_vl+parakeet nemotron_h", "lfm2a lfm2", "ultravox llama"),
        *("qwen3a qwen3", "mimo_audio mimo2"),
    )
)
"""One pair for each way in which llama.cpp makes embeddings, which CI asks a real server."""


def asked() -> Iterator[tuple[Pair, bool]]:
    """Every pair with all marks in its vocabulary, and the first of each type without any."""
    seen: set[str] = set()
    for pair in pairs():
        yield pair, True
        if pair.kind not in seen and pair.kind not in TOGETHER:
            yield pair, False
        seen.add(pair.kind)


@cache
def small(kind: str) -> Projector:
    """The small projector of a type, or of two in one file: `eye+ear`."""
    eye, found, ear = kind.partition("+")
    if not found:
        return PROJECTORS[kind]
    both = PROJECTORS[eye], PROJECTORS[ear]
    shapes = {name: shape for part in both for name, shape in part.shapes.items()}
    keys = {name: value for part in both for name, value in part.keys.items()}
    named = {"clip.vision.projector_type": eye, "clip.audio.projector_type": ear}
    return Projector(shapes, {**keys, **named}, ("vision", "audio"))


def write_pair(folder: Path, pair: Pair, *, without: Sequence[str] = ()) -> tuple[Path, Path]:
    """The two files of a pair: text model, projector. without: marks that the vocabulary is to lack."""
    model = text_model_of(
        folder / "m-7b.gguf",
        pair.architecture,
        keys=pair.projector.text_keys,
        width=pair.projector.width,
        without=without,
    )
    return model, projector_of(folder / "mmproj-m-7b.gguf", pair.kind)


def projector_of(path: Path, kind: str, *, name: str = "") -> Path:
    """The small projector of a type."""
    found = small(kind)
    return projector(
        path,
        "" if "+" in kind else kind,
        name=name,
        width=found.width,
        shapes=found.shapes,
        senses=found.senses,
        keys=found.keys,
        half=found.half,
    )


def text_model_of(
    path: Path,
    architecture: str,
    *,
    keys: Mapping[str, Any] | None = None,
    width: int = 64,
    without: Sequence[str] = (),
) -> Path:
    """A text model of an architecture, which llama.cpp loads and runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = gguf.GGUFWriter(str(path), architecture)
    out.add_type("model")
    add_keys(out, keys_of(architecture, width, keys))
    tokens = [f"<gone-{n}>" if t in without else t for n, t in enumerate(VOCABULARY)]
    ordinary = len(VOCABULARY) - len(TURNS) - len(MARKS)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types([1] * ordinary + [3] * (len(tokens) - ordinary))
    out.add_token_merges(["h e"])
    out.add_eos_token_id(tokens.index("<|im_end|>"))
    out.add_add_bos_token(False)
    out.add_chat_template(CHAT)
    return write_tensors(out, path, shapes()[_entry(architecture, width)])


def write_metadata(path: Path, architecture: str, width: int) -> Path:
    """A text model's metadata alone, for the question which tensors it has."""
    out = gguf.GGUFWriter(str(path), architecture)
    add_keys(out, keys_of(architecture, width))
    out.add_tokenizer_model("none")
    out.add_vocab_size(len(VOCABULARY))
    return write_tensors(out, path, {})


def wanted_shapes() -> Sequence[tuple[str, int]]:
    """Architectures and widths that the pairs need."""
    return list(dict.fromkeys((p.architecture, p.projector.width) for p in pairs()))


@cache
def shapes() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """The table of tensors: architecture (and width, if it is not the usual one) to name to shape."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for line in SHAPES.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            found[line] = current = {}
            continue
        name, *numbers = line.split()
        shape = tuple(len(VOCABULARY) if n == "V" else int(n) for n in numbers)
        blocks, found_blocks, rest = name.partition("}")
        if found_blocks:
            for block in blocks.removeprefix("blk.{").split(","):
                current[f"blk.{block}{rest}"] = shape
        else:
            current[name] = shape
    return found


def print_shapes(entries: Mapping[tuple[str, int], Mapping[str, tuple[int, ...]]]) -> str:
    """The text of the table. Scales of quantized weights are left out: they would only be ones."""
    lines = [
        "# Made by `python -m tests.zoo.record shapes`: the tensors that llama.cpp wants of each text model",
        "# (metadata: tests/zoo/text_architectures.py), rows first; V is the length of the vocabulary.",
    ]
    for (architecture, width), tensors in sorted(entries.items()):
        lines.append(_entry(architecture, width))
        blocks: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for name, shape in sorted(tensors.items()):
            if name.endswith((".scale", ".input_scale")):
                continue
            block, number, rest = [*name.split(".", 2), "", ""][:3]
            inside = block == "blk" and number.isdigit()
            blocks.setdefault((rest if inside else name, shape), []).append(number if inside else "")
        for (name, shape), numbers in blocks.items():
            shown = " ".join("V" if n == len(VOCABULARY) else str(n) for n in shape)
            where = f"blk.{{{','.join(sorted(numbers, key=int))}}}." if numbers[0] else ""
            lines.append(f"  {where}{name} {shown}")
    return "\n".join(lines) + "\n"


def _entry(architecture: str, width: int) -> str:
    return architecture if width == COMMON["own.embedding_length"] else f"{architecture}@{width}"
