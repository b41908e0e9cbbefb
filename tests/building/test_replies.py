"""A package whose replies Ollama does not read says so when it is built, and when it is linted."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.lint import lint_modelfile
from modelfile_kit.micro import build_model
from tests.replies import formats


@pytest.mark.parametrize(("source", "read"), [(formats.XML_CALLS, False), (formats.JSON_CALLS, True)])
def test_calls_that_are_not_read_are_told_twice(tmp_path: Path, source: str, read: bool) -> None:
    marks = ["<|im_start|>", "<|im_end|>"]
    build_model(tmp_path / "model.gguf", chat_template=source, extra_tokens=marks)
    package = tmp_path / "mkmodelfile.yaml"
    package.write_text("name: x\nmodel: model.gguf\nprojector: none\nmode: go\n", encoding="utf-8")
    built = build(package)
    assert ("MK670" in {d.code for d in built.diagnostics}) != read
    found = lint_modelfile(built.path.read_bytes(), base=built.path.parent)
    assert ("MK670" in {d.code for d in found}) != read
