"""What sets a variant apart from the main one, in words."""

from __future__ import annotations

from pathlib import Path

from modelfile_kit.building.variants import build_variants
from modelfile_kit.core.diagnostics import Diagnostic
from modelfile_kit.core.errors import PackageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from tests.variant_files import write_variants

TEMPLATE, EOS = "tokenizer.chat_template", "tokenizer.ggml.eos_token_id"


def told(folder: Path, **changes: object) -> list[Diagnostic]:
    """What is told about the second of two variants, whose metadata is changed."""
    write_variants(
        folder, ["Q8_0", "Q4_K_M"], {"Q4_K_M": {k.replace("__", "."): v for k, v in changes.items()}}
    )
    main, other = build_variants(folder, write=False)
    assert main.built is not None
    assert not [d for d in main.built.diagnostics if d.code.startswith("MK55")]
    error = other.error
    found = other.built.diagnostics if other.built else ()
    found = error.diagnostics if isinstance(error, PackageError) else found
    return [d for d in found if d.code.startswith("MK55")]


def test_other_weights_are_nothing_to_tell(tmp_path: Path) -> None:
    assert told(tmp_path) == []


def test_an_older_chat_template(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0"])
    text = read_header(tmp_path / "M-Q8_0.gguf").metadata.text(TEMPLATE)
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "'assistant'" in line)
    older = text.replace("'assistant'", "'bot'", 1)
    [found] = told(tmp_path, **{TEMPLATE: older})
    assert found.code == "MK555"
    assert f"line {number} of its chat template" in found.message
    assert "'bot'" in found.message
    assert "'assistant'" in found.message
    assert found.span is not None
    assert (found.span.line, found.span.column) == (5, 11)


def test_only_line_ends(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0"])
    text = read_header(tmp_path / "M-Q8_0.gguf").metadata.text(TEMPLATE)
    [found] = told(tmp_path, **{TEMPLATE: text.replace("\n", "\r\n")})
    assert "other line ends" in found.message


def test_no_chat_template_is_told_beside_the_error(tmp_path: Path) -> None:
    [found] = told(tmp_path, **{TEMPLATE: None})
    assert "it has no chat template" in found.message


def test_special_tokens_and_settings(tmp_path: Path) -> None:
    [found] = told(tmp_path, **{EOS: 391, "glm4.context_length": 8192})
    assert f"{EOS} is 391, not " in found.message
    assert "glm4.context_length is 8192, not 65536" in found.message


def test_another_model(tmp_path: Path) -> None:
    [said] = told(tmp_path, **{"glm4.attention.head_count": 8})
    assert said.code == "MK556"
    assert "glm4.attention.head_count is 8, not 4" in said.message


def test_a_tag_that_its_file_denies(tmp_path: Path) -> None:
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    patch(tmp_path / "M-Q8_0.gguf", tmp_path / "M-Q4_K_M.gguf", {"general.file_type": 7})
    _, other = build_variants(tmp_path, write=False)
    assert other.built is not None
    [found] = [d for d in other.built.diagnostics if d.code.startswith("MK55")]
    assert found.code == "MK557"
    assert "variant `q4_k_m` is Q8_0" in found.message
