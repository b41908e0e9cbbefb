"""What an artifact says of its model; ModelPack's own validator is asked in test_oci_layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.packing.model_pack import Layer, config_bytes, parameter_count, parameter_size

# By hand, after docs/config.md: a decimal with at most one digit behind the point, and a letter.
SIZES = {
    261_824: "261.8K",
    1_000: "1K",
    135_000_000: "135M",
    6_738_415_616: "6.7B",
    8_030_261_248: "8B",
    1_026_000_000_000: "1T",
    500: "0.5K",
}


@pytest.mark.parametrize(("count", "text"), SIZES.items())
def test_sizes(count: int, text: str) -> None:
    assert parameter_size(count) == text


def test_the_configuration(seeing) -> None:
    built = seeing()
    layer = Layer("a.gguf", "t", "sha256:" + "0" * 64, 1, Path("a.gguf"))
    said = json.loads(config_bytes(built, [layer]))
    # The micro model is glm4 in F32 with a projector for images (modelfile_kit/micro).
    assert said == {
        "descriptor": {"name": "demo", "family": "glm4", "title": "micro GLM-4.1V"},
        "modelfs": {"type": "layers", "diffIds": [layer.digest]},
        "config": {
            "architecture": "transformer",
            "format": "gguf",
            "paramSize": parameter_size(sum(t.size for t in built.files.header.tensors) // 4),
            "precision": "float32",
            "capabilities": {
                "inputTypes": ["text", "image"],
                "outputTypes": ["text"],
                "reasoning": False,
                "toolUsage": False,
            },
        },
    }
    assert parameter_count(built) == built.files.header.parameter_count
