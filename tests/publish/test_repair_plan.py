"""What would be better about a model, decided from its GGUF; the server is one that a test makes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.core.errors import ServerError
from modelfile_kit.micro import build_model
from modelfile_kit.publish.repair_plan import RepairPlan, plan_repair

# Calls as JSON between tags, which Ollama reads by the tags of a right TEMPLATE.
JINJA = (
    "[gMASK]<sop>\n{% if tools %}<|system|>\n{{ tools | tojson }}{% endif %}{% for m in messages %}"
    "<|{{ m.role }}|>\n{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>'
    "{% endfor %}{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
PLAIN = "[gMASK]<sop>\n{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    return build_model(folder / ("sha256-" + "0" * 64), chat_template=JINJA)


class Server:
    url = "http://box:1"

    def __init__(self, gguf: Path, template: str, *lines: str, parameters: str = "") -> None:
        modelfile = "\n".join([f"FROM {gguf}", f"TEMPLATE {template}", *lines])
        self.reply = {"template": template, "modelfile": modelfile, "parameters": parameters}
        self.reply["capabilities"] = ["completion"]  # type: ignore[assignment]

    def version(self) -> str:
        return "0.34.4"

    def show(self, name: str, *, verbose: bool = False) -> dict[str, Any]:
        return self.reply


def planned(server: Any) -> RepairPlan:
    return plan_repair(server, "m")


def test_a_template_without_tools_gets_them(gguf: Path) -> None:
    plan = planned(Server(gguf, PLAIN))
    assert [c.instruction for c in plan.changes][:1] == ["TEMPLATE"]
    assert plan.before is not None and plan.after is not None
    assert (plan.before.coverage["chat"], plan.before.coverage["tools"]) == ("exact", "partial")
    assert plan.after.coverage["tools"] == "exact"
    assert "tools partial" in plan.changes[0].why


def test_what_it_gave_is_right_already(gguf: Path) -> None:
    after = planned(Server(gguf, PLAIN)).after
    assert after is not None
    stops = "\n".join(f'stop "{stop}"' for stop in after.stop)
    parser = [f"PARSER {after.parser}"] if after.parser else []
    plan = planned(Server(gguf, after.template, *parser, parameters=stops))
    assert plan.changes == ()
    assert "chat exact" in plan.why


def test_a_right_template_is_kept_as_it_is_written(gguf: Path) -> None:
    """Only what is better is changed: another way to write the same is not."""
    template = compile_template(JINJA, eos_token="<|endoftext|>").template + "{{/* by hand */}}"
    plan = planned(Server(gguf, template))
    assert "TEMPLATE" not in [c.instruction for c in plan.changes]


def test_a_stop_inside_the_calls_is_taken_away(gguf: Path) -> None:
    plan = planned(Server(gguf, PLAIN, parameters='stop "<tool_call>"\nstop "mine"'))
    change = next(c for c in plan.changes if c.instruction == "PARAMETER stop")
    assert "<tool_call>" in change.old
    assert "<tool_call>" not in change.new
    assert change.new.startswith("mine")


def test_a_template_that_ollama_refuses_is_replaced(gguf: Path) -> None:
    plan = planned(Server(gguf, "{{ if .Messages }}"))
    assert plan.after is not None
    assert plan.after.coverage["chat"] == "exact"


@pytest.mark.parametrize(
    ("lines", "words"),
    [(("RENDERER qwen3-coder", "PARSER qwen3-coder"), "RENDERER"), (("PARSER tomorrow",), "tomorrow")],
)
def test_what_cannot_be_repaired(gguf: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(ServerError, match=words) as caught:
        planned(Server(gguf, PLAIN, *lines))
    assert caught.value.code == "MK880"


def test_files_on_another_machine(gguf: Path) -> None:
    with pytest.raises(ServerError, match="does not show the GGUF") as caught:
        planned(Server(Path("/nowhere/sha256-" + "1" * 64), PLAIN))
    assert "--model FILE" in caught.value.help
