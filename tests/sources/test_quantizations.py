from __future__ import annotations

from collections.abc import Sequence

import pytest

from modelfile_kit.core.errors import SourceError
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.quantizations import choose, contents_of, is_projector, quantization_of
from modelfile_kit.sources.repository import RepositoryFile


def files(*paths: str) -> list[RepositoryFile]:
    return [RepositoryFile(path, 10) for path in paths]


def chosen(paths: Sequence[str], name: str = "hf.co/org/repo") -> str:
    return choose(contents_of(files(*paths)), parse_name(name), "hf.co/org/repo")[0].file.path


# Names of files as their makers write them.
NAMES = [
    ("Qwen3-8B-Q4_K_M.gguf", "Q4_K_M"),
    ("Qwen3-8B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
    ("qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "Q4_K_M"),
    ("Phi-3-mini-4k-instruct-fp16.gguf", "F16"),
    ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
    ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
    ("gpt-oss-20b-MXFP4_MOE.gguf", "MXFP4_MOE"),
    ("model.i1-IQ3_XXS.gguf", "IQ3_XXS"),
    ("llama-2-7b-chat.Q5_K_S.gguf", "Q5_K_S"),
    ("gemma-3-4b-it-q4_0_s.gguf", "Q4_0"),
    ("Model-IQ4_NL-v2.gguf", "IQ4_NL"),
    ("bitnet-TQ1_0.gguf", "TQ1_0"),
    ("Model.Q4_0_4_8.gguf", "Q4_0_4_8"),
    ("BF16/GLM-4.5-00001-of-00008.gguf", "BF16"),
    ("Q8_0/model.gguf", "Q8_0"),
    ("model.gguf", ""),
    ("Q2-model-Q6_K.gguf", "Q6_K"),
    ("sub/F16/Model-Q3_K_L.gguf", "Q3_K_L"),
]


@pytest.mark.parametrize(("path", "expected"), NAMES)
def test_quantization_of(path: str, expected: str) -> None:
    assert quantization_of(path) == expected


def test_parts_are_one_choice_and_projectors_are_apart() -> None:
    found = contents_of(
        files(
            "README.md",
            "Q8_0/m-Q8_0-00002-of-00003.gguf",
            "Q8_0/m-Q8_0-00001-of-00003.gguf",
            "Q8_0/m-Q8_0-00003-of-00003.gguf",
            "m-Q4_K_M.gguf",
            "mmproj-F16.gguf",
            "m-imatrix.gguf",
        )
    )
    assert [[part.path[-22:] for part in m.parts] for m in found.models] == [
        [
            "Q8_0-00001-of-00003.gguf"[-22:],
            "Q8_0-00002-of-00003.gguf"[-22:],
            "Q8_0-00003-of-00003.gguf"[-22:],
        ],
        ["m-Q4_K_M.gguf"],
    ]
    assert found.models[0].size == 30
    assert found.names == ("Q4_K_M", "Q8_0")
    assert [f.path for f in found.projectors] == ["mmproj-F16.gguf"]
    assert [f.path for f in found.others] == ["m-imatrix.gguf"]
    assert is_projector("x/LLaVA-Projector.gguf") and not is_projector("mmproj/m.gguf")


ALL = ("m-F16.gguf", "m-IQ4_XS.gguf", "m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-Q8_0.gguf", "mmproj-F16.gguf")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (ALL, "m-Q4_K_M.gguf"),
        (("m-F16.gguf", "m-Q8_0.gguf", "m-Q4_K_S.gguf"), "m-Q4_K_S.gguf"),
        (("m-F16.gguf", "m-Q8_0.gguf"), "m-Q8_0.gguf"),
        (("m-UD-Q4_K_XL.gguf", "m-Q8_0.gguf"), "m-UD-Q4_K_XL.gguf"),
        (("m.gguf", "mmproj.gguf"), "m.gguf"),
        (("one-F16.gguf", "two-Q8_0.gguf"), "two-Q8_0.gguf"),
    ],
)
def test_what_is_taken_where_nothing_is_asked_for(there: Sequence[str], expected: str) -> None:
    assert chosen(there) == expected


def test_why_it_was_taken_and_what_else_there_is() -> None:
    found = contents_of(files(*ALL))
    assert choose(found, parse_name("hf.co/org/repo"), "x")[1] == (
        "the usual one; there are Q4_K_S, IQ4_XS, Q8_0, F16 too"
    )
    assert choose(found, parse_name("hf.co/org/repo:Q8_0"), "x")[1] == ""
    one = contents_of(files("m.gguf"))
    assert choose(one, parse_name("hf.co/org/repo"), "x")[1] == "the only one"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q8_0", "m-Q8_0.gguf"),
        ("FP16", "m-F16.gguf"),
        ("m-iq4_xs", "m-IQ4_XS.gguf"),
        ("m-IQ4_XS.gguf", "m-IQ4_XS.gguf"),
    ],
)
def test_a_quantization_is_asked_for_in_any_case(asked: str, expected: str) -> None:
    assert chosen(ALL, f"hf.co/org/repo:{asked}") == expected


def test_a_dynamic_quantization_answers_to_its_plain_name() -> None:
    assert chosen(("m-UD-Q4_K_XL.gguf", "m-Q8_0.gguf"), "hf.co/org/repo:Q4_K_XL") == "m-UD-Q4_K_XL.gguf"
    both = ("m-UD-Q2_K.gguf", "m-Q2_K.gguf")
    assert chosen(both, "hf.co/org/repo:Q2_K") == "m-Q2_K.gguf"
    assert chosen(both, "hf.co/org/repo:UD-Q2_K") == "m-UD-Q2_K.gguf"


@pytest.mark.parametrize(
    ("there", "name", "code", "words", "advice"),
    [
        (ALL, ":Q5_K_M", "MK485", "has no quantization Q5_K_M", "did you mean Q4_K_M? it has Q4_K_M, Q4_K_S"),
        (("m-Q4_0-00001-of-00003.gguf",), "", "MK485", "has 1 of the 3 parts", "another quantization"),
        (("m-Q4_0-00001-of-00003.gguf",), ":Q4_0", "MK485", "2, 3 are missing", "another quantization"),
        (("a-Q4_0.gguf", "b-Q4_0.gguf"), "", "MK486", "has 2 models", "hf.co/org/repo/a-Q4_0.gguf"),
        (
            ("a-Q4_0.gguf", "b-Q4_0.gguf"),
            ":Q4_0",
            "MK486",
            "has 2 models of quantization Q4_0",
            "b-Q4_0.gguf",
        ),
        (("model.safetensors",), "", "MK487", "has no GGUF of a model", "with GGUF files"),
        (("mmproj-F16.gguf",), "", "MK487", "only mmproj-F16.gguf", "the model's repository"),
        (("BF16/m-BF16.gguf",), "/Q4", "MK487", "in Q4", "there are some in BF16"),
    ],
)
def test_what_cannot_be_chosen(there, name, code, words, advice) -> None:
    with pytest.raises(SourceError) as e:
        chosen(there, f"hf.co/org/repo{name}")
    assert e.value.code == code
    assert words in e.value.message
    assert advice in e.value.help


def test_a_folder_bounds_the_choice() -> None:
    there = ("BF16/m-BF16.gguf", "Q4/m-Q4_0.gguf")
    assert chosen(there, "hf.co/org/repo/BF16") == "BF16/m-BF16.gguf"


def test_a_long_list_is_cut() -> None:
    many = [f"m{n:02d}-Q4_0.gguf" for n in range(40)]
    with pytest.raises(SourceError) as e:
        chosen(many)
    assert "and 28 more" in e.value.help
