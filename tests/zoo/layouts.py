"""The layouts in which people keep models, one function each; what is right is in LAYOUTS.

What a real server makes of them was seen on Ollama 0.33.0 (November 2026) and is asked again by
tests/integration/test_pairs_real.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .pairs import projector_of
from .projectors import PROJECTORS
from .writer import projector, text_model

IMAGES = "{% for m in messages %}{{ m['content'] if m['content'] is string else 'image' }}{% endfor %}"
M_ROPE = {"own.rope.dimension_sections": [4, 4, 4, 0]}
FAMILIES = (
    *("mlp", "gemma3", "idefics3", "internvl", "lfm2", "pixtral", "qwen2vl_merger", "ultravox", "qwen2a"),
)
"""Projector types that stand beside a plain llama here; tests/zoo/pairs.py has all with their own."""
GLM_MARKS = ("<|begin_of_image|>", "<|end_of_image|>")


@dataclass(frozen=True)
class Layout:
    """What `write` makes in a folder, and what is right.

    model: its file; projector: the file that is to be taken, "" for none; input: what inspect says of the
    pair; codes: findings above a remark that build must have; refused: whether every command must refuse it;
    parts: the model's other files.
    """

    write: Callable[[Path], object]
    model: str
    projector: str = ""
    input: str = "text"
    codes: frozenset[str] = frozenset()
    refused: bool = False
    parts: tuple[str, ...] = ()


def _beside(folder: Path) -> None:
    text_model(folder / "granite-vision-3.2-2b.Q4_K_M.gguf", name="Granite Vision 3.2 2b")
    projector_of(folder / "mmproj-model-f16.gguf", "mlp")


def _audio(folder: Path) -> None:
    text_model(folder / "ultravox-v0_5-llama-3_2-1b-Q4_K_M.gguf")
    projector_of(folder / "mmproj-ultravox-v0_5-llama-3_2-1b-f16.gguf", "ultravox")


def _inside(folder: Path) -> None:
    keys = {"own.vision.block_count": 1, "own.mm.tokens_per_image": 4}
    shapes = {"v.patch_embedding.weight": (32, 3, 14, 14), "mm.mm_input_projection.weight": (32, 64)}
    text_model(
        folder / "gemma3-4b-it-qat.gguf", "gemma3", keys=keys, more=shapes, tokens=("<start_of_image>",)
    )


def _stray(folder: Path) -> None:
    text_model(folder / "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf", name="Mistral 7B Instruct v0.3")
    projector_of(folder / "mmproj-llava-v1.6-mistral-7b-f16.gguf", "mlp", name="llava v1.6 mistral 7b")


def _crowd(folder: Path) -> None:
    text_model(folder / "Llama-3.1-8B-Q4_K_M.gguf", name="Llama 3.1 8B")
    text_model(folder / "internvl3-8b-Q4_K_M.gguf", tokens=("<img>", "</img>"))
    for name, kind in (("mmproj-internvl3-8b-F16", "internvl"), ("mmproj-F16", "gemma3")):
        projector_of(folder / f"{name}.gguf", kind)


def _named(folder: Path) -> None:
    text_model(folder / "LLaVA_1.6_Mistral_7B.i1-Q4_K_M.gguf")
    projector_of(folder / "mmproj-aaa-7b-f16.gguf", "mlp")
    projector_of(folder / "llava-v1.6-mistral-7b.mmproj-f16.gguf", "mlp")


def _another_name(folder: Path) -> None:
    text_model(folder / "bakllava-1-7b-Q4_K_M.gguf")
    projector_of(folder / "mmproj-llava-v1.5-7b-f16.gguf", "mlp")


def _small_gemma(folder: Path) -> None:
    text_model(folder / "gemma-3-1b-it-Q8_0.gguf", "gemma3", chat_template=IMAGES, tensors=False)


def _cache(folder: Path) -> None:
    text_model(folder / "blobs" / "aa11", name="SmolVLM 256M Instruct")
    projector_of(folder / "blobs" / "bb22", "mlp", name="SmolVLM 256M Instruct")
    snapshot = folder / "snapshots" / "deadbeef"
    snapshot.mkdir(parents=True)
    (snapshot / "SmolVLM-256M-Instruct-Q8_0.gguf").symlink_to("../../blobs/aa11")
    (snapshot / "mmproj-SmolVLM-256M-Instruct-Q8_0.gguf").symlink_to("../../blobs/bb22")


def _parts(folder: Path) -> None:
    _two_parts(folder / "UD-Q4_K_XL", "GLM-4.5V-UD-Q4_K_XL")
    projector(folder / "mmproj-F16.gguf", "glm4v")


def _two_parts(folder: Path, name: str) -> None:
    for n in range(2):
        keys = {**M_ROPE, "split.no": n, "split.count": 2}
        path = folder / f"{name}-{n + 1:05d}-of-00002.gguf"
        text_model(path, "glm4moe", keys=keys, tokens=GLM_MARKS, tensors=False)


def _part_missing(folder: Path) -> None:
    _two_parts(folder, "GLM-4.5V-Q4_K_M")
    (folder / "GLM-4.5V-Q4_K_M-00002-of-00002.gguf").unlink()


def _part_renamed(folder: Path) -> None:
    _two_parts(folder, "GLM-4.5V-Q4_K_M")
    (folder / "GLM-4.5V-Q4_K_M-00001-of-00002.gguf").rename(folder / "GLM-4.5V.gguf")


def _nan(folder: Path) -> None:
    from modelfile_kit.gguf_file import read_header

    path = text_model(folder / "model.gguf")
    header = read_header(path)
    norm = next(t for t in header.tensors if t.name == "blk.0.attn_norm.weight")
    with path.open("r+b") as stream:
        stream.seek(header.data_offset + norm.offset)
        stream.write(b"\x00\x00\xc0\x7f")


LAYOUTS: Mapping[str, Layout] = {
    "beside": Layout(_beside, "granite-vision-3.2-2b.Q4_K_M.gguf", "mmproj-model-f16.gguf", "text, image"),
    "audio": Layout(
        _audio,
        "ultravox-v0_5-llama-3_2-1b-Q4_K_M.gguf",
        "mmproj-ultravox-v0_5-llama-3_2-1b-f16.gguf",
        "text, audio",
    ),
    "inside": Layout(_inside, "gemma3-4b-it-qat.gguf", "", "text, image"),
    "stray": Layout(_stray, "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf"),
    "crowd": Layout(_crowd, "Llama-3.1-8B-Q4_K_M.gguf"),
    "crowd's own": Layout(_crowd, "internvl3-8b-Q4_K_M.gguf", "mmproj-internvl3-8b-F16.gguf", "text, image"),
    "named": Layout(
        _named,
        "LLaVA_1.6_Mistral_7B.i1-Q4_K_M.gguf",
        "llava-v1.6-mistral-7b.mmproj-f16.gguf",
        "text, image",
    ),
    "another name": Layout(
        _another_name,
        "bakllava-1-7b-Q4_K_M.gguf",
        "mmproj-llava-v1.5-7b-f16.gguf",
        "text, image",
        frozenset({"MK426"}),
    ),
    "small gemma": Layout(_small_gemma, "gemma-3-1b-it-Q8_0.gguf"),
    "cache": Layout(
        _cache,
        "snapshots/deadbeef/SmolVLM-256M-Instruct-Q8_0.gguf",
        "snapshots/deadbeef/mmproj-SmolVLM-256M-Instruct-Q8_0.gguf",
        "text, image",
    ),
    "parts": Layout(
        _parts,
        "UD-Q4_K_XL/GLM-4.5V-UD-Q4_K_XL-00001-of-00002.gguf",
        "mmproj-F16.gguf",
        "text, image",
        parts=("UD-Q4_K_XL/GLM-4.5V-UD-Q4_K_XL-00002-of-00002.gguf",),
    ),
    "missing, by its tokens": Layout(
        lambda f: text_model(f / "m.gguf", tokens=("<img>", "<IMG_CONTEXT>")),
        "m.gguf",
        codes=frozenset({"MK436"}),
    ),
    "missing, by its name": Layout(
        lambda f: text_model(f / "llava-v1.6-mistral-7b-Q4_K_M.gguf"),
        "llava-v1.6-mistral-7b-Q4_K_M.gguf",
        codes=frozenset({"MK436"}),
    ),
    "big-endian": Layout(
        lambda f: text_model(f / "m.gguf", big_endian=True),
        "m.gguf",
        codes=frozenset({"MK423"}),
        refused=True,
    ),
    "part missing": Layout(
        _part_missing,
        "GLM-4.5V-Q4_K_M-00001-of-00002.gguf",
        codes=frozenset({"MK422"}),
        refused=True,
    ),
    "part renamed": Layout(_part_renamed, "GLM-4.5V.gguf", codes=frozenset({"MK422"}), refused=True),
    "layers": Layout(
        lambda f: text_model(f / "m.gguf", said_layers=3), "m.gguf", codes=frozenset({"MK427"}), refused=True
    ),
    "eos outside": Layout(
        lambda f: text_model(f / "m.gguf", eos=100_000), "m.gguf", codes=frozenset({"MK428"}), refused=True
    ),
    "nan": Layout(_nan, "model.gguf", codes=frozenset({"MK429"}), refused=True),
    "another width": Layout(
        lambda f: (text_model(f / "m.gguf", width=128), projector_of(f / "mmproj-m.gguf", "mlp")),
        "m.gguf",
        codes=frozenset({"MK412"}),
        refused=True,
    ),
    **{
        f"{kind} projector": Layout(
            lambda f, kind=kind: (text_model(f / "m-7b.gguf"), projector_of(f / "mmproj-m-7b.gguf", kind)),  # type: ignore[misc]
            "m-7b.gguf",
            "mmproj-m-7b.gguf",
            "text, " + ", ".join("image" if s == "vision" else s for s in senses),
        )
        for kind in FAMILIES
        for senses in (PROJECTORS[kind].senses,)
    },
}
