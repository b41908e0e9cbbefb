from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK702"
TEMPLATE = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
BOS: dict[str, Any] = {
    "control": ["<|bos|>"],
    "tokenizer__ggml__bos_token_id": Typed("uint32", 2),
    "tokenizer__chat_template": Typed("string", "{{ bos_token }}{{ messages[0].content }}"),
}


def test_the_models_own_chat_template_decides(tmp_path):
    write_model(tmp_path, **BOS, tokenizer__ggml__add_bos_token=Typed("bool", 0))
    found = rule_catches(CODE, TEMPLATE, base=tmp_path)
    assert "begin the TEMPLATE with <|bos|>" in found.help
    rule_catches_not(CODE, TEMPLATE.replace("{{ range", "<|bos|>{{ range"), base=tmp_path)
    write_model(tmp_path, **BOS, tokenizer__ggml__add_bos_token=Typed("bool", 1))
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
