import pytest
from click.testing import CliRunner

from modelfile_kit.cli.inspect_command import command as inspect
from tests.gguf_file.handmade import Typed
from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK116"


@pytest.mark.parametrize(
    "text",
    [
        "DRAFT ./d.gguf\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text, target=">=0.20")


@pytest.mark.parametrize(
    "text",
    [
        "SYSTEM x\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text, target=">=0.20")


def test_the_target_decides():
    rule_catches(CODE, "RENDERER qwen3-coder\n", target="0.11.10")
    rule_catches_not(CODE, "RENDERER qwen3-coder\n", target="0.12.0")
    rule_catches(CODE, "REQUIRES 0.14.0\n", target="0.13")
    rule_catches_not(CODE, "REQUIRES 0.14.0\n", target=">=0.14")


def test_an_adapter_behind_from(tmp_path):
    write_model(tmp_path)
    lora = write_model(tmp_path, "lora.gguf", general__type=Typed("string", "adapter"))
    text = f"FROM ./model.gguf\nFROM ./{lora.name}\n"
    assert "LoRA adapter" in rule_catches(CODE, text, base=tmp_path).message
    rule_catches(CODE, text, base=tmp_path, target=">=0.30")
    rule_catches_not(CODE, text, base=tmp_path, target="0.34.0")
    alone = rule_catches("MK433", f"FROM ./{lora.name}\n", base=tmp_path)
    assert "only to an adapter" in alone.message
    shown = CliRunner().invoke(inspect, [str(lora)]).output
    assert "refused from 0.34.1 on" in shown
