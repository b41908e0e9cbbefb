"""`init` of a Modelfile and of a model on a real server: a publish of the package gives the same model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model
from modelfile_kit.publish.publish import publish
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

GO = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"
TEMPLATE = f'TEMPLATE """{GO}"""'
STOP = "PARAMETER stop <|user|>"
WAYS = {
    "template": [
        TEMPLATE,
        STOP,
        "PARAMETER temperature 0.25",
        "SYSTEM 请简短。",
        "MESSAGE user hi",
        "LICENSE A",
    ],
    "renderer": [STOP, "RENDERER qwen3-coder", "PARSER qwen3-coder", "SYSTEM x"],
    "parser": [TEMPLATE, STOP, "PARSER qwen3-coder"],
}


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    jinja = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"
    return build_model(tmp_path_factory.mktemp("init") / "text.gguf", chat_template=jinja)


def shown(server: OllamaServer, name: str) -> dict[str, Any]:
    """What makes a model; the server writes the parameters in the random order of a Go map."""
    told = server.show(name)
    parts = ("template", "system", "messages", "license", "capabilities", "model_info")
    parameters = sorted(told.get("parameters", "").splitlines())
    return {"parameters": parameters, **{key: told.get(key) for key in parts}}


def created(process: OllamaProcess, folder: Path, name: str, *lines: str) -> Path:
    """A model of these lines, made by `ollama create`, and its Modelfile."""
    folder.mkdir(exist_ok=True)
    path = folder / "Modelfile"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    process.run("create", name, "-f", str(path))
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_package_of_a_modelfile_is_the_same_model(
    way: str, ollama_process: OllamaProcess, ollama_server: OllamaServer, text_model: Path, tmp_path: Path
) -> None:
    path = created(ollama_process, tmp_path / way, f"by-hand-{way}", f"FROM {text_model}", *WAYS[way])
    assert run(["init", str(path)]) == 0
    publish(build(path.parent), f"by-kit-{way}", host=ollama_server.url, verify=False)
    assert shown(ollama_server, f"by-kit-{way}") == shown(ollama_server, f"by-hand-{way}")


def test_a_modelfile_of_a_model_on_the_server_has_what_that_one_sets(
    ollama_process: OllamaProcess,
    ollama_server: OllamaServer,
    text_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama_server.url)
    monkeypatch.setenv("OLLAMA_MODELS", str(ollama_process.models))
    base = [f"FROM {text_model}", TEMPLATE, STOP, "PARAMETER top_k 7", "PARAMETER top_p 0.5", "LICENSE A"]
    created(ollama_process, tmp_path / "base", "base-of-init", *base)
    more = ["FROM base-of-init", "PARAMETER top_k 9", "SYSTEM Be brief.", "LICENSE B"]
    path = created(ollama_process, tmp_path / "mine", "by-hand-mine", *more)
    assert run(["init", str(path)]) == 0
    publish(build(path.parent), "by-kit-mine", host=ollama_server.url, verify=False)
    assert shown(ollama_server, "by-kit-mine") == shown(ollama_server, "by-hand-mine")


def test_a_model_on_the_server_is_adopted(
    ollama_process: OllamaProcess, ollama_server: OllamaServer, text_model: Path, tmp_path: Path
) -> None:
    created(ollama_process, tmp_path / "x", "init-adopts", f"FROM {text_model}", *WAYS["template"])
    for command in ("init", "adopt"):
        where = ["--host", ollama_server.url, "-o", str(tmp_path / command)]
        assert run([command, "ollama://init-adopts", *where]) == 0
    one, other = (sorted(p for p in (tmp_path / c).iterdir()) for c in ("init", "adopt"))
    assert [p.name for p in one] == [p.name for p in other]
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in other]
