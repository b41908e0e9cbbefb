from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK325"


TEMPLATE = "TEMPLATE <|bos|>{{ range .Messages }}{{ .Content }}{{ end }}\n"


def test_the_vocabulary_decides(tmp_path):
    bos: dict[str, Any] = {"control": ["<|bos|>"], "tokenizer__ggml__bos_token_id": Typed("uint32", 2)}
    write_model(tmp_path, **bos, tokenizer__ggml__add_bos_token=Typed("bool", 1))
    rule_catches(CODE, TEMPLATE, base=tmp_path)
    rule_catches_not(CODE, TEMPLATE.replace("<|bos|>", ""), base=tmp_path)
    write_model(tmp_path, **bos, tokenizer__ggml__add_bos_token=Typed("bool", 0))
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)
