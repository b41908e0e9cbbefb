from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK438"


def test_by_what_the_file_is(tmp_path):
    write_model(tmp_path)
    write_model(tmp_path, "tuned.gguf")
    rule_catches(CODE, "ADAPTER ./tuned.gguf\n", base=tmp_path)
    write_model(tmp_path, "lora.gguf", general__type=Typed("string", "adapter"))
    rule_catches_not(CODE, "ADAPTER ./lora.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "ADAPTER ./tuned.gguf\n")
