from modelfile_kit.ollama.builtin import RENDERER_TOKENS, RENDERERS
from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK256"


def test_catches(tmp_path):
    write_model(tmp_path, control=("[gMASK]", "<sop>", "<|user|>", "<|assistant|>"))
    found = rule_catches(CODE, "RENDERER qwen3-coder\nPARSER qwen3-coder\n", base=tmp_path)
    assert "'<|im_start|>', '<|im_end|>'" in found.message


def test_catches_not(tmp_path):
    write_model(tmp_path, control=("[gMASK]", "<sop>", "<|user|>", "<|assistant|>"))
    rule_catches_not(CODE, "RENDERER glm-4.7\n", base=tmp_path)
    rule_catches_not(CODE, "RENDERER qwen3-coder\n")


def test_every_renderer_has_a_row():
    assert set(RENDERER_TOKENS) == set(RENDERERS)
