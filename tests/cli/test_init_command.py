"""`init` from a hub's repository, a model on a server, a Modelfile and a trainer's folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelfile_kit.huggingface.chat_template_file import load_chat_template
from modelfile_kit.micro import build_pair
from modelfile_kit.package.package import load_package
from modelfile_kit.sources import places
from modelfile_kit.sources.hub import cache_folder

NAME = "hf.co/org/micro-GGUF"


@pytest.fixture
def repo(hub, pair, tmp_path, monkeypatch):
    """Three quantizations by name, two projectors, and a card that names the original model."""
    places._REMOTE.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    data = pair.model.read_bytes()
    files = {f"micro-glm4v-{name}.gguf": data for name in ("Q4_K_M", "Q8_0", "F16")}
    files |= {f"mmproj-micro-glm4v{n}.gguf": pair.projector.read_bytes() for n in ("", "-second")}
    return hub.add("org/micro-GGUF", {**files, "README.md": b"---\nbase_model: org/micro\n---\n"})


def test_a_hub_repository(mkmodelfile, hub, repo, tmp_path) -> None:
    text = b"{% for m in messages %}{{ m.content }}{% endfor %}"
    hub.add("org/micro", {"chat_template.jinja": text})
    done = mkmodelfile("init", NAME)
    assert done.code == 0, done.err
    assert "MK275" in done.err and "hf.co/org/micro/chat_template.jinja" in done.err
    assert "the usual one; there are Q8_0, F16 too" in done.err
    assert re.search(r"^--- |^  - \{% for m in messages %\}", done.err, re.MULTILINE), done.err
    where = f"hf://org/micro-GGUF@{repo.commit}"
    written = (tmp_path / "mkmodelfile.yaml").read_text()
    assert f"\nmodel: {where}/micro-glm4v-Q4_K_M.gguf\n" in written
    assert f"\nprojector: {where}/mmproj-micro-glm4v" in written
    assert "MK419" in done.err and "mmproj-micro-glm4v-second.gguf" in done.err
    assert not list(cache_folder().rglob("*.gguf"))
    before, remark, variants = written.partition("# The repository has these")
    assert remark and load_package(tmp_path).variants == ()
    uncommented = "\n".join(line.removeprefix("# ") for line in variants.splitlines()[1:])
    (tmp_path / "mkmodelfile.yaml").write_text(f"{before}{uncommented}\n")
    package = load_package(tmp_path)
    assert {v.tag: v.model.name for v in package.variants} == {
        "q4_K_M": "micro-glm4v-Q4_K_M.gguf",
        "q8_0": "micro-glm4v-Q8_0.gguf",
        "f16": "micro-glm4v-F16.gguf",
    }


def test_a_hub_repository_whose_original_is_gone(mkmodelfile, repo, tmp_path) -> None:
    done = mkmodelfile("init", f"{NAME}:q8_0", "-o", "-", "-v")
    assert done.code == 0, done.err
    assert "MK277" in done.err and "hf.co/org/micro (`base_model` of the card)" in done.err
    assert "micro-glm4v-Q8_0.gguf" in done.out and not (tmp_path / "mkmodelfile.yaml").exists()


def test_several_quantizations_of_a_hub_have_no_remark(mkmodelfile, repo, tmp_path: Path) -> None:
    done = mkmodelfile("init", f"{NAME}:q8_0", f"{NAME}:f16")
    assert done.code == 0, done.err
    assert [v.tag for v in load_package(tmp_path).variants] == ["q8_0", "f16"]
    assert "# The repository" not in (tmp_path / "mkmodelfile.yaml").read_text()


TEMPLATE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"


@pytest.fixture
def folder(pair, tmp_path, monkeypatch) -> Path:
    """The micro pair in a folder, and no server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    for path in (pair.model, pair.projector):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_modelfile(mkmodelfile, folder) -> None:
    text = f'FROM ./micro-glm4v.gguf\nTEMPLATE """{TEMPLATE}"""\nPARAMETER top_k 7\nLICENSE MIT\n'
    (folder / "Modelfile").write_text(text)
    done = mkmodelfile("init", "./Modelfile", "--name", "mine")
    assert done.code == 0, done.err
    package = load_package(folder)
    assert package.name == "mine" and dict(package.parameters) == {"top_k": 7}
    assert mkmodelfile("build", folder).code == 0
    built = (folder / "build" / "mine" / "Modelfile").read_text()
    assert TEMPLATE in built and "PARAMETER top_k 7" in built
    assert "exists already" in mkmodelfile("init", "./Modelfile").err
    assert mkmodelfile("init", "./Modelfile", "--force", "--target", ">=0.32").code == 0
    assert load_package(folder).target == ">=0.32"


def test_a_modelfile_never_replaces_a_licence(mkmodelfile, folder) -> None:
    (folder / "Modelfile").write_text("FROM ./micro-glm4v.gguf\nLICENSE MIT\n")
    (folder / "LICENSE").write_text("another")
    done = mkmodelfile("init", "Modelfile")
    assert done.code == 2 and "LICENSE exists already" in done.err
    assert not (folder / "mkmodelfile.yaml").exists()
    done = mkmodelfile("init", "Modelfile", "-o", "-")
    assert done.code == 2 and "standard output is one" in done.err
    (folder / "LICENSE").write_text("MIT")
    assert mkmodelfile("init", "Modelfile").code == 0


def test_a_modelfile_of_a_published_model(mkmodelfile, folder) -> None:
    (folder / "mine.modelfile").write_text("FROM llama3.2\nSYSTEM Be brief.\n")
    done = mkmodelfile("init", "mine.modelfile", "-o", "-")
    assert done.code == 0 and "MK561" in done.err
    assert "model: ollama://llama3.2\n" in done.out and "system: Be brief.\n" in done.out


def test_a_trainers_folder_builds_after_the_conversion(mkmodelfile, folder, pair, tmp_path) -> None:
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    (tuned / "model.safetensors").write_bytes(b"x" * 20)
    (tuned / "config.json").write_text('{"torch_dtype": "bfloat16", "vision_config": {"depth": 1}}')
    (tuned / "tokenizer.json").write_text("{}")
    (tuned / "chat_template.jinja").write_text(load_chat_template(pair.model).text)
    done = mkmodelfile("init", "tuned")
    assert done.code == 0, done.err
    assert "python convert_hf_to_gguf.py tuned --outfile tuned/tuned-BF16.gguf --outtype bf16" in done.err
    assert "--mmproj" in done.err
    package = load_package(tuned)
    missing = mkmodelfile("build", tuned)
    assert missing.code == 1 and "tuned-BF16.gguf" in missing.err + missing.out
    (tuned / "tokenizer.json").unlink()  # the micro model has no tokenizer of Hugging Face's
    package.model.write_bytes(pair.model.read_bytes())
    (tuned / "mmproj-tuned-F16.gguf").write_bytes(pair.projector.read_bytes())
    built = mkmodelfile("build", tuned)
    assert built.code == 0, built.err + built.out
    assert "mmproj-tuned-F16.gguf" in (tuned / "build" / "tuned" / "Modelfile").read_text()


def test_a_folder_of_ggufs(mkmodelfile, folder, pair) -> None:
    several = folder / "several"
    several.mkdir()
    for name in ("m-Q4_K_M.gguf", "m-Q8_0.gguf"):
        (several / name).write_bytes(pair.model.read_bytes())
    (several / "mmproj-m.gguf").write_bytes(pair.projector.read_bytes())
    done = mkmodelfile("init", several)
    assert done.code == 0, done.err
    package = load_package(several)
    assert {v.tag: v.model.name for v in package.variants} == {
        "q4_K_M": "m-Q4_K_M.gguf",
        "q8_0": "m-Q8_0.gguf",
    }
    assert package.projector == several / "mmproj-m.gguf"


def test_in_a_pipe_nothing_is_asked(mkmodelfile, folder) -> None:
    done = mkmodelfile("init", stdin=b"micro-glm4v.gguf\n")
    assert done.code == 2 and "no terminal on which to ask" in done.err
    assert not (folder / "mkmodelfile.yaml").exists()


def test_a_model_that_the_server_does_not_have(mkmodelfile, folder, monkeypatch) -> None:
    """Without --host the model's file is looked for elsewhere, and here is nowhere."""
    monkeypatch.setenv("OLLAMA_MODELS", str(folder / "store"))
    done = mkmodelfile("init", "ollama://localhost:9/x/y", "--host", "127.0.0.1:9")
    assert done.code == 2 and "127.0.0.1:9" in done.err and "not adopted" not in done.err
    done = mkmodelfile("init", "ollama://localhost:9/x/y")
    assert done.code == 2 and "not adopted: " in done.err
    assert not (folder / "mkmodelfile.yaml").exists() and not (folder / "y").exists()


def test_a_name_and_a_target_that_are_none(mkmodelfile, folder) -> None:
    for option, value in (("--name", "a b"), ("--target", "soon")):
        done = mkmodelfile("init", "micro-glm4v.gguf", option, value)
        assert done.code == 2 and value in done.err
    assert not (folder / "mkmodelfile.yaml").exists()


def test_a_repository_to_convert_says_how(mkmodelfile, hub, folder) -> None:
    hub.add("org/original", {"config.json": b"{}", "model.safetensors": bytes(9000)})
    done = mkmodelfile("init", "hf.co/org/original")
    assert done.code == 2 and "`mkmodelfile init FOLDER` says how to convert it" in " ".join(done.err.split())


def test_a_folder_as_output(mkmodelfile, tmp_path, monkeypatch):
    pair = build_pair(tmp_path / "files")
    monkeypatch.chdir(tmp_path)
    done = mkmodelfile("init", pair.model, "-o", "new/")
    assert (done.code, done.out) == (0, "new/mkmodelfile.yaml\n")
    assert load_package(tmp_path / "new").model.resolve() == pair.model.resolve()
    done = mkmodelfile("init", pair.model, "-o", "new", "--force")
    assert (done.code, done.out) == (0, "new/mkmodelfile.yaml\n")
    assert mkmodelfile("init", pair.model, "-o", "new").code == 2  # it is there already
    done = mkmodelfile("init", pair.model, "-o", "no/such/")
    assert (done.code, done.out) == (2, "")
    assert "MK903" in done.err
    assert not (tmp_path / "no").exists()
    done = mkmodelfile("init", pair.model, "-o", "other.yaml")
    assert (done.code, done.out) == (0, "other.yaml\n")
