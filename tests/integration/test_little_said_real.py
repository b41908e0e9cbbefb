"""What reaches the model where the Modelfile says little (first seen on Ollama 0.33.0, 27 November 2026)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import cli
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.builtin import RENDERER_TOKENS
from modelfile_kit.publish.publish import publish
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.ollama.replies import RefusedError
from tests.building.test_insert import package
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

# Of its own length and letters, so that create takes it for none of the templates it knows.
JINJA = "~" * 110 + (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
BROKEN = "~" * 110 + "{% for m in messages %}{{ m.content }"
HI = [{"role": "user", "content": "Hi"}]
DIALOGUE = [*HI, {"role": "assistant", "content": "Ho"}, {"role": "user", "content": "Again"}]
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
CHATML = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


class Models:
    """Creates models of one name from Modelfiles."""

    def __init__(self, folder: Path, process: OllamaProcess, server: OllamaServer) -> None:
        self.folder, self.process, self.server = folder, process, server

    def create(self, text: str, jinja: str | None = JINJA, name: str = "little") -> None:
        build_model(self.folder / "m.gguf", chat_template=jinja)
        (self.folder / "Modelfile").write_text(text)
        self.process.run("create", name, "-f", "Modelfile", cwd=self.folder)
        self.server.unload(name)  # an engine that another model of the same file started would go on

    def codes(self, text: str) -> set[str]:
        return {d.code for d in lint_modelfile(text, base=self.folder)}

    def prompt(self, messages=HI, **more) -> str:
        return self.server.render("little", messages, **more).prompt


@pytest.fixture
def models(tmp_path: Path, ollama_process: OllamaProcess, ollama_server: OllamaServer) -> Models:
    return Models(tmp_path, ollama_process, ollama_server)


def test_parser_alone(models: Models, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    text = "FROM ./m.gguf\nPARSER qwen3\n"
    models.create(text)
    assert models.prompt() == "Hi"
    assert "MK254" in models.codes(text)
    chat = models.folder / "chat.json"
    for messages in (HI, DIALOGUE):
        chat.write_text(json.dumps(messages))
        arguments = ["render", "--modelfile", str(models.folder / "Modelfile"), "--messages", str(chat)]
        cli.main(arguments, standalone_mode=False)
        assert capfdbinary.readouterr().out.decode() == models.prompt(messages)


def test_renderer_alone(models: Models) -> None:
    text = "FROM ./m.gguf\nRENDERER qwen3-coder\n"
    models.create(text)
    assert models.prompt() == CHATML
    with pytest.raises(RefusedError, match="does not support tools"):
        models.prompt(tools=[TOOL])
    assert {"MK255", "MK256"} <= models.codes(text)


def test_no_template_anywhere(models: Models) -> None:
    text = "FROM ./m.gguf\n"
    models.create(text, jinja="")
    assert models.prompt() == CHATML
    assert "MK513" in models.codes(text)


def test_a_broken_chat_template(models: Models) -> None:
    text = "FROM ./m.gguf\n"
    models.create(text, jinja=BROKEN)
    with pytest.raises(RefusedError, match=r"terminated|[Pp]arser"):
        models.prompt()
    assert "MK210" in models.codes(text)


def test_an_empty_template_is_none(models: Models) -> None:
    models.create('FROM ./m.gguf\nTEMPLATE ""\n')
    assert models.prompt() == "~" * 110 + "<|user|>Hi<|assistant|>"


def test_a_renderer_is_inherited_and_the_template_not_used(models: Models) -> None:
    models.create("FROM ./m.gguf\nRENDERER qwen3-coder\nPARSER qwen3-coder\n", name="base")
    models.create("FROM base\nTEMPLATE {{ .Prompt }}!\n")
    assert models.prompt() == CHATML


def test_escape_sequences_reach_the_model(models: Models) -> None:
    text = 'FROM ./m.gguf\nTEMPLATE "<|user|>\\n{{ .Prompt }}<|assistant|>\\n"\n'
    models.create(text)
    assert models.prompt() == "<|user|>\\nHi<|assistant|>\\n"
    assert "MK122" in models.codes(text)


@pytest.mark.parametrize("name", sorted(RENDERER_TOKENS))
def test_the_tokens_of_each_renderer(models: Models, name: str) -> None:
    models.create(f"FROM ./m.gguf\nRENDERER {name}\nPARSER passthrough\n")
    prompt = models.prompt(DIALOGUE)
    assert [token for token in RENDERER_TOKENS[name] if token not in prompt] == []


REFUSED = {
    "utf16": ("FROM ./m.gguf\nSYSTEM x\n".encode("utf-16-le"), "command must be one of", "MK136"),
    "names": (b"FROM ./m.gguf\nTEMPLATE {{ system }}\n", "not defined", "MK202"),
    "jinja": (b"FROM ./m.gguf\nTEMPLATE {{ messages['x'] }}\n", "template error", "MK252"),
    "think": (b"FROM ./m.gguf\nPARAMETER think false\n", "unknown parameter", "MK110"),
    "lines": (b"FROM ./m.gguf\nMESSAGE user a\nb c\n", r"\(line 3\): command must be", "MK101"),
    "folder": (b"FROM ./empty\n", "no Modelfile or safetensors", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_create_refuses(models: Models, case: str) -> None:
    data, says, code = REFUSED[case]
    build_model(models.folder / "m.gguf")
    (models.folder / "empty").mkdir()
    (models.folder / "Modelfile").write_bytes(data)
    with pytest.raises(RuntimeError, match=says):
        models.process.run("create", "refused", "-f", "Modelfile", cwd=models.folder)
    found = {d.code for d in lint_modelfile(data, base=models.folder) if d.severity == "error"}
    assert not code or code in found


def test_a_gap_is_filled(models: Models) -> None:
    """/api/generate with a suffix, on a TEMPLATE of build."""
    folder = models.folder
    built = build(package(folder))
    publish(built, "little", host=models.server.url, verify=False)
    gap = models.server.render_generate("little", "def f(", suffix="return 1").prompt
    assert gap == "<|fim_prefix|>def f(<|fim_suffix|>return 1<|fim_middle|>"
    assert (
        models.server.generate("little", "def f(", suffix="return 1", options={"num_predict": 2}).text != ""
    )
    assert models.prompt() == built.expected(HI)
