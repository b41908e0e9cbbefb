from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK328"


def test_an_end_of_generation_needs_none(tmp_path):
    write_model(tmp_path, control=["<|user|>", "<|x|>"], eos="<|user|>")
    rule_catches(CODE, "PARAMETER stop <|user|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|x|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|user|>\n")
