"""What pictures cost: the processors of transformers and a real llama-server are the judges."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.runtime.llama_server import find_llama_server
from modelfile_kit.vision.engine_image_parts import ENGINE_PARTS, lfm_grid, minicpm_grid, step_grid
from modelfile_kit.vision.engine_image_rules import ENGINE_ALONE
from modelfile_kit.vision.image_tokens import FORMULAS, Eye, ImageTokens, eye_of, image_tokens
from tests.zoo.engine import LlamaServer
from tests.zoo.pairs import VOCABULARY, small, text_model_of
from tests.zoo.projectors import PROJECTORS
from tests.zoo.writer import projector

SIZES = [
    *((56, 56), (64, 64), (112, 112), (336, 336), (70, 42), (42, 98), (57, 56), (1000, 40), (300, 100)),
    *((100, 300), (500, 500), (640, 480), (1080, 2400), (1920, 1080)),
]
MORE = [(n * 97 % 2900 + 40, n * 311 % 2900 + 40) for n in range(60)]

EYES = {
    "qwen2vl_merger": Eye("qwen2vl_merger", 560, 14, 2),
    "qwen3vl_merger": Eye("qwen3vl_merger", 768, 16, 2),
    "glm4v": Eye("glm4v", 336, 14, 2),
    "pixtral": Eye("pixtral", 1024, 16),
    "idefics3": Eye("idefics3", 364, 14, 2, longest=1456),
    "internvl": Eye("internvl", 448, 14, 2),
    "mlp": Eye("mlp", 336, 14, grid=((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008))),
}

# Asks the processors of transformers themselves; the answers go out as JSON.
JUDGE = """
import json, sys, types
import numpy
from transformers.models.glm4v.image_processing_pil_glm4v import smart_resize as glm
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.llava_next.processing_llava_next import LlavaNextProcessor
from transformers.models.pixtral.image_processing_pil_pixtral import get_resize_output_image_size
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize as qwen

def area(sides, step):
    return (sides[0] // step) * (sides[1] // step)

def pixtral(w, h):
    found = get_resize_output_image_size(numpy.zeros((h, w, 3), dtype=numpy.uint8), (1024, 1024), (16, 16))
    return area(found, 16) + found[0] // 16 - 1

edge = {"longest_edge": 1456}
idefics = Idefics3ImageProcessorPil(size=edge, max_image_size={"longest_edge": 364})
tiles = {"crop_to_patches": True, "min_patches": 1, "max_patches": 12}
intern = GotOcr2ImageProcessorPil(size={"height": 448, "width": 448}, **tiles)

class Llava:
    patch_size, num_additional_image_tokens, vision_feature_select_strategy = 14, 1, "default"
    image_processor = types.SimpleNamespace(
        image_grid_pinpoints=[[672, 336], [336, 672], [672, 672], [336, 1008], [1008, 336]])
    _get_unpadded_features = LlavaNextProcessor._get_unpadded_features

def first(found):
    return found[0] if isinstance(found, tuple) else found

ask = {
    "qwen2vl_merger": lambda w, h: area(qwen(h, w, 28, 3136, 12845056), 28),
    "qwen3vl_merger": lambda w, h: area(qwen(h, w, 32, 65536, 16777216), 32),
    "glm4v": lambda w, h: area(glm(2, h, w, 2, 28, 12544, 9633792), 28),
    "pixtral": pixtral,
    "idefics3": lambda w, h: 169 * first(idefics.get_number_of_image_patches(h, w, {})),
    "internvl": lambda w, h: 256 * intern.get_number_of_image_patches(h, w, tiles),
    "mlp": lambda w, h: LlavaNextProcessor._get_number_of_features(Llava(), h, w, 336, 336) - 1,
}
sizes = json.loads(sys.stdin.read())
print(json.dumps({kind: [count(*size) for size in sizes] for kind, count in ask.items()}))
"""


@pytest.fixture(scope="module")
def judged() -> Mapping[str, Sequence[int]]:
    """What transformers counts for every size."""
    for name in ("numpy", "PIL", "transformers"):
        pytest.importorskip(name, reason=f"needs {name} (extra judges)")
    try:
        import transformers.models.got_ocr2.image_processing_pil_got_ocr2  # noqa: F401
    except ImportError:
        pytest.skip("this transformers has no processors that do without torch")
    asked = subprocess.run(
        [sys.executable, "-c", JUDGE], input=json.dumps(SIZES + MORE), capture_output=True, text=True
    )
    assert asked.returncode == 0, asked.stderr
    found: dict[str, list[int]] = json.loads(asked.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("kind", EYES)
def test_the_processor_of_the_training(kind: str, judged: Mapping[str, Sequence[int]]) -> None:
    reference = FORMULAS[kind].reference
    assert reference is not None
    assert [reference(EYES[kind], size) for size in SIZES + MORE] == judged[kind]


# marks: the tokens that llama.cpp writes around the picture or its parts.
SEEN: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in FORMULAS if kind != "idefics3"),
    ("adapter", {"clip.vision.image_grid_pinpoints": [56, 112, 112, 56, 112, 112]}),
    ("kimik25", {"clip.vision.image_min_pixels": 56 * 56, "clip.vision.image_max_pixels": 336 * 336}),
    ("mlp", {"clip.vision.image_grid_pinpoints": [56, 112, 112, 56, 112, 112, 168, 56, 56, 168]}),
    ("internvl", {"clip.vision.preproc_min_tiles": 1, "clip.vision.preproc_max_tiles": 6}),
    ("idefics3", {"clip.vision.preproc_image_size": 112}),
    ("ldp", {"clip.vision.image_grid_pinpoints": [336, 672, 672, 336, 672, 672, 1008, 336, 336, 1008]}),
    ("lightonocr", {"clip.vision.preproc_image_size": 448}),
    ("mimovl", {"clip.vision.image_max_pixels": 602112}),
    ("minicpmv4_6", {"clip.vision.projector.scale_factor": 2}),
    ("step3vl", {"clip.vision.preproc_image_size": 1512}),
]
MARKS = {
    **dict.fromkeys(("ldp", "ldpv2", "nemotron_v2_vl", "phi4"), 0),
    **dict.fromkeys(("mlp", "adapter", "cogvlm", "janus_pro"), 0),
    **dict.fromkeys(("pixtral", "deepseekocr", "deepseekocr2", "granite4_vision"), 1),
    # the turn's six tokens before it and one of padding: it starts with the last of a block of four
    "deepseek4v": 1,
}
# What needs more of the text model than that of Llama.
TEXTS = {"hunyuanvl": "hunyuan_vl", "granite4_vision": "granite"}
SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
FEW = [(56, 56), (70, 42), (300, 100), (336, 336)]
# As qwen2vl_merger in llama.cpp, or by rules that those of CI share.
SOAKED = {"qwen2.5vl_merger", "qwen2.5o", "qwen3vl_merger", *ENGINE_ALONE, *ENGINE_PARTS}
SOAKED -= {"glm5v", "hunyuanvl", "minicpmv4_6", "muse-glimmer", "step3vl"}


@pytest.mark.server
@pytest.mark.parametrize(("kind", "keys"), [row for row in SEEN if SOAK or row[0] not in SOAKED])
def test_llama_server_counts_the_same(kind: str, keys: dict[str, Any], tmp_path: Path) -> None:
    """Every type and large pictures with `make soak`."""
    _count(kind, keys, tmp_path, SIZES if SOAK else FEW)


def _llama_server() -> Path:
    program = find_llama_server()
    if program is None and (ollama := os.environ.get("OLLAMA_BIN")):
        beside = Path(ollama).resolve().parents[1] / "lib" / "ollama" / "llama-server"
        program = beside if beside.is_file() else None
    if program is None:
        pytest.skip("llama-server was not found")
    return program


def _count(kind: str, keys: dict[str, Any], tmp_path: Path, sizes: Sequence[tuple[int, int]]) -> None:
    program = _llama_server()
    found = small(kind)
    text = TEXTS.get(kind, "llama")
    model = text_model_of(tmp_path / "m.gguf", text, keys=found.text_keys, width=found.width)
    eye = projector(
        tmp_path / "mmproj.gguf",
        kind,
        width=found.width,
        shapes=found.shapes,
        senses=found.senses,
        keys={**found.keys, **keys},
        half=found.half,
    )
    header = read_header(eye)
    # all of a picture at once, where it is looked at as a whole
    with LlamaServer(program, model, eye, ["-ub", "2048"]) as server:
        assert not server.words
        plain = server.ask().tokens
        for size in sizes:
            counted = image_tokens(header, size)
            assert counted is not None
            asked = server.ask([{"type": "image_url", "image_url": {"url": _png(size)}}])
            assert asked.tokens - plain - _marks(kind, eye, counted) == counted.engine, size


def _marks(kind: str, eye: Path, counted: ImageTokens) -> int:
    if grid_of := GRIDS.get(kind):
        return _marks_of_parts(kind, *grid_of(_facts(eye), counted.size))
    if kind != "idefics3":
        return MARKS.get(kind, 2)
    # two before each part, one at the end of each row but the last, four around the whole picture
    parts = counted.engine // _facts(eye).square - 1
    rows = {1: 1, 4: 2}.get(parts) or (1 if counted.size[0] > counted.size[1] else 2)
    return 2 * parts + rows - 1 + 4


GRIDS = {
    "lfm2": lfm_grid,
    "minicpmv4_6": minicpm_grid,
    "resampler": minicpm_grid,
    "step3vl": step_grid,
}


def _marks_of_parts(kind: str, across: int, down: int) -> int:
    """Two around the whole picture; two around each part and one between rows, or one before each part."""
    if not across:
        return 2
    if kind != "lfm2":
        return 2 + 2 * across * down + down - 1
    names = [f"<|img_row_{row}_col_{col}|>" for row in range(1, down + 1) for col in range(1, across + 1)]
    # what the small vocabulary does not have is spelled in letters; one mark stands before the whole
    return 2 + 1 + sum(1 if name in VOCABULARY else len(name) for name in names)


def _facts(eye: Path) -> Eye:
    facts = eye_of(read_header(eye))
    assert facts is not None
    return facts


def _png(size: tuple[int, int]) -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def test_known_sizes_of_released_models() -> None:
    """A phone's screen, by hand: 1080/28 is 38.6, 2400/28 is 85.7: 39 times 86."""
    glm, pixtral = FORMULAS["glm4v"], FORMULAS["pixtral"]
    assert glm.reference is not None and pixtral.reference is not None
    assert glm.engine(EYES["glm4v"], (1080, 2400)) == glm.reference(EYES["glm4v"], (1080, 2400)) == 39 * 86
    assert pixtral.reference(EYES["pixtral"], (1024, 1024)) == 64 * 64 + 63
    assert pixtral.engine(EYES["pixtral"], (1024, 1024)) == 32 * 32 + 31
    gemma = Eye("gemma3", 896, 14, 4)
    square = FORMULAS["gemma3"]
    assert square.reference is not None
    assert square.engine(gemma, (1, 9999)) == square.reference(gemma, (5, 5)) == 256


def test_ollamas_least_number_of_tokens_counts() -> None:
    eye = Eye("qwen2vl_merger", 560, 14, 2, least=1024)
    # 1,024 tokens are 802,816 pixels, 261 times 64x48; times the root of that it is 36.9 by 27.7 steps of 28
    assert FORMULAS["qwen2vl_merger"].engine(eye, (64, 48)) == 37 * 28


def test_a_projector_of_another_type_has_no_formula(tmp_path: Path) -> None:
    found = small("kimivl")
    path = projector(tmp_path / "p.gguf", "newer", width=found.width, shapes=found.shapes, keys=found.keys)
    assert image_tokens(read_header(path), (56, 56)) is None


def test_the_page_names_every_type_that_llama_cpp_loads() -> None:
    """So that nobody takes the tables for less or more than what llama.cpp loads."""
    page = (Path(__file__).parents[2] / "docs" / "media-tokens.md").read_text(encoding="utf-8")
    told = page.partition("## Images")[2].partition("## Sounds")[0]
    rows = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    seeing = {kind for kind, made in PROJECTORS.items() if "vision" in made.senses}
    assert set(re.findall(r"`([a-z][^`]+)`", "".join(rows))) == seeing == set(FORMULAS)
