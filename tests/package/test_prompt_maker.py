"""`parser`, `renderer` and `mode`: names by release, and keys that exclude each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import PackageError
from modelfile_kit.package.package import Package, load_package


def package(folder: Path, *lines: str) -> Package:
    file = folder / "mkmodelfile.yaml"
    file.write_text("\n".join(["name: a", "model: a.gguf", *lines]) + "\n", encoding="utf-8")
    return load_package(file)


def finding(folder: Path, *lines: str) -> tuple[str, int | None, str]:
    with pytest.raises(PackageError) as caught:
        package(folder, *lines)
    (found,) = caught.value.diagnostics
    return found.code, found.span.line, f"{found.message} | {found.help}"


def test_they_are_automatic_unless_named(tmp_path: Path) -> None:
    assert (package(tmp_path).parser, package(tmp_path).renderer) == ("auto", "auto")
    found = package(tmp_path, "parser: none", "renderer: none", "mode: native")
    assert (found.parser, found.renderer) == ("none", "none")
    found = package(tmp_path, "parser: qwen3.5", "renderer: qwen3.5", "mode: renderer")
    assert (found.parser, found.renderer, found.mode) == ("qwen3.5", "qwen3.5", "renderer")


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("parser: qwen3-codr", "`qwen3-coder`"),
        ("parser: Qwen3", "`qwen3`"),
        ("parser: glm", "`glm-"),
        ("renderer: gemma-4", "`gemma4`"),
        ("renderer: ministral", "Ollama has qwen3-coder"),  # a parser, and no renderer
        ("parser: deepseek3.1", "`deepseek3`"),  # a renderer, and no parser
        ("parser: nonne", "`none`"),
    ],
)
def test_an_unknown_name(tmp_path: Path, line: str, near: str) -> None:
    code, place, said = finding(tmp_path, line)
    assert (code, place) == ("MK129", 3)
    assert near in said


@pytest.mark.parametrize(
    ("line", "target", "release"),
    [
        ("parser: glimmer", ">=0.30", "0.33.0"),
        ("parser: cohere", "0.30.4", "0.30.10"),
        ("parser: gemma4", "0.17.4", "0.20.0"),
        ("renderer: qwen3.8", ">=0.31", "0.33.0"),
    ],
)
def test_a_name_that_is_younger_than_the_target(tmp_path: Path, line: str, target: str, release: str) -> None:
    code, place, said = finding(tmp_path, line, f'target: "{target}"')
    assert (code, place) == ("MK129", 3)
    assert f"came with Ollama {release}" in said
    assert f">={release}" in said


@pytest.mark.parametrize(
    ("lines", "place", "said"),
    [
        (["mode: native", "parser: qwen3"], 4, "exclude each other"),
        (["renderer: qwen3.5"], 3, "write `parser: qwen3.5` too"),
        (["renderer: qwen3.5", "parser: none"], 3, "without a parser"),
        (["renderer: deepseek3.1"], 3, "write `parser: …` too"),
        (["mode: renderer"], 3, "needs names for `renderer` and `parser`"),
        (["mode: renderer", "renderer: qwen3.5"], 3, "needs names for `parser`"),
        (["mode: renderer", "parser: qwen3.5"], 3, "needs names for `renderer`"),
        (["mode: go", "renderer: qwen3.5", "parser: qwen3.5"], 4, "exclude each other"),
        (["mode: native", "renderer: qwen3.5", "parser: qwen3.5"], 4, "exclude each other"),
        (["template: t.gotmpl", "renderer: qwen3.5", "parser: qwen3.5"], 3, "`template` has no effect"),
        (["end_token: <|im_end|>", "renderer: qwen3.5", "parser: qwen3.5"], 3, "`end_token` has no effect"),
    ],
)
def test_keys_that_exclude_each_other(tmp_path: Path, lines: list[str], place: int, said: str) -> None:
    code, line, text = finding(tmp_path, *lines)
    assert (code, line) == ("MK507", place)
    assert said in text


def test_false_is_no_name(tmp_path: Path) -> None:
    assert "`parser: none`" in finding(tmp_path, "parser: false")[2]
