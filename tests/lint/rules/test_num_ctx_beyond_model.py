from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK126"


def test_the_models_own_context_is_the_bound(tmp_path):
    write_model(tmp_path, own__context_length=Typed("uint32", 8192))
    assert "8192" in rule_catches(CODE, "PARAMETER num_ctx 8193\n", base=tmp_path).help
    rule_catches_not(CODE, "PARAMETER num_ctx 8192\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER num_ctx 9999\nPARAMETER num_ctx 4\n", base=tmp_path)


def test_says_nothing_where_the_model_does_not(tmp_path):
    write_model(tmp_path)
    rule_catches_not(CODE, "PARAMETER num_ctx 99999999\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER num_ctx 99999999\n")
