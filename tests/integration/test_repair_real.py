"""`repair` on a real server: a model that was created by hand gets what is proven for its GGUF."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import ServerError
from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import build_model
from modelfile_kit.publish import repair as repairing
from modelfile_kit.publish.repair import repair
from modelfile_kit.publish.repair_plan import plan_repair
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

# Calls as Qwen3-Coder writes them, in the prompts that the micro model knows.
JINJA = (
    "[gMASK]<sop>\n{% if tools %}<|system|>\n{{ tools | tojson }}{% endif %}{% for m in messages %}"
    "<|{{ m.role }}|>\n{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>\n"
    "<function={{ c.function.name }}>\n{% for k, v in c.function.arguments | items %}<parameter={{ k }}>\n"
    "{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>\n</tool_call>{% endfor %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
# A newline too much behind each role, and tools in a place of their own.
WRONG = (
    "[gMASK]<sop>\n{{ range .Messages }}<|{{ .Role }}|>\n\n{{ .Content }}{{ range .ToolCalls }}"
    "{{ .Function.Name }}{{ end }}{{ end }}{{ if .Tools }}{{ .Tools }}{{ end }}<|assistant|>\n"
)
# The second one stands inside every call.
STOPS = ("PARAMETER stop mine", "PARAMETER stop </function>")
QUESTION = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("repair") / "coder.gguf", chat_template=JINJA)


@pytest.fixture
def installed(ollama_process: OllamaProcess, ollama_server: OllamaServer, gguf: Path, tmp_path: Path) -> Any:
    """Creates a model with the real `ollama create`, as somebody without the kit would."""

    def create(name: str, *lines: str, template: str | None = WRONG) -> str:
        text = "\n".join([f"FROM {gguf}", *lines]) + "\n"
        text += f'TEMPLATE """{template}"""\n' if template else ""
        (tmp_path / "Modelfile").write_text(text, encoding="utf-8")
        ollama_process.run("create", name, "-f", str(tmp_path / "Modelfile"))
        return name

    return create


def names(server: OllamaServer) -> set[str]:
    return {model["model"] for model in server.models()}


def digests(server: OllamaServer) -> dict[str, str]:
    return {model["model"]: model["digest"] for model in server.models()}


def test_a_wrong_template_and_no_parser(installed: Any, ollama_server: OllamaServer, capsys: Any) -> None:
    name = installed("coder", "SYSTEM Be brief.", "PARAMETER num_ctx 512", "LICENSE Free.", *STOPS)
    before = ollama_server.show(name)
    old = digests(ollama_server)["coder:latest"]
    # verification names the command, for the prompts and for the calls
    report = verify(name, host=ollama_server.url)
    advised = {d.code for d in report.diagnostics if "`mkmodelfile repair coder`" in d.help}
    assert "MK670" in advised
    assert len(advised) > 1
    assert run(["repair", name, "--host", ollama_server.url, "--yes"]) == 0
    told = capsys.readouterr()
    assert "TEMPLATE of coder: prompts: chat " in told.out
    assert "+qwen3-coder" in told.out
    assert "  -[gMASK]<sop>" in told.out
    assert "cuts them: </function>" in told.out
    assert "the old model is coder:latest-before-repair" in told.err
    after = ollama_server.show(name)
    assert "PARSER qwen3-coder" in after["modelfile"]
    # what was not wrong is as it was
    assert after["system"] == "Be brief."
    assert after["license"] == before["license"]
    assert "num_ctx                        512" in after["parameters"]
    assert '"mine"' in after["parameters"]
    assert "</function>" not in after["parameters"]
    # Hugging Face's rendering is what the server sends, with tools and without
    system = {"role": "system", "content": "Be brief."}
    for tools in (None, [TOOL]):
        sent = ollama_server.render(name, QUESTION, tools=tools).prompt
        assert sent == render_reference(JINJA, [system, *QUESTION], tools=tools)
    report = verify(name, host=ollama_server.url)
    assert report.ok
    assert not {"MK670", "MK671"} & {d.code for d in report.diagnostics}
    # the old one is kept, whole, and nothing else is left
    assert digests(ollama_server)["coder:latest-before-repair"] == old
    assert {n for n in names(ollama_server) if n.startswith("coder:")} == {
        "coder:latest",
        "coder:latest-before-repair",
    }


def test_what_is_right_stays(installed: Any, ollama_server: OllamaServer, capsys: Any) -> None:
    name = installed("right")
    assert run(["repair", name, "--host", ollama_server.url, "--yes", "-q"]) == 0
    capsys.readouterr()
    there = digests(ollama_server)
    assert run(["repair", name, "--host", ollama_server.url]) == 0
    assert "is right already" in capsys.readouterr().out
    assert digests(ollama_server) == there
    native = installed("native", template=None)
    assert run(["repair", native, "--host", ollama_server.url]) == 0
    assert "chat template" in capsys.readouterr().out


def test_a_second_repair_keeps_the_first_old_one(installed: Any, ollama_server: OllamaServer) -> None:
    for _ in range(2):
        assert run(["repair", installed("twice"), "--host", ollama_server.url, "--yes", "-q"]) == 0
    assert {"twice:latest-before-repair", "twice:latest-before-repair-2"} <= names(ollama_server)


def test_nothing_is_changed_without_an_answer(
    installed: Any, ollama_server: OllamaServer, capsys: Any
) -> None:
    name = installed("asked")
    there = digests(ollama_server)
    assert run(["repair", name, "--host", ollama_server.url]) == 2
    assert "`mkmodelfile repair asked --yes`" in capsys.readouterr().err
    assert run(["repair", name, "--host", ollama_server.url, "--dry-run", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [case["name"] for case in report["cases"]] == ["TEMPLATE", "PARSER", "PARAMETER stop"]
    assert report["cases"][0]["data"]["old"] == WRONG
    assert digests(ollama_server) == there


def test_a_model_that_is_not_there(ollama_server: OllamaServer, capsys: Any) -> None:
    assert run(["repair", "nobody", "--host", ollama_server.url, "--yes"]) == 1
    assert "nobody" in capsys.readouterr().err


TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "d",
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
    },
}


def test_a_renderer_is_taken_away(installed: Any, ollama_server: OllamaServer, capsys: Any) -> None:
    """A create from the model inherits it; one from the files that the server has does not."""
    lines = ("RENDERER glm-4.7", "PARSER glm-4.7", "SYSTEM Be brief.", "PARAMETER num_ctx 512")
    more = ("LICENSE Free.", 'LICENSE """Free\nas well."""', "MESSAGE user hi", "MESSAGE assistant ho")
    name = installed("rendered", *lines, *more, "PARAMETER temperature 0.25", "REQUIRES 0.30.0")
    before, old = ollama_server.show(name), digests(ollama_server)["rendered:latest"]
    assert run(["repair", name, "--host", ollama_server.url, "--yes"]) == 0
    told = capsys.readouterr()
    assert "RENDERER of rendered: prompts: chat partial, tools partial → chat exact, tools exact" in told.out
    assert "created anew from the files that the server has" in told.out
    assert "-glm-4.7" in told.out
    after = ollama_server.show(name)
    assert "RENDERER" not in after["modelfile"]
    assert "PARSER qwen3-coder" in after["modelfile"]
    for key in ("system", "license", "messages", "requires"):
        assert after[key] == before[key]
    assert after["modelfile"].count("LICENSE ") == 2
    assert {"num_ctx 512", "temperature 0.25"} <= {
        " ".join(line.split()) for line in after["parameters"].splitlines()
    }
    own = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    whole = [{"role": "system", "content": "Be brief."}, *own, *QUESTION]
    for tools in (None, [TOOL]):
        sent = ollama_server.render(name, QUESTION, tools=tools).prompt
        assert sent == render_reference(JINJA, whole, tools=tools)
    assert digests(ollama_server)["rendered:latest-before-repair"] == old


def test_names_that_the_server_does_not_know_are_taken_away(
    either_process: OllamaProcess, either_server: OllamaServer, tmp_path: Path, capsys: Any
) -> None:
    """On the newest server, and on one that writes a GGUF anew in every create from it."""
    chat = (
        "[gMASK]<sop>\n{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )
    plain = build_model(tmp_path / "plain.gguf", chat_template=chat)
    (tmp_path / "Modelfile").write_text(f"FROM {plain}\nRENDERER tomorrow\nPARSER tomorrow\n")
    either_process.run("create", "odd", "-f", str(tmp_path / "Modelfile"))
    with pytest.raises(ServerError, match="unknown renderer"):
        either_server.chat("odd", QUESTION)
    files = ServedModel.from_show("odd", either_server.show("odd")).layers
    assert run(["repair", "odd", "--host", either_server.url, "--yes"]) == 0
    assert "RENDERER of odd" in capsys.readouterr().out
    assert either_server.render("odd", QUESTION).prompt == render_reference(chat, QUESTION)
    assert ServedModel.from_show("odd", either_server.show("odd")).layers == files


def test_a_server_whose_files_are_elsewhere(
    installed: Any, ollama_server: OllamaServer, gguf: Path, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    name = installed("far")
    show = OllamaServer.show

    def elsewhere(self: OllamaServer, asked: str, *, verbose: bool = False) -> dict[str, Any]:
        found = show(self, asked, verbose=verbose)
        return {**found, "modelfile": found["modelfile"].replace("/blobs/", "/of/another/machine/")}

    monkeypatch.setattr(OllamaServer, "show", elsewhere)
    host = ("--host", ollama_server.url)
    assert run(["repair", name, *host, "--yes"]) == 1
    assert "--model FILE" in capsys.readouterr().err
    other = build_model(tmp_path / "other.gguf", extra_tokens=["<another>"])
    assert run(["repair", name, *host, "--yes", "--model", str(other)]) == 1
    assert "is not the GGUF of far" in capsys.readouterr().err
    assert run(["repair", name, *host, "--yes", "--model", str(gguf)]) == 0
    assert "PARSER qwen3-coder" in show(ollama_server, name)["modelfile"]


@pytest.mark.parametrize(
    ("place", "fault"), [("verify_on", KeyboardInterrupt), ("take_over", ServerError("gone"))]
)
def test_an_interrupted_repair_leaves_the_old_model(
    place: str, fault: Any, installed: Any, ollama_server: OllamaServer, monkeypatch: Any
) -> None:
    name = installed("halfway")
    there = digests(ollama_server)

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(repairing, place, fail)
    with pytest.raises((KeyboardInterrupt, ServerError)):
        repair(ollama_server, plan_repair(ollama_server, name))
    assert digests(ollama_server) == there


def test_a_server_that_is_gone(capsys: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert run(["repair", "anything", "--host", f"http://127.0.0.1:{port}", "--yes"]) != 0
    assert str(port) in capsys.readouterr().err


def test_several_at_once(installed: Any, ollama_server: OllamaServer, capsys: Any) -> None:
    one, two = installed("first", *STOPS), installed("second", *STOPS)
    before = digests(ollama_server)
    assert run(["repair", one, "no-such-model", f"ollama://{two}", "--host", ollama_server.url, "--yes"]) == 1
    seen = capsys.readouterr().out
    assert "no-such-model" in seen
    after = digests(ollama_server)
    for name in (one, two):
        assert after[f"{name}:latest"] != before[f"{name}:latest"]
        assert after[f"{name}:latest-before-repair"] == before[f"{name}:latest"]
        assert run(["rollback", name, "--host", ollama_server.url]) == 0
    capsys.readouterr()
    rolled = digests(ollama_server)
    for name in (one, two):
        assert rolled[f"{name}:latest"] == before[f"{name}:latest"]
        assert rolled[f"{name}:latest-previous"] == after[f"{name}:latest"]
    assert not {name for name in rolled if name.startswith(("first:", "second:")) and "repair" in name}
