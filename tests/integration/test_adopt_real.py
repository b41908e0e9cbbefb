"""`adopt` on a real server: the package that comes out publishes the model that was there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model
from modelfile_kit.publish import adopt as adopting
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

JINJA = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
GO = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"
SETTINGS = (
    'SYSTEM 你是一个支持图文理解的智能助手 "really"',
    "PARAMETER num_ctx 512",
    "PARAMETER temperature 0.25",
    "PARAMETER stop <|user|>",
    "PARAMETER stop <|observation|>",
    "MESSAGE user hi",
    "MESSAGE assistant hello",
    'LICENSE """Free.\n  Really free.\n"""',
    "LICENSE Second.",
)
QUESTION = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("adopt") / "text.gguf", chat_template=JINJA)


@pytest.fixture
def created(ollama_process: OllamaProcess, tmp_path: Path) -> Any:
    def create(name: str, *lines: str) -> str:
        (tmp_path / "Modelfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
        ollama_process.run("create", name, "-f", str(tmp_path / "Modelfile"))
        return name

    return create


def shown(server: OllamaServer, name: str) -> dict[str, Any]:
    """What makes a model: everything of /api/show but what names it and when."""
    told = server.show(name)
    parts = ("template", "system", "messages", "license", "capabilities", "model_info", "projector_info")
    # The server writes the parameters in the random order of a Go map.
    return {
        "parameters": sorted(told.get("parameters", "").splitlines()),
        **{key: told.get(key) for key in parts},
    }


def ways(micro_pair: Any, text_model: Path) -> dict[str, list[str]]:
    pair = [f"FROM {micro_pair.model}", f"FROM {micro_pair.projector}"]
    text, stop = f"FROM {text_model}", "PARAMETER stop <|user|>"
    return {
        "template": [*pair, f'TEMPLATE """{GO}"""', *SETTINGS],
        "native": [text, stop],
        "renderer": [text, stop, "RENDERER qwen3-coder", "PARSER qwen3-coder", "SYSTEM x"],
        "parser": [text, stop, f'TEMPLATE """{GO}"""', "PARSER qwen3-coder"],
    }


@pytest.mark.parametrize("way", ["template", "native", "renderer", "parser"])
def test_a_publish_of_the_package_gives_the_same_model(
    way: str, created: Any, micro_pair: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    name = created(f"adopted-{way}", *ways(micro_pair, text_model)[way])
    folder = tmp_path / "package"
    arguments = ["adopt", f"ollama://{name}", "--host", ollama_server.url, "--output", str(folder)]
    assert run(arguments) == 0
    again = publish(build(folder), f"again-{way}", host=ollama_server.url, verify=False)
    assert again.uploaded_bytes == 0
    assert shown(ollama_server, f"again-{way}") == shown(ollama_server, name)
    prompts = [ollama_server.render(n, QUESTION).prompt for n in (name, f"again-{way}")]
    assert prompts[0] == prompts[1]


def test_no_stops_cannot_be_said_in_a_modelfile(
    created: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path, capsys: Any
) -> None:
    """A build writes one that never fires, so that `create` adds none of a built-in template."""
    name = created("without-stops", f"FROM {text_model}", f'TEMPLATE """{GO}"""')
    assert shown(ollama_server, name)["parameters"] == []
    host = ["--host", ollama_server.url, "--output", str(tmp_path / "package"), "--format", "json"]
    assert run(["adopt", name, *host]) == 0
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [
        "PARAMETER stop on the server is not set" in d["message"] for d in found if d["code"] == "MK848"
    ] == [True]


def test_a_difference_is_said(
    created: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path, capsys: Any
) -> None:
    name = created("differs", f"FROM {text_model}", f'TEMPLATE """{GO}"""', "RENDERER no-such-renderer")
    folder = tmp_path / "package"
    run(["adopt", name, "--host", ollama_server.url, "--output", str(folder), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert found["diagnostics"]
    assert (
        yaml.safe_load((folder / "mkmodelfile.yaml").read_text(encoding="utf-8"))["renderer"]
        == "no-such-renderer"
    )


def test_a_tag_becomes_the_name(
    created: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    name = created("tagged:q4", f"FROM {text_model}", f'TEMPLATE """{GO}"""')
    folder = tmp_path / "deep" / "package"
    assert run(["adopt", name, "--host", ollama_server.url, "--output", str(folder), "--copy"]) == 0
    written = yaml.safe_load((folder / "mkmodelfile.yaml").read_text(encoding="utf-8"))
    assert (written["name"], written["model"]) == ("tagged:q4", "tagged.gguf")
    assert (folder / "tagged.gguf").stat().st_nlink == 1


def test_the_folder_must_be_empty(
    created: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    name = created("occupied", f"FROM {text_model}")
    assert run(["adopt", name, "--host", ollama_server.url, "--output", str(tmp_path)]) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"mine.txt", "Modelfile"}


def test_a_file_of_another_model(
    created: Any, micro_pair: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path, capsys: Any
) -> None:
    name = created("given", f"FROM {text_model}", f'TEMPLATE """{GO}"""')
    folder = tmp_path / "package"
    host = ["--host", ollama_server.url, "--output", str(folder)]
    assert run(["adopt", name, *host, "--model", str(micro_pair.projector)]) == 2
    assert not folder.exists()
    capsys.readouterr()
    assert run(["adopt", name, *host, "--model", str(text_model)]) == 0


def test_a_server_elsewhere_cannot_name_any_file_of_this_machine(
    created: Any, text_model: Path, ollama_server: OllamaServer, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    name = created("elsewhere", f"FROM {text_model}", "PARAMETER stop <|user|>")
    monkeypatch.setattr(adopting, "is_loopback", lambda url: False)
    host = ["--host", ollama_server.url]
    assert run(["adopt", name, *host, "--output", str(tmp_path / "same-disk")]) == 0
    show = ollama_server.show(name)
    stranger = tmp_path / f"sha256-{'0' * 64}"
    stranger.write_bytes(text_model.read_bytes())
    blob = ServedModel.from_show(name, show).files[0][1]
    told = {**show, "modelfile": show["modelfile"].replace(str(blob), str(stranger))}
    monkeypatch.setattr(OllamaServer, "show", lambda *_, **__: told)
    capsys.readouterr()
    assert run(["adopt", name, *host, "--output", str(tmp_path / "stolen")]) == 1
    assert "MK849" in capsys.readouterr().err
    assert not (tmp_path / "stolen").exists()
