from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from modelfile_kit.gguf_file.pairing import check_pair
from modelfile_kit.gguf_file.projector_types import (
    ALWAYS_SEEING,
    AUDIO_TYPES,
    PROJECTOR_TYPES,
    ROPE_SECTIONS,
    SPEECH_TYPES,
    UNHEARD_TYPES,
    find_type,
    types_for,
)
from tests.gguf_file.handmade import Typed, model, projector

# gguf's converters wrote it until llama.cpp renamed it to hunyuanvl; llama.cpp refuses the old name now
RENAMED = {"hunyuanocr"}


def test_every_type_that_ggufs_converters_write_is_known():
    written = {v for k, v in vars(gguf.VisionProjectorType).items() if k.isupper()}
    assert written - RENAMED <= PROJECTOR_TYPES.keys() | AUDIO_TYPES.keys() | SPEECH_TYPES
    assert not PROJECTOR_TYPES.keys() & AUDIO_TYPES.keys()
    assert not SPEECH_TYPES & (PROJECTOR_TYPES.keys() | AUDIO_TYPES.keys())


def test_architectures_are_spelled_as_in_gguf():
    spelled = set(gguf.MODEL_ARCH_NAMES.values())
    newer = {"granite_swa", "dots3note", "bailingmoe3", "qwen4exp", "minimax-m3", "muse-glimmer"}
    newer |= {"glm5-next", "deepseek4"}
    known = {a for t in (*PROJECTOR_TYPES.values(), *AUDIO_TYPES.values()) for a in t.architectures}
    assert known | ROPE_SECTIONS.keys() | ALWAYS_SEEING <= spelled | newer


def test_tables_speak_of_the_same_types():
    assert {t.ollama for t in PROJECTOR_TYPES.values()} == {(0, 9, 6), (0, 12, 6), (0, 13, 5), (0, 30, 0)}
    assert PROJECTOR_TYPES["glm4v"].ollama == (0, 13, 5)
    assert [t.name for t in types_for("glm4")] == ["glm4v"]
    generic = {t.name for t in (*PROJECTOR_TYPES.values(), *AUDIO_TYPES.values()) if t.generic}
    assert [t.name for t in types_for("llama")][-1] in generic
    assert types_for("gpt2") == ()


TABLE = Path(__file__).with_name("projector_pairs.txt")
PAIRS = [
    (kind, architecture)
    for kind, *architectures in (line.split() for line in TABLE.read_text(encoding="utf-8").splitlines()[1:])
    for architecture in architectures
]


def test_every_type_that_llama_cpp_knows_has_a_row():
    known = PROJECTOR_TYPES.keys() | AUDIO_TYPES.keys() | SPEECH_TYPES
    assert {kind for kind, _ in PAIRS} == known, "see tools/projector_pairs.py"


@pytest.mark.parametrize(("kind", "architecture"), [p for p in PAIRS if p[1] != "-"])
def test_every_pair_that_llama_cpps_converters_make_is_accepted(header, kind, architecture):
    known = find_type(kind)
    marks = (*known.marks, *known.needed, *known.needed_large) if known else ()
    more = {}
    if ROPE_SECTIONS.get(architecture):
        more["own__rope__dimension_sections"] = Typed("int32[]", [4, 4, 4, 0])
    text = header(model(architecture, marks or ("a",), (3,) * len(marks), **more), name="t.gguf")
    part = "audio" if kind in AUDIO_TYPES else "vision"
    keys = {
        "clip__has_vision_encoder": Typed("bool", part == "vision"),
        "clip__has_audio_encoder": Typed("bool", part == "audio"),
        f"clip__{part}__projection_dim": Typed("uint32", 128),
    }
    found = check_pair(text, header(projector(kind, None, **keys), name="mmproj.gguf"))
    if kind in SPEECH_TYPES:
        assert [d.code for d in found] == ["MK421"]
        assert "only generates speech" in found[0].message
    elif kind in UNHEARD_TYPES:
        assert [d.code for d in found] == ["MK421"]
    else:
        assert found == []
