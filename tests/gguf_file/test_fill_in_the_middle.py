"""The tokens of a gap, by name and by metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.fill_in_the_middle import fill_in_tokens
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from tests.gguf_file.handmade import Typed, gguf, model

CONTROL = 3


def tokens(folder: Path, *texts: str, **more: Any) -> tuple[str, ...] | None:
    path = folder / "m.gguf"
    path.write_bytes(gguf(model(tokens=["a", *texts], types=[1, *[CONTROL] * len(texts)], **more)))
    header = read_header(path)
    return fill_in_tokens(header, Vocabulary.from_header(header))


@pytest.mark.parametrize(
    "texts",
    [
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        ("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),
        ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    ],
)
def test_by_name(tmp_path: Path, texts: tuple[str, ...]) -> None:
    assert tokens(tmp_path, *texts) == texts
    assert tokens(tmp_path, *texts[:2]) is None


@pytest.mark.parametrize("names", [("fim_pre", "fim_suf", "fim_mid"), ("prefix", "suffix", "middle")])
def test_by_metadata(tmp_path: Path, names: tuple[str, str, str]) -> None:
    ids: dict[str, Any] = {
        f"tokenizer__ggml__{name}_token_id": Typed("uint32", i) for i, name in enumerate(names, 1)
    }
    assert tokens(tmp_path, "[P]", "[S]", "[M]", **ids) == ("[P]", "[S]", "[M]")
    assert tokens(tmp_path, "[P]", "[S]", "[M]") is None


def test_an_ordinary_token_is_none(tmp_path: Path) -> None:
    assert tokens(tmp_path, "x", tokenizer__ggml__fim_pre_token_id=Typed("uint32", 0)) is None
