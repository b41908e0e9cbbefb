from tests.fit.real_models import MODELS, write
from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK449"
GIB = 1 << 30


def test_a_context_that_needs_more_than_there_is(tmp_path):
    write(tmp_path / "model.gguf", MODELS["Llama-3.2-1B"], words=False)
    found = rule_catches(CODE, "PARAMETER num_ctx 131072\n", base=tmp_path, memory=4 * GIB)
    # 4.00 GiB of keys and values alone: 16 layers, 8 heads of 64 numbers, keys and values, 16 bits each.
    assert "131,072" in found.message
    assert "use a context of at most " in found.help
    assert found.span.line == 2
    rule_catches_not(CODE, "PARAMETER num_ctx 4096\n", base=tmp_path, memory=4 * GIB)
    rule_catches_not(CODE, "PARAMETER num_ctx 131072\n", base=tmp_path, memory=6 * GIB)


def test_the_last_num_ctx_counts_and_without_one_the_usual_context(tmp_path):
    write(tmp_path / "model.gguf", MODELS["Llama-3.2-1B"], words=False)
    text = "PARAMETER num_ctx 131072\nPARAMETER num_ctx 4096\n"
    rule_catches_not(CODE, text, base=tmp_path, memory=4 * GIB)
    found = rule_catches(CODE, "", base=tmp_path, memory=GIB // 2)
    assert (found.span.line, "smaller quantization" in found.help) == (1, True)


def test_nothing_is_said_where_nobody_says_how_much_there_is(tmp_path):
    write(tmp_path / "model.gguf", MODELS["Llama-3.2-1B"], words=False)
    rule_catches_not(CODE, "PARAMETER num_ctx 131072\n", base=tmp_path)
    rule_catches_not(CODE, "PARAMETER num_ctx 131072\n", memory=GIB)
