from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK321"


def test_control_tokens_that_do_not_end(tmp_path):
    write_model(tmp_path, control=["<|user|>", "<|observation|>"], eos="<|user|>")
    rule_catches(CODE, "PARAMETER stop <|observation|>\n", base=tmp_path)
    rule_catches(CODE, "PARAMETER stop <|observation|>\n", base=tmp_path, target=">=0.20")
    rule_catches_not(CODE, "PARAMETER stop <|observation|>\n", base=tmp_path, target="0.24")
    rule_catches_not(CODE, "PARAMETER stop <|user|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop b\n", base=tmp_path)
