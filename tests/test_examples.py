"""The example packages build with the micro pair in the place of the nine-billion files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.conversation import Conversation, load_conversations
from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.package.families import load_family
from modelfile_kit.package.package import load_package
from modelfile_kit.testing.golden_run import check_packages
from modelfile_kit.testing.stand_in_file import FILE_NAME, MicroFiles, StandInFile, load_stand_in

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted(p.parent for p in (ROOT / "examples").glob("*/mkmodelfile.yaml"))
CORPUS = ROOT.parent / "shared" / "corpus"
PICTURE = "<|begin_of_image|><|image|><|end_of_image|>"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    return build_pair(tmp_path_factory.mktemp("pair"))


def test_the_examples() -> None:
    assert [p.name for p in EXAMPLES] == [
        "autoglm-phone-9b",
        "gemma-3-4b",
        "glm-4v-9b",
        "gpt-oss-20b",
        "llama-3.1-8b",
        "qwen2.5-1.5b",
        "qwen2.5-7b-split",
        "qwen2.5-omni-7b",
        "qwen2.5-vl-7b",
    ]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_each_is_whole(folder: Path) -> None:
    package = load_package(folder)
    assert package.name == folder.name
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert package.model.name in readme
    assert f"ollama run {package.name}" in readme
    for word in ("mkmodelfile build", "mkmodelfile publish", "Licence"):
        assert word in readme


# The real chat template that an example's own one stands for, where there is a corpus.
REAL = {
    "gemma-3-4b": "lib_gemma3_270m",
    "gpt-oss-20b": "openai-gpt-oss-120b",
    "llama-3.1-8b": "meta-llama-Llama-3.1-8B-Instruct",
    "qwen2.5-1.5b": "Qwen-Qwen2.5-7B-Instruct",  # all sizes have this one
    "qwen2.5-7b-split": "Qwen-Qwen2.5-7B-Instruct",
    "qwen2.5-vl-7b": "lib_qwen2.5vl_latest",
}


def stand_in_of(name: str) -> StandInFile:
    found = load_stand_in(load_package(ROOT / "examples" / name))
    assert found is not None
    return found


@pytest.mark.parametrize("name", REAL)
def test_the_template_written_for_an_example_renders_what_the_real_one_does(name: str, shared: Path) -> None:
    real = (shared / "corpus" / "templates" / f"{REAL[name]}.jinja").read_text(encoding="utf-8")
    stand_in = stand_in_of(name).stand_in
    conversations = load_conversations(ROOT / "examples" / name / "golden" / "conversations.json")
    assert len(conversations) >= 7
    for conversation in conversations:
        texts = [
            render_reference(
                template,
                conversation.messages,
                tools=conversation.tools,
                think=conversation.think,
                bos_token=str(stand_in.tokenizer.get("bos_token_id", "")),
            )
            for template in (real, stand_in.chat_template)
        ]
        assert texts[0] == texts[1], conversation.id


@pytest.mark.parametrize("name", [p.name for p in EXAMPLES if (p / "golden" / FILE_NAME).is_file()])
def test_a_readme_names_the_files_of_the_stand_in(name: str) -> None:
    """What is downloaded is what the package asks for, and what `mkmodelfile micro` writes."""
    folder = ROOT / "examples" / name
    readme, found = (folder / "README.md").read_text(encoding="utf-8"), stand_in_of(name)
    package = load_package(folder)
    model = package.model.name
    models = [v.model.name for v in package.variants] or [model]
    if name == "glm-4v-9b":  # nobody publishes this one
        assert f"`{model}`" in readme
        return
    (fetched,) = re.findall(r"^hf download (\S+/\S+) (.+?) --local-dir \.$", readme, flags=re.M)
    if found.stand_in.parts == 1:
        assert fetched[1].split() == [n for n in (*models, found.projector) if n]
    else:
        assert fetched[1] == f'--include "{model.partition("00001")[0]}*"'
    assert f"architecture `{found.stand_in.architecture}`" in readme
    assert found.stand_in.projector == "" or f"type `{found.stand_in.projector}`" in readme
    assert "golden/chat_template.jinja" in readme


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        # Written by hand from the models' documentation. BOS is the engine's in the first two.
        (
            "llama-3.1-8b/question",
            "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n",
            "to the sun?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (
            "gemma-3-4b/image",
            "<start_of_turn>user\nYou answer in one short sentence.\n\n[img-0]What is in this image?",
            "<end_of_turn>\n<start_of_turn>model\n",
        ),
        (
            "qwen2.5-vl-7b/image",
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n[img-0]What",
            "<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "gpt-oss-20b/thought-and-call",
            "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
            "Knowledge cutoff: 2024-06\nCurrent date: 2026-01-01\n\nReasoning: medium\n",
            "<|start|>assistant<|channel|>analysis<|message|>I have to ask the tool.<|end|>"
            "<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>"
            '{"city": "Lisbon"}<|call|><|start|>functions.get_weather to=assistant<|channel|>commentary'
            '<|message|>"sunny, 24 degrees"<|end|><|start|>assistant',
        ),
    ],
)
def test_golden_prompts(name: str, begins: str, ends: str) -> None:
    example, conversation = name.split("/")
    path = ROOT / "examples" / example / "golden" / f"{conversation}.prompt"
    prompt = path.read_bytes().decode()
    assert prompt.startswith(begins)
    assert prompt.endswith(ends)


def test_golden_prompts_are_those_of_the_examples() -> None:
    """As CI runs them: every package with the micro model of its own shape."""
    cases = check_packages([p / "mkmodelfile.yaml" for p in EXAMPLES], micro=True, tokens=False)
    assert [c.name for c in cases if c.status == "failed"] == []
    assert len(cases) >= 65


def test_gpt_oss_does_not_stop_at_the_end_of_a_thought(tmp_path: Path) -> None:
    with MicroFiles() as files:
        folder = ROOT / "examples" / "gpt-oss-20b"
        model, _ = files.of(folder / "mkmodelfile.yaml")
        built = build(folder, tmp_path, model=model)
    assert built.modelfile.parameters("stop") == ()
    # Ollama reads the replies of this architecture as harmony; nothing is left to say of them.
    assert {d.code for d in built.diagnostics} & {"MK670", "MK671", "MK672", "MK673", "MK674"} == set()


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
