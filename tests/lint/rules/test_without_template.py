from typing import Any

import pytest

from modelfile_kit.lint.runner import lint_modelfile
from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK257"
# Of its own length and letters, so that create takes it for none of the templates it knows.
FAR = "~" * 110
GOOD = FAR + (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CONTROL = ("<|user|>", "<|assistant|>", "<|system|>", "<|end|>")


def model(folder, jinja, control=CONTROL):
    more: dict[str, Any] = {} if jinja is None else {"tokenizer__chat_template": Typed("string", jinja)}
    write_model(folder, control=control, **more)


@pytest.mark.parametrize(
    ("jinja", "control", "code", "severity"),
    [
        (None, CONTROL, "MK513", "error"),
        ("", CONTROL, "MK513", "error"),
        (None, ("<|im_start|>", "<|im_end|>"), "MK513", "warning"),
        (FAR + "{% for m in messages %}{{ m.content }", CONTROL, "MK210", "error"),
        (GOOD, ("<|end|>",), "MK323", "warning"),
        (GOOD.partition("{% if add")[0], CONTROL, "MK248", "warning"),
    ],
)
def test_each_fault_has_its_code(tmp_path, jinja, control, code, severity):
    model(tmp_path, jinja, control)
    (found,) = (d for d in lint_modelfile("FROM ./model.gguf\n", base=tmp_path) if d.severity != "info")
    assert (found.code, found.severity, found.span.line) == (code, severity, 1)


def test_catches(tmp_path):
    model(tmp_path, None)
    rule_catches(CODE, 'TEMPLATE ""\n', base=tmp_path)


def test_catches_not(tmp_path):
    model(tmp_path, GOOD)
    rule_catches_not(CODE, "SYSTEM Be brief.\n", base=tmp_path)
    model(tmp_path, None)
    rule_catches_not(CODE, "TEMPLATE {{ .Prompt }}\n", base=tmp_path)
    rule_catches_not(CODE, "RENDERER glm-4.7\nPARSER glm-4.7\n", base=tmp_path)


def test_what_create_puts_in_its_place(tmp_path):
    chatml = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    model(tmp_path, chatml, ("<|im_start|>", "<|im_end|>"))
    (found,) = lint_modelfile("FROM ./model.gguf\n", base=tmp_path)
    assert (found.code, found.severity) == ("MK258", "info")
    assert "'chatml'" in found.message
    model(tmp_path, chatml, CONTROL)  # none of its tokens
    assert "MK323" in {d.code for d in lint_modelfile("FROM ./model.gguf\n", base=tmp_path)}
