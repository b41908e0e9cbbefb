from __future__ import annotations

import gguf

from modelfile_kit.gguf_file.projector_types import (
    ALWAYS_SEEING,
    AUDIO_TYPES,
    PROJECTOR_TYPES,
    ROPE_SECTIONS,
    SPEECH_TYPES,
    known_architectures,
    types_for,
)

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
    assert known_architectures() | ROPE_SECTIONS.keys() | ALWAYS_SEEING <= spelled | newer


def test_tables_speak_of_the_same_types():
    assert {t.ollama for t in PROJECTOR_TYPES.values()} == {(0, 9, 6), (0, 12, 6), (0, 13, 5), (0, 30, 0)}
    assert PROJECTOR_TYPES["glm4v"].ollama == (0, 13, 5)
    assert [t.name for t in types_for("glm4")] == ["glm4v"]
    generic = {t.name for t in (*PROJECTOR_TYPES.values(), *AUDIO_TYPES.values()) if t.generic}
    assert [t.name for t in types_for("llama")][-1] in generic
    assert types_for("gpt2") == ()
