from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK703"
TEMPLATE = "TEMPLATE {{ range .Messages }}{{ .Content }}{{ end }}\n"
BOS: dict[str, Any] = {"control": ["<|bos|>"], "tokenizer__ggml__bos_token_id": Typed("uint32", 2)}
PLAIN: dict[str, Any] = {"tokenizer__chat_template": Typed("string", "{{ messages[0].content }}")}
ADDS: dict[str, Any] = {"tokenizer__ggml__add_bos_token": Typed("bool", 1)}


def test_the_models_own_chat_template_decides(tmp_path):
    write_model(tmp_path, **BOS, **PLAIN, **ADDS)
    found = rule_catches(CODE, TEMPLATE, base=tmp_path)
    assert "`mkmodelfile patch model.gguf --set tokenizer.ggml.add_bos_token=false`" in found.help
    # Without a chat template nothing says that BOS is wrong.
    write_model(tmp_path, **BOS, **ADDS)
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
    write_model(tmp_path, **BOS, **PLAIN)
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)


def test_a_template_that_writes_one(tmp_path):
    write_model(tmp_path, **BOS, **PLAIN)
    found = rule_catches(CODE, TEMPLATE.replace("{{ range", "<|bos|>{{ range"), base=tmp_path)
    assert "remove the leading <|bos|>" in found.help


def test_a_token_that_is_not_there(tmp_path):
    write_model(
        tmp_path,
        tokenizer__ggml__model=Typed("string", "t5"),
        tokenizer__ggml__add_eos_token=Typed("bool", 0),
        **ADDS,
    )
    assert "aborts" in rule_catches(CODE, TEMPLATE, base=tmp_path).message
