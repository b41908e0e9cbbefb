from typing import Any

from tests.lint.helpers import Typed, rule_catches, rule_catches_not, write_model

CODE = "MK434"


def test_what_is_no_gguf(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "model.gguf" in rule_catches(CODE, "FROM ./model.gguf\n", base=tmp_path).message
    (tmp_path / "model.gguf").write_bytes(b"GGUF\3\0\0\0")
    rule_catches(CODE, "FROM ./model.gguf\n", base=tmp_path)
    write_model(tmp_path)
    rule_catches_not(CODE, "FROM ./model.gguf\n", base=tmp_path)


def test_a_name_says_nothing_about_the_content(tmp_path):
    # Ollama 0.33.0 and 0.34.4 take a GGUF of any name, and answer "unknown type" to a text of any name.
    for name in ("model.bin", "notes.txt", "model.safetensors"):
        (tmp_path / name).write_bytes(b"not a model\n")
        assert name in rule_catches(CODE, f"FROM ./{name}\n", base=tmp_path).message
        (tmp_path / name).unlink()
        write_model(tmp_path, name)
        rule_catches_not(CODE, f"FROM ./{name}\n", base=tmp_path)
    # An adapter in a format of its own: servers before 0.34 converted it.
    (tmp_path / "lora.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    rule_catches_not(CODE, "FROM ./model.bin\nADAPTER ./lora.safetensors\n", base=tmp_path)


def test_a_part_without_its_siblings(tmp_path):
    split: dict[str, Any] = {"split__count": Typed("uint16", 2), "split__no": Typed("uint16", 0)}
    write_model(tmp_path, "m-00001-of-00002.gguf", **split)
    assert "m-00002-of-00002" in rule_catches(CODE, "FROM ./m-00001-of-00002.gguf\n", base=tmp_path).message


def test_every_part_of_a_split_model_is_named(tmp_path):
    # Ollama 0.33.0 and 0.34.4, November 2026: a folder with both parts and a FROM for each (in any order) are
    # created and run; one part alone is refused: has 1 shards, expected 2.
    folder = tmp_path / "models"
    folder.mkdir()
    names = [f"m-{n:05d}-of-00002.gguf" for n in (1, 2)]
    for number, name in enumerate(names):
        split: dict[str, Any] = {"split__count": Typed("uint16", 2), "split__no": Typed("uint16", number)}
        write_model(folder, name, **split)
    first, second = (f"FROM ./models/{name}\n" for name in names)
    for text in (first + second, second + first, "FROM ./models\n"):
        rule_catches_not(CODE, text, base=tmp_path)
    assert names[1] in rule_catches(CODE, first, base=tmp_path).help
    assert names[0] in rule_catches(CODE, second, base=tmp_path).help
