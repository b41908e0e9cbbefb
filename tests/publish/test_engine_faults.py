"""The texts are those that Ollama 0.33.0 answered for micro pairs published by hand."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.engine_faults import missing_rope_sections, name_fault
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.runtime.ollama.replies import HalfStreamError, RefusedError

ENDED = "llama-server process has terminated: "


def served(projector="glm4v", architecture="glm4", sections=True):
    info = {"general.architecture": architecture}
    if sections:
        info[f"{architecture}.rope.dimension_sections"] = None
    show = {"model_info": info}
    if projector:
        show["projector_info"] = {"clip.projector_type": projector}
    return ServedModel.from_show("m", show)


def refused(detail, status=500):
    return RefusedError(f"http://x answered: {detail}", detail=detail, status=status)


@pytest.mark.parametrize(
    ("detail", "model", "code", "words"),
    [
        (
            ENDED
            + "exit status 1: error: mismatch between text model (n_embd = 64) and mmproj (n_embd = 128)",
            served(),
            "MK412",
            ["64", "128"],
        ),
        (ENDED + "signal: segmentation fault", served("mlp"), "MK417", ["mlp", "glm4v"]),
        (
            ENDED + "exit status 1: error: Failed to load CLIP model from /b",
            served("x"),
            "MK854",
            ["x", "glm4v"],
        ),
        (ENDED + "signal: segmentation fault", served(None), "MK857", ["segmentation fault"]),
        ("model requires more system memory (9 GiB) than is available", served(), "MK718", ["memory"]),
        (ENDED + "error: unknown model architecture: 'new'", served(), "MK717", ["'new'"]),
        ("something else", served(), "MK857", ["something else"]),
    ],
)
@pytest.mark.parametrize("image", [True, False])
def test_an_error_of_the_engine_is_named(detail, model, code, words, image):
    found = name_fault(refused(detail), model, with_image=image)
    assert found.code == code
    assert all(w in found.message for w in words)
    assert found.help


def test_no_projector_is_named():
    detail = "Multimodal data provided, but model does not support multimodal requests."
    assert name_fault(refused(detail, 400), served(None), with_image=True).code == "MK436"


@pytest.mark.parametrize(
    "error",
    [
        refused("an error was encountered while running the model: unexpected EOF"),
        refused(ENDED + "signal: aborted"),
        ServerError("the connection broke", code="MK805"),
    ],
)
def test_missing_rope_sections_are_named_when_a_image_ends_the_engine(error):
    assert name_fault(error, served(sections=False), with_image=True).code == "MK413"
    assert name_fault(error, served(), with_image=True).code != "MK413"


def test_rope_sections_are_asked_only_of_those_that_need_them():
    assert missing_rope_sections(served(sections=False)).code == "MK413"
    assert missing_rope_sections(served()) is None
    assert missing_rope_sections(served(None, sections=False)) is None
    assert missing_rope_sections(served("mlp", architecture="llama", sections=False)) is None


def test_an_answer_that_was_broken_off_is_endless():
    assert name_fault(HalfStreamError("ended"), served(sections=False), with_image=True).code == "MK840"
