"""Packages of the micro pair, or of a micro model with another chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.micro import MicroPair, build_model, build_pair


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests are remembered in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def micro_pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    """A sound micro pair."""
    return build_pair(tmp_path_factory.mktemp("micro"))


@pytest.fixture
def seeing(tmp_path: Path, micro_pair: MicroPair) -> Any:
    """Builds a package of the micro pair with more keys."""

    def make(text: str = "", *, name: str = "demo", model: Path = micro_pair.model) -> Build:
        whole = f"name: {name}\nmodel: {model}\nprojector: {micro_pair.projector}\n{text}"
        (tmp_path / "mkmodelfile.yaml").write_text(whole, encoding="utf-8")
        return build(tmp_path)

    return make


@pytest.fixture
def speaking(tmp_path: Path) -> Any:
    """Builds a package of a text model with that chat template and more keys."""

    def make(jinja: str, text: str = "") -> Build:
        marks = ["<|im_start|>", "<|im_end|>"]
        build_model(tmp_path / "model.gguf", chat_template=jinja, extra_tokens=marks)
        whole = f"name: demo\nmodel: model.gguf\nprojector: none\n{text}"
        (tmp_path / "mkmodelfile.yaml").write_text(whole, encoding="utf-8")
        return build(tmp_path)

    return make
