"""Projectors on older releases of Ollama."""

from __future__ import annotations

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.pairing import FileKind
from modelfile_kit.ollama.projectors import check_on, kind_on
from modelfile_kit.ollama.versions import Target
from tests.gguf_file.handmade import Typed, gguf, projector


@pytest.fixture
def header(tmp_path):
    def header(entries):
        path = tmp_path / "made.gguf"
        path.write_bytes(gguf(entries, (), bytes(4096)))
        return read_header(path)

    return header


@pytest.fixture
def eye(header):
    return lambda *args, **more: header(projector(*args, **more))


BY_TYPE_ALONE = {"clip__vision__block_count": Typed("uint32", None)}


@pytest.mark.parametrize(
    ("target", "kind"),
    [("0.17.4", "model"), ("0.30.0", "model"), ("0.30.4", "projector"), ("latest", "projector")]
    + [(text, "model") for text in (">=0.17", "v0.17.4", "0.30.0-rc1")],
)
def test_general_type_alone(eye, target, kind):
    assert kind_on(eye(**BY_TYPE_ALONE), Target.parse(target)).value == kind


@pytest.mark.parametrize(
    ("target", "kind"),
    [("0.5.13", "projector"), ("0.7.0", "projector"), ("0.8.0", "model"), ("latest", "model")],
)
def test_a_model_with_vision_blocks_of_its_own(header, target, kind):
    both = header(
        {
            "general.architecture": Typed("string", "gemma3"),
            "gemma3.block_count": Typed("uint32", 26),
            "gemma3.vision.block_count": Typed("uint32", 27),
        }
    )
    assert kind_on(both, Target.parse(target)).value == kind


def test_a_projector_that_is_too_new(eye):
    for target, codes in (("latest", []), ("0.13.5", []), (">=0.30", []), ("0.12.6", ["MK424"])):
        assert [d.code for d in check_on(eye(), Target.parse(target))] == codes
    (found,) = check_on(eye(), Target.parse("0.12.6"))
    assert "0.12.6 does not know projector type 'glm4v' (since 0.13.5)" in found.message
    alone = eye(**BY_TYPE_ALONE)
    assert kind_on(alone, Target.parse("0.30.0")) is FileKind.MODEL
    (found,) = check_on(alone, Target.parse("0.30.0"))
    assert "takes this file for a second model" in found.message


def test_a_type_that_nobody_knows(eye):
    assert check_on(eye("new-type"), Target.parse("0.12.6")) == []
