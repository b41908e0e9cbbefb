import pytest

from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK330"


@pytest.mark.parametrize(
    "stop", ["user", "AI", "the ", "Human.", ".", "\u7528\u6237", "don't", "2", "assistant", "-"]
)
def test_catches(stop):
    rule_catches(CODE, f'PARAMETER stop "{stop}"\n')


@pytest.mark.parametrize(
    "stop", ["<|user|>", "User:", "### Instruction", "[INST]", "</s>", "\nUser", "Q:", "<end_of_turn>", "###"]
)
def test_catches_not(stop):
    rule_catches_not(CODE, f'PARAMETER stop """{stop}"""\n')


def test_a_control_token_of_the_model_is_none(tmp_path):
    write_model(tmp_path, control=("EOT",))
    rule_catches_not(CODE, "PARAMETER stop EOT\n", base=tmp_path)
    rule_catches(CODE, "PARAMETER stop END\n", base=tmp_path)
