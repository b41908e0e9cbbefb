from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model, write_projector

CODE = "MK431"


def test_two_quantizations(tmp_path):
    write_model(tmp_path, "q/a-Q4.gguf")
    rule_catches_not(CODE, "FROM ./q\n", base=tmp_path)
    write_projector(tmp_path, "q/mmproj.gguf")
    rule_catches_not(CODE, "FROM ./q\n", base=tmp_path)
    write_model(tmp_path, "q/a-Q8.gguf")
    assert "2 models" in rule_catches(CODE, "FROM ./q\n", base=tmp_path).message


def test_the_parts_of_one_model_and_what_is_no_gguf(tmp_path):
    for n in (0, 1):
        split: dict[str, Any] = {"split__count": Typed("uint16", 2), "split__no": Typed("uint16", n)}
        write_model(tmp_path, f"q/m-0000{n + 1}-of-00002.gguf", **split)
    (tmp_path / "q/empty.gguf").write_bytes(b"")
    rule_catches_not(CODE, "FROM ./q\n", base=tmp_path)


def test_safetensors_come_first(tmp_path):
    for name in ("q/a.gguf", "q/b.gguf"):
        write_model(tmp_path, name)
    (tmp_path / "q/model.safetensors").write_bytes(b"")
    rule_catches_not(CODE, "FROM ./q\n", base=tmp_path)
