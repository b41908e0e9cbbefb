from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK323"


TEMPLATE = (
    'TEMPLATE """{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|im_end|>{{ end }}<|assistant|>"""\n'
)


def test_what_falls_apart(tmp_path):
    roles = ["<|user|>", "<|assistant|>", "<|system|>"]
    write_model(tmp_path, control=roles)
    found = rule_catches(CODE, TEMPLATE, base=tmp_path)
    assert (found.span.line, "<|im_end|>" in found.message) == (3, True)
    write_model(tmp_path, control=[*roles, "<|im_end|>"])
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
    rule_catches_not(CODE, TEMPLATE)


def test_one_that_the_template_puts_together(tmp_path):
    write_model(tmp_path, control=["<|user|>", "<|assistant|>", "<|im_end|>"])
    assert "<|system|>" in rule_catches(CODE, TEMPLATE, base=tmp_path).message
