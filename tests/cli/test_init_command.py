"""`init` from a hub's repository, a model on a server, a Modelfile and a trainer's folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelfile_kit.package.package import load_package
from modelfile_kit.sources import places
from modelfile_kit.sources.hub import cache_folder

NAME = "hf.co/org/micro-GGUF"


@pytest.fixture
def repo(hub, pair, tmp_path, monkeypatch):
    """Three quantizations by name, two projectors, and a card that names the original model."""
    places._REMOTE.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    data = pair.model.read_bytes()
    files = {f"micro-glm4v-{name}.gguf": data for name in ("Q4_K_M", "Q8_0", "F16")}
    files |= {f"mmproj-micro-glm4v{n}.gguf": pair.projector.read_bytes() for n in ("", "-second")}
    return hub.add("org/micro-GGUF", {**files, "README.md": b"---\nbase_model: org/micro\n---\n"})


def test_a_hub_repository(mkmodelfile, hub, repo, tmp_path) -> None:
    text = b"{% for m in messages %}{{ m.content }}{% endfor %}"
    hub.add("org/micro", {"chat_template.jinja": text})
    done = mkmodelfile("init", NAME)
    assert done.code == 0, done.err
    assert "MK275" in done.err and "hf.co/org/micro/chat_template.jinja" in done.err
    assert "the usual one; there are Q8_0, F16 too" in done.err
    assert re.search(r"^--- |^  - \{% for m in messages %\}", done.err, re.MULTILINE), done.err
    where = f"hf://org/micro-GGUF@{repo.commit}"
    written = (tmp_path / "mkmodelfile.yaml").read_text()
    assert f"\nmodel: {where}/micro-glm4v-Q4_K_M.gguf\n" in written
    assert f"\nprojector: {where}/mmproj-micro-glm4v" in written
    assert "MK419" in done.err and "mmproj-micro-glm4v-second.gguf" in done.err
    assert not list(cache_folder().rglob("*.gguf"))
    before, remark, variants = written.partition("# The repository has these")
    assert remark and load_package(tmp_path).variants == ()
    uncommented = "\n".join(line.removeprefix("# ") for line in variants.splitlines()[1:])
    (tmp_path / "mkmodelfile.yaml").write_text(f"{before}{uncommented}\n")
    package = load_package(tmp_path)
    assert {v.tag: v.model.name for v in package.variants} == {
        "q4_K_M": "micro-glm4v-Q4_K_M.gguf",
        "q8_0": "micro-glm4v-Q8_0.gguf",
        "f16": "micro-glm4v-F16.gguf",
    }


def test_a_hub_repository_whose_original_is_gone(mkmodelfile, repo, tmp_path) -> None:
    done = mkmodelfile("init", f"{NAME}:q8_0", "-o", "-")
    assert done.code == 0, done.err
    assert "MK277" in done.err and "hf.co/org/micro (`base_model` of the card)" in done.err
    assert "micro-glm4v-Q8_0.gguf" in done.out and not (tmp_path / "mkmodelfile.yaml").exists()


def test_several_quantizations_of_a_hub_have_no_remark(mkmodelfile, repo, tmp_path: Path) -> None:
    done = mkmodelfile("init", f"{NAME}:q8_0", f"{NAME}:f16")
    assert done.code == 0, done.err
    assert [v.tag for v in load_package(tmp_path).variants] == ["q8_0", "f16"]
    assert "# The repository" not in (tmp_path / "mkmodelfile.yaml").read_text()
