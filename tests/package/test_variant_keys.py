"""The key `variants`: what is taken, and what is wrong with its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.package.variant_keys import variant_name
from tests.package.test_package import finding, findings, package

HEAD = "name: x\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x:q8_0"),
        ("x:latest", "x:q8_0"),
        ("x:8b", "x:8b-q8_0"),
        ("me/x", "me/x:q8_0"),
        ("host:5000/me/x", "host:5000/me/x:q8_0"),
        ("host:5000/me/x:8b", "host:5000/me/x:8b-q8_0"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert variant_name(name, "q8_0") == expected


def test_a_path_and_a_mapping(tmp_path: Path) -> None:
    p = package(
        tmp_path,
        "name: x\nmodel: A-F16.gguf\nparameters: {num_ctx: 4096, seed: 1}\nvariants:\n  q8_0: A-Q8_0.gguf\n"
        "  q4_K_M: {quantize: q4_K_M}\n  long: {parameters: {num_ctx: 32768}}\n",
    )
    plain, made, long = p.variants
    assert (plain.tag, plain.model, plain.quantize) == ("q8_0", tmp_path / "A-Q8_0.gguf", None)
    assert (made.model, made.quantize) == (tmp_path / "A-F16.gguf", "q4_K_M")
    assert dict(made.parameters) == {"num_ctx": 4096, "seed": 1}
    assert dict(long.parameters) == {"num_ctx": 32768, "seed": 1}


def test_quantize_goes_with_the_file(tmp_path: Path) -> None:
    p = package(
        tmp_path,
        "name: x\nmodel: A-F16.gguf\nquantize: q4_K_M\n"
        "variants:\n  q8_0: A-Q8_0.gguf\n  long: {parameters: {seed: 1}}\n",
    )
    assert [v.quantize for v in p.variants] == [None, "q4_K_M"]


def test_without_a_model_the_first_variant_is_the_main_one(tmp_path: Path) -> None:
    p = package(
        tmp_path,
        "name: x\nvariants:\n"
        "  q8_0: {model: A-F16.gguf, quantize: q8_0, parameters: {seed: 2}}\n  q4: B.gguf\n",
    )
    assert (p.model, p.quantize, dict(p.parameters)) == (tmp_path / "A-F16.gguf", "q8_0", {"seed": 2})
    assert (p.span("model").line, p.span("model").column) == (3, 17)


WRONG = [
    ("variants: {}\n", "MK504", (2, 11), "an empty mapping"),
    ("variants: a.gguf\n", "MK504", (2, 11), "q4_K_M: A-Q4_K_M.gguf, q8_0"),
    (
        "variants: [M-Q4_K_M.gguf, M-IQ1_S.gguf]\n",
        "MK504",
        (2, 11),
        "q4_K_M: M-Q4_K_M.gguf, iq1_S: M-",
    ),
    ("variants:\n  q4: 5\n", "MK504", (3, 7), "`variants.q4` is the number 5"),
    ("variants:\n  q4:\n", "MK504", (3, 6), "write the path of its GGUF"),
    ("variants:\n  q4: ''\n", "MK504", (3, 7), "empty text"),
    ("variants:\n  q4: {modle: a.gguf}\n", "MK503", (3, 8), "did you mean `model`?"),
    ("variants:\n  q4: {projector: a.gguf}\n", "MK503", (3, 8), "the same for all variants"),
    ("variants:\n  q4: {model: 5}\n", "MK504", (3, 15), "`variants.q4.model`"),
    ("variants:\n  q4: {model: a, parameters: 5}\n", "MK504", (3, 30), "num_ctx: 8192"),
    ("variants:\n  q4: {model: a, parameters: {b: [[1]]}}\n", "MK504", (3, 35), "`variants.q4.parameters.b`"),
    ("variants:\n  q4: {model: a, parameters: {stop: b}}\n", "MK507", (3, 31), "write it as `stop:` beside"),
    ("variants:\n  q4: {model: a, parameters: {'b c': 1}}\n", "MK504", (3, 31), "letters, digits"),
    ("variants:\n  q4: {model: a, quantize: q4_0}\n", "MK504", (3, 28), "`variants.q4.quantize`"),
    ("variants:\n  q4: {quantize: q4_K_M}\n", "MK506", (1, 1), "`model` is missing"),
    ("variants:\n  q4: 'a\tb'\n", "MK504", (3, 7), "control character"),
    ("variants:\n  q4: a\n  Q4: b\n", "MK507", (4, 3), "as `q4`, on line 3"),
    ("variants:\n  latest: a\n", "MK507", (3, 3), "name the file as `model`"),
    ("variants:\n  q 4: a\n", "MK508", (3, 3), "`q-4`"),
    ("variants:\n  a/b: a\n", "MK508", (3, 3), "cannot be a tag"),
    ("variants:\n  a:b: a\n", "MK508", (3, 3), "cannot be a tag"),
    ("variants:\n  '': a\n", "MK508", (3, 3), "cannot be a tag"),
    ("variants:\n  -a: a\n", "MK508", (3, 3), "begins with '-'"),
    ("variants:\n  mkmodelfile-1: a\n", "MK508", (3, 3), "reserved"),
    ("variants:\n  q4: a\n  q4: b\n", "MK505", (4, 3), "given twice"),
    ("variant:\n  q4: a\n", "MK503", (2, 1), "did you mean `variants`?"),
    ("quants:\n  q4: a\n", "MK503", (2, 1), "did you mean `variants`?"),
]


@pytest.mark.parametrize(("text", "code", "place", "words"), WRONG)
def test_what_is_wrong(text: str, code: str, place: tuple[int, int], words: str, tmp_path: Path) -> None:
    assert findings(tmp_path, HEAD + text) == [(code, *place)]
    assert words in finding(tmp_path, HEAD + text)


def test_a_tag_may_be_too_long_with_that_of_the_package(tmp_path: Path) -> None:
    text = f"name: x:{'a' * 40}\nvariants: {{{'b' * 40}: a.gguf}}\n"
    assert "81 bytes, at most 80" in finding(tmp_path, text)


def test_what_is_no_name_is_told_once(tmp_path: Path) -> None:
    assert findings(tmp_path, HEAD + "variants: {q4: 'ftp://h/a.gguf'}\n") == [("MK480", 2, 16)]
