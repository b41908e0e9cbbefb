from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK320"


def test_the_vocabulary_decides(tmp_path):
    write_model(tmp_path, control=["<|user|>"])
    rule_catches(CODE, "PARAMETER stop <|im_end|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|user|>\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop User:\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER stop <|im_end|>\n")
