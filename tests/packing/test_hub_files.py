"""The folder for a repository on the hub: whole or not at all, and nothing of a person's is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building.plan import BuildError
from modelfile_kit.core.clone import clone_file
from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.packing.hub_files import hub_files, params_bytes, write_hub_files
from modelfile_kit.publish.create_request import read_request

SETTINGS = "system: Be brief.\nparameters: {num_ctx: 2048, temperature: 1.0, top_p: 0.1}\nstop: [END]\n"


def test_what_is_written(seeing, micro_pair, tmp_path) -> None:
    (tmp_path / "LICENSE").write_text("Do what you like.\n")
    folder, made = write_hub_files(seeing(f"{SETTINGS}license: LICENSE\n"))
    assert folder == tmp_path / "build" / "demo" / "hf"
    assert sorted(p.name for p in folder.iterdir()) == [
        *("LICENSE", "Modelfile", "README.md", "micro-glm4v-F32.gguf", "mmproj-micro-glm4v.gguf"),
        *("params", "system", "template"),
    ]
    assert (folder / "system").read_text() == "Be brief."
    assert (folder / "params").read_text() == (
        '{\n  "num_ctx": 2048,\n  "stop": [\n    "END"\n  ],\n  "temperature": 1,\n  "top_p": 0.1\n}\n'
    )
    assert (folder / "LICENSE").read_text() == "Do what you like.\n"
    assert (folder / "micro-glm4v-F32.gguf").read_bytes() == micro_pair.model.read_bytes()
    assert made.label == "F32"
    assert "ollama run hf.co/ORG/REPO:F32" in (folder / "README.md").read_text()


def test_large_files_are_not_copied(seeing, micro_pair) -> None:
    folder, _ = write_hub_files(seeing())
    # On a file system with reflinks it is a file of its own, which shares its blocks.
    assert (folder / "micro-glm4v-F32.gguf").samefile(micro_pair.model) or _shares(folder)


def test_its_modelfile_makes_the_model_from_the_folder_alone(seeing, tmp_path) -> None:
    built = seeing(SETTINGS)
    folder, _ = write_hub_files(built)
    moved = folder.rename(tmp_path / "downloaded")
    request = read_request(moved / "Modelfile")
    assert {f.path.name for f in request.files} == {"micro-glm4v-F32.gguf", "mmproj-micro-glm4v.gguf"}
    assert all(f.path.parent == moved for f in request.files)
    assert request.description() == read_request_of(built)


def _shares(folder: Path) -> bool:
    (folder / "a").write_bytes(b"a")
    return clone_file(folder / "a", folder / "b") == "reflink"


def read_request_of(built):
    built.path.parent.mkdir(parents=True, exist_ok=True)
    built.path.write_text(str(built.modelfile), encoding="utf-8")
    return read_request(built.path).description()


def test_a_persons_model_card_stays(seeing) -> None:
    built = seeing()
    folder, _ = write_hub_files(built)
    (folder / "README.md").write_text("mine")
    write_hub_files(built)
    assert (folder / "README.md").read_text() == "mine"


def test_the_packages_own_model_card_is_taken(seeing, tmp_path) -> None:
    card = "---\nlicense: mit\n---\n\n# Mine\n"
    (tmp_path / "README.md").write_text(card)
    assert (write_hub_files(seeing())[0] / "README.md").read_text() == card


def test_settings_of_an_earlier_build_go(seeing) -> None:
    folder, _ = write_hub_files(seeing("system: Sing.\n"))
    assert (folder / "system").exists()
    write_hub_files(seeing())
    assert not (folder / "system").exists()
    assert (folder / "params").exists()


def test_files_of_the_user_are_neither_replaced_nor_removed(seeing, tmp_path) -> None:
    for name in ("Modelfile", "system", "params"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(UsageError, match="no build has written it"):
            write_hub_files(seeing(), folder)
        assert [(p.name, p.read_text()) for p in folder.iterdir()] == [(name, "mine")]


def test_nothing_is_written_where_the_hub_would_serve_another_model(seeing, tmp_path) -> None:
    with pytest.raises(BuildError, match="quantize") as caught:
        write_hub_files(seeing("quantize: q8_0\nmessages: [{role: user, content: Hi}]\n"))
    assert [d.code for d in caught.value.diagnostics] == ["MK540", "MK542"]
    assert not (tmp_path / "build" / "demo" / "hf").exists()


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ("", {"stop": []}),
        ("PARAMETER stop a\nPARAMETER stop b\nPARAMETER seed 7\n", {"stop": ["a", "b"], "seed": 7}),
        ("PARAMETER use_mmap false\nPARAMETER top_p 0.30\n", {"stop": [], "use_mmap": False, "top_p": 0.3}),
        ("PARAMETER temperature 0.1\nPARAMETER temperature 2\n", {"stop": [], "temperature": 2}),
        ('PARAMETER stop "</s> "\n', {"stop": ["</s> "]}),
    ],
)
def test_parameters(lines: str, values: dict[str, object]) -> None:
    modelfile = parse_modelfile(f"FROM ./m.gguf\n{lines}")
    assert json.loads(params_bytes(modelfile, _latest())) == values


def _latest():
    from modelfile_kit.ollama.versions import Target

    return Target.parse("latest")


def test_the_folder_can_be_named(seeing, tmp_path: Path) -> None:
    folder, made = write_hub_files(seeing(), tmp_path / "out")
    assert folder == tmp_path / "out"
    assert set(made.texts) | set(made.files) == {p.name for p in folder.iterdir()}
    assert hub_files(seeing()).texts == made.texts
