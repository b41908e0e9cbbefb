from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK439"


def test_a_pattern_needs_0_34_1(tmp_path):
    write_model(tmp_path)
    found = rule_catches(CODE, "FROM ./mod*.gguf\n", base=tmp_path, target="0.34.0")
    assert "published model" in found.message and "0.34.1" in found.message
    rule_catches(CODE, "FROM ./mod*.gguf\n", target=">=0.30")
    rule_catches(CODE, "FROM ./model.gguf\nDRAFT ./small?.gguf\n", target="0.33.0")
    rule_catches_not(CODE, "FROM ./mod*.gguf\n", base=tmp_path, target="0.34.1")
    rule_catches_not(CODE, "FROM ./mod*.gguf\n", target="latest")


def test_a_file_whose_name_is_a_pattern(tmp_path):
    write_model(tmp_path, "m[1].gguf")
    rule_catches_not(CODE, "FROM ./m[1].gguf\n", base=tmp_path)
    write_model(tmp_path, "m1.gguf")
    found = rule_catches(CODE, "FROM ./m[1].gguf\n", base=tmp_path)
    assert "take m1.gguf" in found.message and "rename" in found.help
    rule_catches_not(CODE, "FROM ./m[1].gguf\n", base=tmp_path, target="0.34.0")


def test_a_bracket_that_nothing_closes(tmp_path):
    write_model(tmp_path, "m[1.gguf")
    assert "syntax error" in rule_catches(CODE, "FROM ./m[1.gguf\n", base=tmp_path).message
    folder = tmp_path / "a[b"
    write_model(folder)
    assert "syntax error" in rule_catches(CODE, "FROM ./model.gguf\n", base=folder).message


def test_other_rules_see_what_a_pattern_means(tmp_path):
    write_model(tmp_path, "m1.gguf")
    write_model(tmp_path, "m2.gguf")
    assert "(m2.gguf)" in rule_catches("MK432", "FROM ./m?.gguf\n", base=tmp_path).message
    rule_catches_not("MK430", "FROM ./m?.gguf\n", base=tmp_path)
    assert "pattern" in rule_catches("MK430", "FROM ./x?.gguf\n", base=tmp_path).help
