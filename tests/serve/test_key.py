"""The API key: a file's first, else the variable's."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.serve.key import KEY_VARIABLE, read_key


def test_the_first_key_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, " sk-variable ")
    file = tmp_path / "keys"
    file.write_text("# ours\n\n sk-file \nsk-second\n")
    assert read_key(file) == "sk-file"
    assert read_key(None) == "sk-variable"
    monkeypatch.delenv(KEY_VARIABLE)
    assert read_key(None) == ""


# RFC 6750, 2.1: what a bearer token may be made of; a process's environment holds no zero byte
@pytest.mark.parametrize(
    "data", [b"", b"# only a remark\n", b"\xff\xfe", b"GGUF\x03\0\0\0", "sk-\u00e9".encode(), b"two words"]
)
def test_a_file_without_a_key(data, tmp_path):
    file = tmp_path / "keys"
    file.write_bytes(data)
    with pytest.raises(UsageError) as e:
        read_key(file)
    assert e.value.span.file == str(file)
    with pytest.raises(UsageError, match="not found"):
        read_key(tmp_path / "missing")


def test_a_variable_that_holds_no_key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "sk-a\u200b")
    with pytest.raises(UsageError, match=f"{KEY_VARIABLE} is none: its character 5"):
        read_key(None)
