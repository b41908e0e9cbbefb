from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK201"


TEMPLATE = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"


def test_a_renderer_wins():
    found = rule_catches(CODE, TEMPLATE + "RENDERER qwen3-coder\nPARSER qwen3-coder\n")
    assert "RENDERER qwen3-coder" in found.message


def test_a_jinja_with_more_wins_from_0_30_on(tmp_path):
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "{{ tools }}"))
    rule_catches(CODE, TEMPLATE, base=tmp_path)
    rule_catches(CODE, TEMPLATE, base=tmp_path, target=">=0.17")
    rule_catches_not(CODE, TEMPLATE, base=tmp_path, target="0.24")


def test_a_jinja_with_no_more_does_not(tmp_path):
    write_model(tmp_path, tokenizer__chat_template=Typed("string", "{{ messages }}"))
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
    rule_catches_not(CODE, TEMPLATE)


def test_a_renderer_that_is_inherited():
    found = rule_catches(CODE, "FROM qwen3.5:27b\nTEMPLATE {{ .Prompt }}\n")
    assert (found.severity, found.span.line) == ("warning", 2)
    rule_catches_not(CODE, "FROM qwen3:8b\nTEMPLATE {{ .Prompt }}\n")
    rule_catches_not(CODE, "FROM someone/qwen3.5\nTEMPLATE {{ .Prompt }}\n")
    rule_catches_not(CODE, "FROM ./qwen3.5.gguf\nTEMPLATE {{ .Prompt }}\n")


def test_a_template_that_fills_gaps_beside_a_renderer():
    """/api/generate with `suffix` takes it even then (Ollama, server/routes.go, GenerateHandler)."""
    text = "TEMPLATE {{ .Suffix }}{{ .Prompt }}\nRENDERER qwen3-coder\nPARSER qwen3-coder\n"
    assert "only requests of /api/generate with `suffix`" in rule_catches(CODE, text).message
