"""What would be better about a model, decided from its GGUF; the server is one that a test makes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.core.errors import ServerError
from modelfile_kit.core.step_account import steps_together
from modelfile_kit.huggingface import Reference
from modelfile_kit.micro import build_model
from modelfile_kit.publish import repair_plan
from modelfile_kit.publish.repair import request_of
from modelfile_kit.publish.repair_plan import RepairPlan, plan_repair
from modelfile_kit.replies import round_trip
from modelfile_kit.replies.spoken import spoken_replies
from tests.zoo.pairs import text_model_of

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
    number = "0.34.4"

    def __init__(self, gguf: Path, template: str, *lines: str, parameters: str = "") -> None:
        modelfile = "\n".join([f"FROM {gguf}", f"TEMPLATE {template}", *lines])
        self.reply = {"template": template, "modelfile": modelfile, "parameters": parameters}
        self.reply["capabilities"] = ["completion"]  # type: ignore[assignment]

    def version(self) -> str:
        return self.number

    def models(self) -> list[dict[str, Any]]:
        return [{"model": "m:latest", "digest": "of the model"}]

    def show(self, name: str, *, verbose: bool = False) -> dict[str, Any]:
        return self.reply


def planned(server: Any) -> RepairPlan:
    return plan_repair(server, "m")


def test_a_template_without_tools_gets_them(gguf: Path) -> None:
    plan = planned(Server(gguf, PLAIN))
    assert plan.digest == "of the model"
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
    ("version", "line"),
    [("0.35.0", "RENDERER tomorrow"), ("0.35.0", "PARSER tomorrow"), ("0.24.0", "RENDERER qwen3-coder")],
)
def test_what_cannot_be_compared(gguf: Path, version: str, line: str) -> None:
    """A newer server may know names that the kit does not; what old renderers write is not known."""
    server = Server(gguf, PLAIN, line)
    server.number = version
    with pytest.raises(ServerError, match=line) as caught:
        planned(server)
    assert caught.value.code == "MK880"


@pytest.mark.parametrize("renderer", ["qwen3-coder", "tomorrow"])
def test_a_renderer_of_another_family_is_taken_away(gguf: Path, renderer: str) -> None:
    """Or one that the server does not know, which fails every request."""
    lines = (f"RENDERER {renderer}", "PARSER qwen3-coder", "LICENSE Free.")
    server = Server(gguf, PLAIN, *lines, parameters='num_ctx 512\nstop "mine"')
    server.reply["license"] = "Free."
    plan = planned(server)
    assert (plan.changes[0].instruction, plan.changes[0].new) == ("RENDERER", "")
    assert plan.before is not None and plan.after is not None
    assert plan.before.coverage["chat"] != "exact"
    assert (plan.after.coverage["chat"], plan.after.coverage["tools"]) == ("exact", "exact")
    assert plan.after.parser != "qwen3-coder"  # which reads other calls
    assert plan.anew
    body = request_of(plan, "working")
    assert "from" not in body
    assert "renderer" not in body
    assert body["files"] == {"model.gguf": "sha256:" + "0" * 64}
    assert body["license"] == ["Free."]
    assert (body["parameters"]["num_ctx"], body["parameters"]["stop"][0]) == (512, "mine")


def test_a_renderer_that_is_right_stays(tmp_path: Path) -> None:
    chatml = (
        "{% for m in messages %}{% if m.role in ['system', 'user', 'assistant'] %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    blob = tmp_path / ("sha256-" + "0" * 64)
    build_model(blob, chat_template=chatml, extra_tokens=["<|im_start|>", "<|im_end|>"])
    lines = ("RENDERER qwen3-vl-instruct", "PARSER qwen3-vl-instruct")
    plan = planned(Server(blob, PLAIN, *lines, parameters='stop "<|im_end|>"'))
    assert [c.instruction for c in plan.changes if c.instruction != "PARAMETER stop"] == []
    assert plan.before is not None
    assert plan.before.coverage["chat"] == "exact"


def test_a_parser_that_reads_less_than_the_tags_is_taken_away(gguf: Path) -> None:
    template = compile_template(JINJA, eos_token="<|endoftext|>").template
    plan = planned(Server(gguf, template, "PARSER functiongemma"))
    change = next(c for c in plan.changes if c.instruction == "PARSER")
    assert change.old == "functiongemma"
    assert "kinds come back" in change.why
    assert plan.after is not None and plan.before is not None
    assert sum(plan.after.read.values()) > sum(plan.before.read.values())


def test_a_renderer_that_create_gives_an_architecture_stays(tmp_path: Path) -> None:
    """`create` would give it again, so the plan says what cannot be changed, and why."""
    blob = text_model_of(tmp_path / ("sha256-" + "0" * 64), "gemma4")
    server = Server(blob, PLAIN, "RENDERER gemma4", "PARSER gemma4", parameters='stop "<|im_end|>"')
    server.reply["model_info"] = {"general.architecture": "gemma4"}  # type: ignore[assignment]
    plan = planned(server)
    assert not plan.anew
    assert plan.before is not None
    assert plan.before.coverage["chat"] != "exact"
    assert "RENDERER (gemma4)" in plan.note
    assert all(c.new for c in plan.changes)


@pytest.mark.parametrize("layer", ["ADAPTER", "DRAFT"])
def test_a_model_that_files_alone_do_not_make(gguf: Path, layer: str) -> None:
    lines = (f"{layer} /b/sha256-{'1' * 64}", "RENDERER qwen3-coder", "PARSER qwen3-coder")
    plan = planned(Server(gguf, PLAIN, *lines))
    assert not plan.anew
    assert layer in plan.note


def test_files_on_another_machine(gguf: Path) -> None:
    with pytest.raises(ServerError, match="does not show the GGUF") as caught:
        planned(Server(Path("/nowhere/sha256-" + "1" * 64), PLAIN))
    assert "--model FILE" in caught.value.help


def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts of requests with tools are stopped where a TEMPLATE walks over them."""
    monkeypatch.setattr(
        round_trip, "steps_for_messages", lambda count: steps_together(100_000, 1_000, anew=True)
    )


def test_a_template_that_a_limit_stops_is_not_said_to_read_fewer_replies(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = compile_template(JINJA, eos_token="<|endoftext|>").template
    slow = "{{ if .Tools }}{{ range 100 }}{{ range 100 }}{{ end }}{{ end }}{{ end }}"
    alike = planned(Server(gguf, slow + right))
    assert alike.before is not None and not alike.before.unseen
    assert "call" in alike.before.read
    _few_steps(monkeypatch)
    plan = planned(Server(gguf, slow + right))
    assert plan.before is not None
    assert "call" in plan.before.unseen and "call" not in plan.before.read
    assert "not known" in plan.before.replies and "more than 1,000 steps" in plan.before.replies
    assert not [c for c in plan.changes if c.instruction in ("TEMPLATE", "PARSER")]


def test_replies_that_a_limit_cut_out_change_nothing(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that seems to stand inside of one may stand behind it."""
    server = Server(gguf, PLAIN, parameters='stop "<tool_call>"')
    assert any(c.instruction == "PARAMETER stop" and "cuts them" in c.why for c in planned(server).changes)
    spoken = spoken_replies

    def cut_short(reference: Reference, eos_token: str | None) -> Any:
        reference.look_ended = "the chat template takes more than 9 steps"
        return spoken(reference, eos_token)

    monkeypatch.setattr(repair_plan, "spoken_replies", cut_short)
    plan = planned(server)
    assert plan.before is not None and plan.before.read == {}
    assert "cuts them" not in "".join(c.why for c in plan.changes)
