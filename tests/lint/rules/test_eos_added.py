from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK728"
TEMPLATE = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
EOS: dict[str, Any] = {"control": ["<|eos|>"], "eos": "<|eos|>"}
ADDS: dict[str, Any] = {"tokenizer__ggml__add_eos_token": Typed("bool", 1)}


def test_the_vocabulary_decides(tmp_path):
    write_model(tmp_path, **EOS, **ADDS)
    found = rule_catches(CODE, TEMPLATE, base=tmp_path)
    assert "`mkmodelfile patch model.gguf --set tokenizer.ggml.add_eos_token=false`" in found.help
    write_model(tmp_path, **EOS)
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)


def test_a_chat_template_that_ends_with_it(tmp_path):
    own: dict[str, Any] = {
        "tokenizer__chat_template": Typed("string", "{{ messages[0].content }}{{ eos_token }}")
    }
    write_model(tmp_path, **EOS, **ADDS, **own)
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
    twice = rule_catches(CODE, TEMPLATE.replace("{{ end }}", "{{ end }}<|eos|>"), base=tmp_path)
    assert "remove the last <|eos|>" in twice.help
