"""The check of `verify` about replies, on a server that says what a test lets it say."""

from __future__ import annotations

from typing import Any

from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.reply_checks import check_replies
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.subject import Subject

# Calls as Qwen3-Coder writes them; its tags are not JSON, so that only its parser reads them.
JINJA = (
    "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n<function={{ c.function.name }}>\n"
    "{% for k, v in c.function.arguments | items %}<parameter={{ k }}>\n"
    "{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>\n</tool_call>{% endfor %}"
    "<|end|>{% endfor %}<|assistant|>"
)
TEMPLATE = (
    "{{ if .Tools }}{{ .Tools }}{{ end }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}"
    "{{ range .ToolCalls }}{{ .Function.Name }}{{ end }}<|end|>{{ end }}<|assistant|>"
)


def found(*lines: str, shown: str = TEMPLATE, template: str | None = None) -> list[Any]:
    """shown: what /api/show answers; template: what a package says."""
    modelfile = "\n".join([f"TEMPLATE {TEMPLATE if shown == JINJA else shown}", *lines])
    raw = {"template": shown, "modelfile": modelfile, "capabilities": ["completion", "tools"]}
    meant = Expectation(chat_template=JINJA, eos_token="<|end|>", template=template)
    server: Any = None  # nothing is asked
    return list(check_replies(Subject(server, "coder", ServedModel.from_show("coder", raw), meant, "0.34.4")))


def test_calls_that_are_not_read_name_repair_and_the_parser() -> None:
    (check,) = found()
    assert check.status == "ok"
    codes = {d.code: d.help for d in check.diagnostics}
    assert codes["MK670"].startswith("`mkmodelfile repair coder` gives it")
    assert "`PARSER qwen3-coder`" in codes["MK670"]


def test_the_parser_reads_them() -> None:
    (check,) = found("PARSER qwen3-coder")
    assert check.diagnostics == ()


def test_a_parser_beside_a_renderer_and_one_that_reads_less_than_the_tags() -> None:
    (check,) = found("RENDERER qwen3-coder", "PARSER qwen3-vl-instruct")
    assert "add `PARSER qwen3-coder`" in next(d.help for d in check.diagnostics if d.code == "MK670")
    (check,) = found("RENDERER qwen3-coder", "PARSER qwen3-coder")
    assert check.diagnostics == ()


def test_what_is_not_ours_to_judge() -> None:
    # llama-server reads the replies, a package was proven, nobody knows the parser or the renderer
    assert found(shown=JINJA) == []
    assert found(template=TEMPLATE) == []
    assert found("RENDERER tomorrow", "PARSER qwen3-coder")[0].status == "skip"
    assert found("PARSER of-tomorrow") == []


def test_a_template_that_does_not_parse_is_skipped() -> None:
    (check,) = found(shown="{{ if .Tools }}")
    assert check.status == "skip"
