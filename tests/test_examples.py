"""The example packages build with the micro pair in the place of the nine-billion files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.conversation import Conversation
from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.package.families import load_family
from modelfile_kit.package.package import load_package

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted(p.parent for p in (ROOT / "examples").glob("*/mkmodelfile.yaml"))
CORPUS = ROOT.parent / "shared" / "corpus"
PICTURE = "<|begin_of_image|><|image|><|end_of_image|>"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    return build_pair(tmp_path_factory.mktemp("pair"))


def test_the_examples() -> None:
    assert [p.name for p in EXAMPLES] == ["autoglm-phone-9b", "glm-4v-9b"]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_each_is_whole(folder: Path) -> None:
    package = load_package(folder)
    assert package.name == folder.name
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert package.model.name in readme
    assert f"ollama run {package.name}" in readme
    for word in ("mkmodelfile build", "mkmodelfile publish", "Licence"):
        assert word in readme


def test_autoglm(pair: MicroPair, tmp_path: Path) -> None:
    folder = ROOT / "examples" / "autoglm-phone-9b"
    built = build(folder, tmp_path, model=pair.model, projector=pair.projector)
    assert built.report["mode"]["chosen"] == "go"
    assert built.report["template"]["coverage"]["chat"] == "exact"
    modelfile = parse_modelfile(built.path.read_bytes(), dialect=False)
    assert [i.value for i in modelfile.froms] == [str(pair.model), str(pair.projector)]
    assert f"# PROJECTOR {pair.projector}\nFROM {pair.projector}\n" in built.path.read_text(encoding="utf-8")
    assert modelfile.last("system") == "你是一个支持图文理解的智能助手,请结合上下文准确回答。"
    assert modelfile.parameters("num_ctx") == ("4096",)
    assert modelfile.parameters("temperature") == ("0.5",)


def test_autoglm_finds_its_projector_by_itself(pair: MicroPair, tmp_path: Path) -> None:
    built = build(ROOT / "examples" / "autoglm-phone-9b", tmp_path, model=pair.model)
    assert built.files.projector == pair.projector


def conversations() -> list[Conversation]:
    found = list(load_family("glm4v").conversations())
    if CORPUS.is_dir():
        data = json.loads((CORPUS / "conversations.json").read_text(encoding="utf-8"))
        # Thinking and tools are no part of the model: a server refuses such requests.
        found += [Conversation.from_dict(c) for c in data if c["category"] in ("chat", "images")]
    return found


@pytest.mark.parametrize("conversation", conversations(), ids=lambda c: c.id)
def test_autoglm_prompts_equal_the_reference(
    conversation: Conversation, pair: MicroPair, tmp_path: Path
) -> None:
    built = build(ROOT / "examples" / "autoglm-phone-9b", tmp_path, model=pair.model, write=False)
    assert built.template is not None
    messages = built.with_system(conversation.messages)
    prompt = render_prompt(built.template, messages)
    for i in range(sum(m.get("images") or 0 for m in messages)):
        prompt = prompt.replace(f"[img-{i}]", PICTURE)  # llama.cpp writes it around each picture
    real = CORPUS / "templates" / "GLM-4.1V-9B-Thinking.jinja"
    templates = [load_family("glm4v").chat_template]
    templates += [real.read_text(encoding="utf-8")] if real.is_file() else []
    for template in templates:
        assert prompt == render_reference(template, messages)


def glm_4v(pair: MicroPair, output: Path, **options: Any) -> Any:
    return build(ROOT / "examples" / "glm-4v-9b", output, model=pair.model, **options)


def test_glm_4v_is_packaged_without_images_and_says_so(pair: MicroPair, tmp_path: Path) -> None:
    built = glm_4v(pair, tmp_path)
    modelfile = parse_modelfile(built.path.read_bytes(), dialect=False)
    assert [i.value for i in modelfile.froms] == [str(pair.model)]
    [remark] = [d for d in built.diagnostics if d.code == "MK418"]
    assert "images will not work" in remark.message and "GLM-4.1V-9B" in remark.help
    assert render_prompt(modelfile.last("template") or "", [{"role": "user", "content": "Hi"}]) == (
        "[gMASK]<sop><|user|>\nHi<|assistant|>"
    )


def test_glm_4v_with_a_projector_that_is_named_is_warned_about(pair: MicroPair, tmp_path: Path) -> None:
    built = glm_4v(pair, tmp_path / "out", projector=pair.projector)
    assert built.files.projector == pair.projector
    [warning] = [d for d in built.diagnostics if d.code == "MK418"]
    assert warning.severity == "warning"
    assert "no projector for its vision part" in warning.message and "GLM-4.1V-9B" in warning.help
