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


@pytest.mark.parametrize("data", [b"", b"# only a remark\n", b"\xff\xfe"])
def test_a_file_without_a_key(data, tmp_path):
    file = tmp_path / "keys"
    file.write_bytes(data)
    with pytest.raises(UsageError) as e:
        read_key(file)
    assert e.value.span.file == str(file)
    with pytest.raises(UsageError, match="not found"):
        read_key(tmp_path / "missing")
