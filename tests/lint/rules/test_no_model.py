from tests.lint.helpers import rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK433"


def test_a_projector_alone(tmp_path):
    write_projector(tmp_path)
    assert "projector" in rule_catches(CODE, "FROM ./mmproj-model.gguf\n", base=tmp_path).message
    write_model(tmp_path)
    rule_catches_not(CODE, "FROM ./mmproj-model.gguf\nFROM ./model.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "FROM ./mmproj-model.gguf\nFROM llama3.2\n", base=tmp_path)
    rule_catches_not(CODE, "FROM ./mmproj-model.gguf\n")
