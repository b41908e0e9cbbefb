"""Modelfiles are written by a family's Modelfile.j2 and hold exactly what was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.building.modelfile_text import Values, relative_to_modelfile, write_modelfile
from modelfile_kit.core.errors import PackageError, UsageError
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.package.families import Family, load_family

LEAST = Values("a", "./m.gguf")
WHOLE = Values(
    name="a",
    model="./m.gguf",
    projector="./mmproj.gguf",
    template='{{ range .Messages }}{{ .Content }}\n{{ end }}"""x',
    system="你是一个助手。",
    parameters=(("num_ctx", "4096"), ("temperature", "0.5")),
    stop=("<|user|>", "</answer>"),
    license="Free.\n\nReally.\n",
    messages=(("user", 'Hi \n"you"'), ("assistant", "Hello.")),
    adapters=("./lora 1.gguf",),
    draft="./draft.gguf",
    renderer="qwen3.5",
    parser="qwen3",
    requires="0.17.4",
    quantize="q4_K_M",
)


def family(folder: Path, modelfile: str) -> Family:
    (folder / "Modelfile.j2").write_text(modelfile, encoding="utf-8")
    return Family("mine", "Mine", folder, ())


@pytest.mark.parametrize("name", [None, "glm4v", "glm4", "chatglm"])
def test_everything_comes_back(name: str | None) -> None:
    modelfile = write_modelfile(WHOLE, family=load_family(name) if name else None)
    again = parse_modelfile(str(modelfile), dialect=False)
    assert again.instructions == modelfile.instructions
    assert [(i.name, i.key, i.value) for i in again.instructions] == [
        ("from", "", "./m.gguf"),
        ("from", "", "./mmproj.gguf"),
        ("adapter", "", "./lora 1.gguf"),
        ("draft", "", "./draft.gguf"),
        ("template", "", WHOLE.template),
        ("renderer", "", "qwen3.5"),
        ("parser", "", "qwen3"),
        ("system", "", WHOLE.system),
        ("message", "user", 'Hi \n"you"'),
        ("message", "assistant", "Hello."),
        ("parameter", "num_ctx", "4096"),
        ("parameter", "temperature", "0.5"),
        ("parameter", "stop", "<|user|>"),
        ("parameter", "stop", "</answer>"),
        ("requires", "", "0.17.4"),
        ("license", "", WHOLE.license),
    ]


def test_what_no_instruction_says_is_a_comment() -> None:
    assert "# Create it with: ollama create --quantize q4_K_M" in str(write_modelfile(WHOLE, family=None))


def test_the_projector_is_named_for_people_and_given_for_ollama() -> None:
    lines = str(write_modelfile(WHOLE, family=None)).splitlines()
    at = lines.index("FROM ./m.gguf")
    assert lines[at + 1 : at + 3] == ["# PROJECTOR ./mmproj.gguf", "FROM ./mmproj.gguf"]


def test_the_instruction_itself() -> None:
    lines = str(write_modelfile(WHOLE, family=None, directive="projector")).splitlines()
    at = lines.index("FROM ./m.gguf")
    assert lines[at + 1] == "PROJECTOR ./mmproj.gguf"
    assert "FROM ./mmproj.gguf" not in lines


def test_the_least() -> None:
    modelfile = write_modelfile(LEAST, family=None)
    assert [i.name for i in modelfile.instructions] == ["from"]


def test_another_directive() -> None:
    with pytest.raises(UsageError, match="both"):
        write_modelfile(LEAST, family=None, directive="both")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (replace(LEAST, system="a\u3000b"), "U\\+3000"),
        (replace(LEAST, system='x\n"""\ny'), '"""'),
        (replace(LEAST, model="./a\u200bb.gguf"), "U\\+200B"),
        (replace(LEAST, license="\x00"), "U\\+0000"),
    ],
)
def test_what_no_modelfile_can_carry(values: Values, said: str) -> None:
    with pytest.raises(PackageError, match=said):
        write_modelfile(values, family=None)


def test_a_template_with_dropped_characters_is_spelled_otherwise() -> None:
    modelfile = write_modelfile(replace(LEAST, template="a\u3000{{ .Prompt }}"), family=None)
    written = modelfile.last("template")
    assert written is not None and "\u3000" not in written and "3000" in written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM {{ model", "unexpected end"),
        ("FROM {{ nothing }}", "'nothing' is undefined"),
        ("FROM {{ model.__class__.__mro__ }}", "unsafe"),
        ("FROM {{ 1 / 0 }}", "ZeroDivisionError"),
        ("FORM {{ model }}", "not a valid Modelfile"),
        (
            "FROM {{ model }}\n",
            "lacks template, system, messages, adapters, draft, renderer, parser, requires, stop, parameters",
        ),
        ("FROM other\nFROM {{ model }}", "lacks model"),
    ],
)
def test_a_faulty_modelfile_template(tmp_path: Path, text: str, said: str) -> None:
    values = replace(WHOLE, projector=None, license=None)
    with pytest.raises(PackageError, match=said) as caught:
        write_modelfile(values, family=family(tmp_path, text))
    assert caught.value.code == "MK518"


def test_a_projector_anywhere_goes_behind_the_model(tmp_path: Path) -> None:
    text = "# head\nPROJECTOR {{ projector }}\n# before\nFROM {{ model }}\n# after\nSYSTEM {{ system }}\n"
    values = Values("a", "./m.gguf", "./p.gguf", system="s")
    written = str(write_modelfile(values, family=family(tmp_path, text)))
    assert written.splitlines() == [
        "# head",
        "# before",
        "FROM ./m.gguf",
        "# PROJECTOR ./p.gguf",
        "FROM ./p.gguf",
        "# after",
        "SYSTEM s",
    ]


def test_every_part_of_a_split_model_has_its_from(tmp_path: Path) -> None:
    # `ollama create` of 0.33.0 and 0.34.4 refuses one part alone, and takes a FROM for each.
    text = "# head\nFROM {{ model }}\n# after\nSYSTEM {{ system }}\n"
    values = Values("a", "./m-1.gguf", "./p.gguf", system="s", parts=("./m-2.gguf", "./m-3.gguf"))
    written = write_modelfile(values, family=family(tmp_path, text))
    assert str(written).splitlines() == [
        "# head",
        "FROM ./m-1.gguf",
        "FROM ./m-2.gguf",
        "FROM ./m-3.gguf",
        "# PROJECTOR ./p.gguf",
        "FROM ./p.gguf",
        "# after",
        "SYSTEM s",
    ]
    assert written.projectors == ("./p.gguf",)


@pytest.mark.parametrize(
    ("file", "output", "path"),
    [
        ("/p/m.gguf", "/p/build/a", "../../m.gguf"),
        ("/p/m.gguf", "/p", "./m.gguf"),
        ("/p/build/a/m.gguf", "/p/build/a", "./m.gguf"),
        ("/models/m.gguf", "/p/build/a", "/models/m.gguf"),
        ("/p/m.gguf", "/elsewhere", "/p/m.gguf"),
        ("/elsewhere/x/m.gguf", "/elsewhere", "./x/m.gguf"),
        ("/p/../models/m.gguf", "/p", "/models/m.gguf"),
    ],
)
def test_paths_behind_from(file: str, output: str, path: str) -> None:
    assert relative_to_modelfile(Path(file), Path(output), Path("/p")) == path
