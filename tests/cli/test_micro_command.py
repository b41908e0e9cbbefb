"""`mkmodelfile micro`: what it writes and prints, and where it writes nothing."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from modelfile_kit.gguf_file import read_header
from modelfile_kit.package.package import load_package

EXAMPLE = Path(__file__).parents[2] / "examples" / "gemma-3-4b"
FILES = ["gemma-3-4b-it-Q4_K_M.gguf", "mmproj-model-f16.gguf"]


def test_it_writes_files_of_the_real_names(tmp_path, mkmodelfile):
    done = mkmodelfile("micro", EXAMPLE, "-o", tmp_path / "m")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [str(tmp_path / "m" / name) for name in FILES]
    assert read_header(tmp_path / "m" / FILES[0]).architecture == "gemma3"


def test_what_it_says_next_builds_the_package_with_it(tmp_path, mkmodelfile):
    folder = tmp_path / "p"
    shutil.copytree(EXAMPLE, folder)
    done = mkmodelfile("micro", folder, "-o", tmp_path / "m")
    [line] = done.err.splitlines()
    words = shlex.split(line.removeprefix("next: "))
    files = dict(zip(("--model", "--projector"), done.out.splitlines(), strict=True))
    assert words[:3] == ["mkmodelfile", "build", str(folder)]
    assert words[3:] == [word for pair in files.items() for word in pair]
    assert mkmodelfile(*words[1:]).code == 0


def test_every_variant_has_its_file(tmp_path, mkmodelfile):
    done = mkmodelfile("micro", EXAMPLE.parent / "qwen2.5-1.5b", "-o", tmp_path / "m")
    assert done.code == 0, done.err
    wanted = [v.model.name for v in load_package(EXAMPLE.parent / "qwen2.5-1.5b").variants]
    assert len(wanted) > 1
    assert sorted(done.out.splitlines()) == sorted(str(tmp_path / "m" / name) for name in wanted)
    assert all(Path(line).is_file() for line in done.out.splitlines())


def test_it_does_not_take_the_place_of_the_real_files(tmp_path, mkmodelfile):
    folder = tmp_path / "p"
    shutil.copytree(EXAMPLE, folder)
    done = mkmodelfile("micro", folder, "-o", folder)
    assert done.code == 2
    assert "would take their place" in done.err
    assert list(folder.glob("*.gguf")) == []


def test_a_file_that_is_no_micro_model_stays(tmp_path, mkmodelfile):
    real = tmp_path / FILES[0]
    with real.open("wb") as stream:
        stream.truncate(100_000_000)
    done = mkmodelfile("micro", EXAMPLE, "-o", tmp_path)
    assert done.code == 2
    assert str(real) in done.err
    assert "100,000,000 bytes" in done.err
    assert [p.name for p in tmp_path.iterdir()] == [FILES[0]]


def test_it_says_where_nothing_describes_the_model(tmp_path, mkmodelfile, monkeypatch):
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: some.gguf\n")
    monkeypatch.chdir(tmp_path)
    done = mkmodelfile("micro")
    assert done.code == 0
    assert "stand-in.yaml is missing: this is the micro GLM-4.1V" in done.err
    assert done.out.splitlines() == ["micro/micro-glm4v.gguf", "micro/mmproj-micro-glm4v.gguf"]


def test_a_model_is_described_and_then_made_again(package, mkmodelfile, tmp_path):
    done = mkmodelfile("micro", "--describe", package)
    assert done.code == 0, done.err
    assert done.out.strip() == str(package / "golden" / "stand-in.yaml")
    done = mkmodelfile("micro", package, "-o", tmp_path / "small")
    model, projector = map(read_header, done.out.splitlines())
    assert (model.architecture, projector.metadata["clip.projector_type"]) == ("glm4", "glm4v")
    (real,) = package.glob("micro-*.gguf")
    key = "tokenizer.chat_template"
    assert model.metadata[key] == read_header(real).metadata[key]


def test_without_a_package_the_micro_model_itself_is_written(tmp_path, mkmodelfile, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = mkmodelfile("micro", "-o", "tiny")
    assert done.code == 0, done.err
    assert done.out.splitlines() == ["tiny/micro-glm4v.gguf", "tiny/mmproj-micro-glm4v.gguf"]
    assert done.err == "next: mkmodelfile init tiny\n"
    assert mkmodelfile("init", "tiny").code == 0
    assert mkmodelfile("build", "tiny").code == 0
    assert mkmodelfile("micro", "nowhere").code == 2
