from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair

# A TEMPLATE without the newlines of the chat template.
HAND = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>\n"


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of the micro model."""
    folder = tmp_path_factory.mktemp("good")
    build_pair(folder)
    (folder / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\nsystem: Be brief.\n")
    return folder


@pytest.fixture(scope="session")
def by_hand(good: Path) -> Path:
    """The same with a TEMPLATE that lacks newlines."""
    (good / "hand.gotmpl").write_text(HAND)
    file = good / "by-hand.yaml"
    file.write_text("name: odd\nmodel: micro-glm4v.gguf\ntemplate: hand.gotmpl\nchat_template: gguf\n")
    return file
