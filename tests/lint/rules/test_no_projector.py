from modelfile_kit.micro import MODEL_NAME, PROJECTOR_NAME, build_pair
from tests.lint.helpers import rule_catches, rule_catches_not, write_model

CODE = "MK436"


def test_a_model_that_is_made_to_see(tmp_path):
    build_pair(tmp_path)
    rule_catches(CODE, f"FROM ./{MODEL_NAME}\n", base=tmp_path)
    rule_catches_not(CODE, f"FROM ./{MODEL_NAME}\nFROM ./{PROJECTOR_NAME}\n", base=tmp_path)


def test_a_text_model(tmp_path):
    write_model(tmp_path)
    rule_catches_not(CODE, "FROM ./model.gguf\n", base=tmp_path)
