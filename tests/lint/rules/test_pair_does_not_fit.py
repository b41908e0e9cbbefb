from modelfile_kit.micro import MODEL_NAME, PROJECTOR_NAME, build_pair
from tests.lint.helpers import rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK435"


def test_width_and_type(tmp_path):
    pair = "FROM ./model.gguf\nFROM ./mmproj-model.gguf\n"
    write_model(tmp_path)
    write_projector(tmp_path, width=64)
    rule_catches(CODE, pair, base=tmp_path)
    write_projector(tmp_path, kind="qwen2vl_merger")
    rule_catches(CODE, pair, base=tmp_path)


def test_the_micro_pair_fits(tmp_path):
    build_pair(tmp_path)
    rule_catches_not(CODE, f"FROM ./{MODEL_NAME}\nFROM ./{PROJECTOR_NAME}\n", base=tmp_path)
