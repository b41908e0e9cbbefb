"""Modelfiles become packages: what they set is carried over, and what a build changes is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import KitError
from modelfile_kit.drafting.modelfile import draft_modelfile, held_to_modelfile, is_modelfile
from modelfile_kit.package.package import load_package
from modelfile_kit.publish.served_model import ServedModel

TEMPLATE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
WHOLE = f"""\
# a comment
FROM ./micro-glm4v.gguf
FROM ./mmproj-micro-glm4v.gguf
TEMPLATE \"\"\"{TEMPLATE}\"\"\"
SYSTEM Be brief.
PARAMETER temperature 0.5
PARAMETER num_ctx 2048
PARAMETER stop <|user|>
PARAMETER stop <|system|>
MESSAGE user Hi
MESSAGE assistant Hello
LICENSE MIT, or so
"""


@pytest.fixture
def folder(tmp_path, pair) -> Path:
    for path in (pair.model, pair.projector):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def made(folder: Path, text: str, **more):
    path = folder / "Modelfile"
    path.write_text(text)
    drafted = draft_modelfile(path, folder, **more)
    for name, data in drafted.files.items():
        (folder / name).write_bytes(data)
    package = folder / "mkmodelfile.yaml"
    held = held_to_modelfile(package, drafted.wanted, path) if not drafted.wanted.from_model else ()
    return load_package(package), drafted, [d for d in held if d.code == "MK560"]


def test_all_of_it_is_carried_over(folder) -> None:
    package, drafted, different = made(folder, WHOLE)
    assert package.model == folder / "micro-glm4v.gguf"
    assert package.projector == folder / "mmproj-micro-glm4v.gguf"
    assert package.template is not None and package.template.read_text() == TEMPLATE
    assert package.system == "Be brief."
    assert dict(package.parameters) == {"temperature": 0.5, "num_ctx": 2048}
    assert package.stop == ("<|user|>", "<|system|>")
    assert package.messages == (("user", "Hi"), ("assistant", "Hello"))
    assert isinstance(package.license, Path) and package.license.read_text() == "MIT, or so"
    assert drafted.diagnostics == () and different == []


def test_a_modelfile_without_a_template_says_that_the_package_has_one(folder) -> None:
    package, _, different = made(folder, "FROM ./micro-glm4v.gguf\nPARAMETER top_k 7\n")
    assert package.template is None and package.stop == "auto" and package.projector == "none"
    assert any("TEMPLATE: not set, so Ollama decides" in d.message for d in different)
    assert any("PARAMETER stop" in d.message for d in different)
    assert not any("top_k" in d.message for d in different)


def test_a_projector_that_is_only_a_remark(folder) -> None:
    text = f'FROM ./micro-glm4v.gguf\n# PROJECTOR ./mmproj-micro-glm4v.gguf\nTEMPLATE """{TEMPLATE}"""\n'
    package, drafted, different = made(folder, text)
    assert package.projector == folder / "mmproj-micro-glm4v.gguf"
    assert drafted.diagnostics == ()
    assert [d.message.partition("build): ")[2] for d in different] == ["projectors: 0 -> 1"]


def test_a_remark_about_a_file_that_is_not_there(folder) -> None:
    _, drafted, _ = made(folder, "FROM ./micro-glm4v.gguf\n# PROJECTOR ./gone.gguf\n")
    assert [d.code for d in drafted.diagnostics] == ["MK134"]


def test_of_two_projectors_one_is_left(folder, pair) -> None:
    (folder / "second.gguf").write_bytes(pair.projector.read_bytes())
    _, drafted, different = made(folder, WHOLE + "FROM ./second.gguf\n")
    assert [d.code for d in drafted.diagnostics] == ["MK561"]
    assert "second.gguf is not in the package" in drafted.diagnostics[0].message
    assert any("projectors: 2 -> 1" in d.message for d in different)


SHOWN = {
    "template": TEMPLATE,
    "system": "Of the base.",
    "parameters": 'temperature 0.9\nstop "<|user|>"',
    "license": "The base's terms",
    "modelfile": f'FROM /x/sha256-{"0" * 64}\nTEMPLATE """{TEMPLATE}"""\nLICENSE """The base\'s terms"""\n',
}


def test_a_published_model_behind_from(folder) -> None:
    served = ServedModel.from_show("base:7b", SHOWN)
    text = "FROM base:7b\nPARAMETER temperature 0.1\n"
    package_text = draft_text(folder, text, served=served)
    assert "\nmodel: ollama://base:7b\nprojector: none\n" in package_text
    assert "temperature: 0.1" in package_text and "<|user|>" in package_text
    assert "system: Of the base." in package_text and "template: template.gotmpl" in package_text
    assert (folder / "template.gotmpl").read_text() == TEMPLATE
    assert (folder / "LICENSE").read_text() == "The base's terms"


def test_a_published_model_that_no_server_has(folder) -> None:
    for name, model in (("base", "ollama://base"), ("hf.co/org/m-GGUF:Q8_0", "hf.co/org/m-GGUF:Q8_0")):
        path = folder / "Modelfile"
        path.write_text(f"FROM {name}\nSYSTEM Be brief.\n")
        drafted = draft_modelfile(path, folder)
        assert [d.code for d in drafted.diagnostics] == ["MK561"]
        assert f"model: {model}\n" in drafted.files["mkmodelfile.yaml"].decode()


def test_the_package_has_not_the_base_models_name(tmp_path) -> None:
    (tmp_path / "base").mkdir()
    assert "\nname: my-base\n" in draft_text(tmp_path / "base", "FROM base\n")


def draft_text(folder: Path, text: str, **more) -> str:
    path = folder / "Modelfile"
    path.write_text(text)
    drafted = draft_modelfile(path, folder, **more)
    for name, data in drafted.files.items():
        (folder / name).write_bytes(data)
    return drafted.files["mkmodelfile.yaml"].decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM ./gone.gguf\n", "gone.gguf"),
        ("FROM ./mmproj-micro-glm4v.gguf\n", "a projector alone"),
        ("FROM ./weights\n", "a folder of safetensors"),
        ("FORM ./micro-glm4v.gguf\n", "FORM"),
        ("FROM ./micro-glm4v.gguf\nPARAMETER top_k many\n", "top_k"),
    ],
)
def test_bad_modelfiles(folder, text, said) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "model.safetensors").write_bytes(b"x")
    with pytest.raises(KitError) as caught:
        draft_text(folder, text)
    assert said in str(caught.value)
    assert not (folder / "mkmodelfile.yaml").exists()


def test_what_is_a_modelfile(folder) -> None:
    for name, data, told in (
        ("Modelfile", b"", True),
        ("modelfile.small", b"rubbish", True),
        ("m.modelfile", b"", True),
        ("text", b"# remark\nPARAMETER top_k 3\nFROM base\n", True),
        ("notes", b"From: somebody\n\nwords\n", False),
        ("readme", b"# A title\n", False),
        ("model.bin", b"GGUF\3\0\0\0", False),
    ):
        (folder / name).write_bytes(data)
        assert is_modelfile(folder / name) is told, name
    assert not is_modelfile(folder) and not is_modelfile(folder / "gone")
