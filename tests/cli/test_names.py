"""Every command that takes a GGUF or a chat template takes a name; of a name only the header is read."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from modelfile_kit.sources import places
from modelfile_kit.sources.hub import cache_folder

NAME = "hf.co/org/micro-GGUF"


@pytest.fixture
def repo(hub, pair, tmp_path, monkeypatch):
    """The micro model in two quantizations by name, with its projector and more tensors than header."""
    places._REMOTE.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    model = pair.model.read_bytes()
    files = {
        "micro-glm4v-Q4_K_M.gguf": model,
        "micro-glm4v-Q8_0.gguf": model,
        "mmproj-micro-glm4v.gguf": pair.projector.read_bytes(),
        "README.md": b"about",
    }
    return hub.add("org/micro-GGUF", files)


def nothing_fetched() -> bool:
    return not list(cache_folder().rglob("*.gguf"))


def test_inspect(mkmodelfile, repo) -> None:
    done = mkmodelfile("inspect", NAME)
    assert done.code == 0, done.err
    assert "architecture   glm4" in done.out
    assert "micro-glm4v-Q4_K_M.gguf: the usual one; there are Q8_0 too; read 0.3 MB of 1.1 MB" in done.err
    assert nothing_fetched()
    quiet = mkmodelfile("inspect", "-q", f"{NAME}:q8_0", f"{NAME}/mmproj-micro-glm4v.gguf")
    assert quiet.code == 0 and "read" not in quiet.err
    assert "the projector fits the model; input: text, image" in quiet.out
    report = json.loads(mkmodelfile("inspect", NAME, "--format", "json").out)
    assert report["cases"][0]["data"]["architecture"] == "glm4"


def test_inspect_says_what_is_wrong(mkmodelfile, repo) -> None:
    done = mkmodelfile("inspect", f"{NAME}:Q5_K_M")
    assert done.code == 2
    assert "has no quantization Q5_K_M" in done.err and "it has Q4_K_M, Q8_0" in done.err
    done = mkmodelfile("inspect", "hf://org")
    assert done.code == 2 and "MK480" in done.err


def test_compile_and_render(mkmodelfile, repo, pair, tmp_path) -> None:
    by_name, by_path = mkmodelfile("compile", f"{NAME}:Q8_0"), mkmodelfile("compile", pair.model)
    assert by_name.code == by_path.code
    assert by_name.out == by_path.out != ""
    (tmp_path / "chat.json").write_text('[{"role": "user", "content": "Hi"}]')
    by_name = mkmodelfile("render", "--jinja", NAME, "--messages", "chat.json")
    by_path = mkmodelfile("render", "--jinja", pair.model, "--messages", "chat.json")
    assert by_name.out == by_path.out and "Hi" in by_name.out
    assert nothing_fetched()


def test_chat_templates_of_the_original_model(mkmodelfile, hub, repo) -> None:
    config = {"bos_token": "<s>", "eos_token": {"content": "</s>"}}
    text = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"
    files = {"chat_template.jinja": text.encode(), "tokenizer_config.json": json.dumps(config).encode()}
    hub.add("org/original", {**files, "model.safetensors": bytes(9000)})
    for name in (
        "hf.co/org/original",
        "hf.co/org/original/chat_template.jinja",
        f"{hub.url}/org/original/blob/main/chat_template.jinja",
    ):
        done = mkmodelfile("compile", name)
        assert done.code == 0, done.err
        assert done.out.startswith("<s>") and "</s>" in done.out
    assert hub.cdn.sent() == 0  # no weights
    done = mkmodelfile("compile", "hf.co/org/original/none.jinja")
    assert done.code == 2 and "no chat template none.jinja" in done.err


def test_fit(mkmodelfile, repo, hub) -> None:
    done = mkmodelfile("fit", NAME, "--projector", f"{NAME}/mmproj-micro-glm4v.gguf")
    assert done.code == 0, done.err
    assert "projector" in done.out and nothing_fetched()


def test_init_build_and_check_read_headers_alone(mkmodelfile, repo, hub, pair, tmp_path, llama_cpp) -> None:
    done = mkmodelfile("init", f"{NAME}:Q8_0")
    assert done.code == 0, done.err
    package = (tmp_path / "mkmodelfile.yaml").read_text()
    assert f"model: hf://org/micro-GGUF@{repo.commit}/micro-glm4v-Q8_0.gguf" in package
    assert "projector mmproj-micro-glm4v.gguf" in done.err
    built = mkmodelfile("build")
    assert built.code == 0, built.err
    assert (
        f"not here   {NAME}/micro-glm4v-Q8_0.gguf: " in built.err and "`ollama create` does not" in built.err
    )
    modelfile = Path(built.out.strip()).read_text()
    place = cache_folder() / "models--org--micro-GGUF" / "snapshots" / repo.commit
    assert re.findall(r"^FROM (.*)$", modelfile, re.MULTILINE) == [
        str(place / "micro-glm4v-Q8_0.gguf"),
        str(place / "mmproj-micro-glm4v.gguf"),
    ]
    report = json.loads(Path(built.out.strip()).with_name("report.json").read_text())
    assert report["model"]["from"] == f"{NAME}/micro-glm4v-Q8_0.gguf"
    assert report["model"]["revision"] == repo.commit
    checked = mkmodelfile("check")
    assert checked.code == 0, checked.err
    assert nothing_fetched()
    # By a path the same comes out.
    shutil.copy(pair.model, tmp_path / "micro-glm4v-Q8_0.gguf")
    shutil.copy(pair.projector, tmp_path / "mmproj-micro-glm4v.gguf")
    (tmp_path / "mkmodelfile.yaml").write_text(re.sub("model: .*", "model: micro-glm4v-Q8_0.gguf", package))
    again = Path(mkmodelfile("build").out.strip()).read_text()
    paths = re.compile(r"(FROM|PROJECTOR) .*")
    assert paths.sub(r"\1", again) == paths.sub(r"\1", modelfile)


def test_build_with_other_files_by_name(mkmodelfile, repo, pair, tmp_path) -> None:
    (tmp_path / "mkmodelfile.yaml").write_text("name: demo\nmodel: none.gguf\nprojector: none\n")
    done = mkmodelfile("build", "--model", NAME, "--projector", f"{NAME}/mmproj-micro-glm4v.gguf")
    assert done.code == 0, done.err
    assert "mmproj-micro-glm4v.gguf" in Path(done.out.strip()).read_text()
    assert nothing_fetched()


def test_a_package_whose_name_leads_nowhere(mkmodelfile, repo, tmp_path) -> None:
    (tmp_path / "mkmodelfile.yaml").write_text("name: demo\nmodel: hf.co/org/none\n")
    done = mkmodelfile("build")
    assert done.code == 1
    assert "mkmodelfile.yaml:2" in done.err and "does not exist on the hub" in done.err


def test_patch_and_quantize_fetch_what_they_need(mkmodelfile, repo, hub, pair, tmp_path) -> None:
    done = mkmodelfile("patch", NAME, "--set", "general.name=other", "--dry-run")
    assert done.code == 0, done.err
    assert nothing_fetched()
    done = mkmodelfile("patch", NAME, "--set", "general.name=other")
    assert done.code == 0, done.err
    assert (tmp_path / "micro-glm4v-Q4_K_M-patched.gguf").stat().st_size > 1_000_000
    assert "in the cache" in mkmodelfile("patch", NAME, "--set", "general.name=x", "--in-place").err
    original = (
        cache_folder() / "models--org--micro-GGUF" / "snapshots" / repo.commit / "micro-glm4v-Q4_K_M.gguf"
    )
    assert original.read_bytes() == pair.model.read_bytes()


def test_the_tokenizer_of_a_repository(mkmodelfile, repo, hub, libraries, llama_cpp) -> None:
    hub.add("org/original", {"tokenizer.json": b"{}", "config.json": b"{}"})
    done = mkmodelfile("inspect", NAME, "--tokenizer", "hf.co/org/original")
    assert "tokenizer" in done.err and "models--org--original" in done.err
    done = mkmodelfile("inspect", NAME, "--tokenizer", NAME)
    assert done.code == 2 and "no tokenizer in this repository" in done.err


def test_a_file_of_the_same_text_comes_first(mkmodelfile, repo, pair, tmp_path) -> None:
    path = tmp_path / "hf.co" / "org" / "micro-GGUF"
    path.parent.mkdir(parents=True)
    shutil.copy(pair.projector, path)
    done = mkmodelfile("fit", NAME)
    assert "expected a model" in done.err
    assert "hf.co/org/micro-GGUF: a file of this path is here and was taken" in done.err
    assert mkmodelfile("fit", "hf://org/micro-GGUF").code == 0


def test_what_a_hub_names_is_shown_and_not_obeyed(mkmodelfile, repo, hub) -> None:
    """Names of files are text of strangers; none of the characters that a terminal obeys comes through."""
    hub.add("org/odd", {"a\u202e\x9b31m-Q4_0.gguf": bytes(9), "b\u200b-Q4_0.gguf": bytes(9)})
    for command in (
        ("inspect", "hf.co/org/odd"),
        ("compile", "hf.co/org/odd"),
        ("fit", "hf.co/org/odd:Q4_0"),
    ):
        done = mkmodelfile(*command)
        assert done.code == 2
        assert "\\u202e" in done.err
        assert not set("\u202e\x9b\u200b") & set(done.err)


def test_the_token_is_not_printed(mkmodelfile, repo, hub, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    repo.gated = True
    for command in (
        ("--debug", "inspect", NAME),
        ("--debug", "inspect", "hf.co/org/none"),
        ("-v", "fit", NAME),
    ):
        done = mkmodelfile(*command)
        assert hub.token not in done.out + done.err


def test_what_is_packed_is_fetched(mkmodelfile, repo, tmp_path) -> None:
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: tiny\nmodel: {NAME}:Q8_0\n")
    done = mkmodelfile("build", ".", "--for", "hf")
    assert done.code == 0, done.err
    folder = tmp_path / "build/tiny/hf"
    assert (folder / "micro-glm4v-Q8_0.gguf").read_bytes() == repo.files["micro-glm4v-Q8_0.gguf"]
    assert (folder / "mmproj-micro-glm4v.gguf").read_bytes() == repo.files["mmproj-micro-glm4v.gguf"]
    assert not (folder / "micro-glm4v-Q8_0.gguf").is_symlink()
    assert mkmodelfile("build", ".", "--for", "oci").code == 0


def write_package(folder: Path, keys: str) -> None:
    (folder / "mkmodelfile.yaml").write_text(f"name: demo\n{keys}\n")


def test_build_holds_the_names_to_the_lock(mkmodelfile, repo, hub, tmp_path) -> None:
    write_package(tmp_path, f"model: {NAME}:Q8_0\nchat_template: hf.co/org/original")
    jinja = b"{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"
    hub.add("org/original", {"chat_template.jinja": jinja})
    first = mkmodelfile("build")
    assert first.code == 0, first.err
    assert "mkmodelfile.lock: written: what the names stand for" in first.err
    modelfile = Path(first.out.strip()).read_text()
    assert nothing_fetched()
    moved = hub.add("org/micro-GGUF", {**repo.files, "README.md": b"more"})
    moved.older[repo.commit] = repo
    for command in (["build"], ["build", "--locked"], ["fit", "."]):
        places._REMOTE.clear()
        done = mkmodelfile(*command)
        assert done.code == 0, done.err
        if command[0] == "build":
            assert Path(done.out.strip()).read_text() == modelfile
        assert "mkmodelfile.lock" not in done.err
    updated = mkmodelfile("build", "--update-lock")
    assert updated.code == 0, updated.err
    assert (
        f"mkmodelfile.lock, model: revision {repo.commit[:12]} became {moved.commit[:12]}; the same files"
        in updated.err
    )
    assert moved.commit in Path(updated.out.strip()).read_text()
    assert "nothing has changed" in mkmodelfile("build", "--update-lock").err
    both = mkmodelfile("build", "--update-lock", "--locked")
    assert both.code == 2 and "give one of them" in both.err


def test_a_build_against_the_lock_fails(mkmodelfile, repo, hub, tmp_path) -> None:
    write_package(tmp_path, f"model: {NAME}:Q8_0")
    locked = mkmodelfile("build", "--locked")
    assert locked.code == 1 and "MK491" in locked.err and not (tmp_path / "mkmodelfile.lock").exists()
    assert mkmodelfile("build").code == 0
    shutil.rmtree(tmp_path / "build")
    hub.add(
        "org/micro-GGUF",
        {**repo.files, "micro-glm4v-Q8_0.gguf": repo.files["micro-glm4v-Q8_0.gguf"] + b"\0"},
        commit=repo.commit,
    )
    places._REMOTE.clear()
    done = mkmodelfile("build")
    assert done.code == 1 and "mkmodelfile.yaml:2:8" in done.err and "MK489" in done.err
    report = json.loads(mkmodelfile("build", "--format", "json").out)
    assert [d["code"] for d in report["diagnostics"]] == ["MK489"]
    assert not (tmp_path / "build").exists()
    (tmp_path / "mkmodelfile.lock").write_text("version: 1\n")
    done = mkmodelfile("build")
    assert done.code == 1 and "mkmodelfile.lock:1:1" in done.err and "MK490" in done.err
    assert mkmodelfile("build", "--update-lock").code == 0
    assert mkmodelfile("build").code == 0


def test_what_needs_the_whole_file_fetches_what_is_locked(mkmodelfile, repo, hub, tmp_path) -> None:
    write_package(tmp_path, f"model: {NAME}:Q8_0")
    assert mkmodelfile("build").code == 0
    done = mkmodelfile("build", "--for", "oci")
    assert done.code == 0, done.err
    assert len(list(cache_folder().rglob("*.gguf"))) == 2
    del hub.repos["org/micro-GGUF"]
    places._REMOTE.clear()
    hub.asked.clear()
    assert mkmodelfile("build", "--locked").code == 0
    assert hub.asked == []  # the cache and the lock are enough
