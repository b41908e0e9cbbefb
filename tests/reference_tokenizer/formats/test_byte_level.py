"""The spelling of bytes is that of the library `tokenizers`."""

from __future__ import annotations

import pytest

from modelfile_kit.reference_tokenizer.formats.byte_level import spell


def test_every_byte():
    pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    from tokenizers.pre_tokenizers import ByteLevel

    level = ByteLevel(add_prefix_space=False, use_regex=False)
    text = "".join(map(chr, range(0x800))) + "今🎉"
    [(theirs, _)] = level.pre_tokenize_str(text)
    assert spell(text.encode()) == theirs
    assert sorted(spell(bytes([b])) for b in range(256)) == sorted(ByteLevel.alphabet())
