from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK430"


def test_says_what_may_be_meant(tmp_path):
    write_model(tmp_path)
    found = rule_catches(CODE, "FROM ./modle.gguf\n", base=tmp_path)
    assert "model.gguf" in found.help
    assert found.severity == "warning"
    rule_catches(CODE, "FROM ./model.gguf\nADAPTER lora\n", base=tmp_path)
    rule_catches(CODE, "FROM ./no/such/folder/m.gguf\n", base=tmp_path)
    rule_catches(CODE, "FROM /no/such/m.gguf\n", base=tmp_path)


def test_names_and_files_that_are_there(tmp_path):
    write_model(tmp_path)
    rule_catches_not(CODE, "FROM ./model.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "FROM llama3.2:1b\n", base=tmp_path)
    rule_catches_not(CODE, "FROM .\n", base=tmp_path)
    rule_catches_not(CODE, "FROM ./modle.gguf\n")
