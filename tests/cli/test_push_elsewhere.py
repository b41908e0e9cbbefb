"""`push` to a repository of a hub, and as an artifact to a registry."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.cli.push_elsewhere import hub_repository, is_elsewhere, split_reference
from modelfile_kit.core.errors import UsageError
from modelfile_kit.sources.registry import Registry
from tests.hub_commits import TOKEN, commit_hub
from tests.registry_process import RegistryProcess, registry_or_skip


@pytest.fixture
def hub(monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (extra hub)")
    with commit_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


def test_to_a_hub(mkmodelfile, package, hub):
    dry = mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--create", "--dry-run")
    assert (dry.code, dry.out) == (0, f"{hub.url}/org/tiny\n")
    assert "dry run: would send 1.2 MB" in dry.err and "and make the repository" in dry.err
    assert "new           1,058,752  micro-glm4v-F32.gguf" in dry.err
    assert hub.repos == {}
    done = mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--create")
    assert done.code == 0, done.err
    assert "`ollama run hf.co/org/tiny:F32`" in done.err
    assert hub.repos["org/tiny"].files["system"] == b"Be brief."
    again = mkmodelfile("push", package, "--to", "hf://org/tiny", "--format", "json")
    facts = json.loads(again.out)["facts"]
    assert (facts["commit"], facts["bytes"], facts["name"]) == ("", 0, "hf.co/org/tiny:F32")
    assert {f["what"] for f in facts["files"]} == {"same"}
    assert TOKEN not in dry.err + done.err + again.out


def test_all_variants(mkmodelfile, package, hub):
    (package / "b-Q8_0.gguf").write_bytes((package / "micro-glm4v.gguf").read_bytes())
    whole = "name: tiny\nmodel: micro-glm4v.gguf\nvariants: {f32: micro-glm4v.gguf, q8_0: b-Q8_0.gguf}\n"
    (package / "mkmodelfile.yaml").write_text(whole)
    done = mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--create")
    assert done.code == 0, done.err
    files = hub.repos["org/tiny"].files
    assert {"micro-glm4v-F32.gguf", "b-Q8_0.gguf", "template", "params"} <= set(files)
    assert "hf.co/org/tiny:F32" in done.err and "hf.co/org/tiny:Q8_0" in done.err
    tagged = mkmodelfile("push", package, "--to", "oci://127.0.0.1:9/a/b:v1")
    assert (tagged.code, "2 variants" in tagged.err) == (2, True)


def test_files_of_others(mkmodelfile, package, hub):
    mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--create")
    hub.repos["org/tiny"].files["system"] = b"theirs"
    done = mkmodelfile("push", package, "--to", "hf.co/org/tiny")
    assert (done.code, done.out) == (2, "")
    assert "MK899" in done.err and "system" in done.err
    assert mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--overwrite").code == 0
    assert hub.repos["org/tiny"].files["system"] == b"Be brief."


def test_what_a_hub_cannot_serve(mkmodelfile, package, hub):
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write("quantize: q8_0\n")
    done = mkmodelfile("push", package, "--to", "hf.co/org/tiny", "--create", "--format", "json")
    assert done.code == 1
    assert [d["code"] for d in json.loads(done.out)["diagnostics"]] == ["MK540"]
    assert hub.asked == []


def test_as_an_artifact(mkmodelfile, package, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    process = RegistryProcess(registry_or_skip(), tmp_path / "registry")
    process.start()
    try:
        place = f"oci://{process.host}/team/tiny:v1"
        dry = mkmodelfile("push", package, "--to", place, "--insecure", "--dry-run")
        assert dry.code == 0, dry.err
        assert "lacking       1,058,752  micro-glm4v.gguf" in dry.err
        done = mkmodelfile("push", package, "--to", place, "--insecure")
        assert done.code == 0, done.err
        name, _, digest = done.out.strip().partition("@")
        assert name == f"{process.host}/team/tiny" and digest.startswith("sha256:")
        again = mkmodelfile("push", package, "--to", place, "--insecure", "--format", "json")
        facts = json.loads(again.out)["facts"]
        assert (facts["digest"], facts["replaced"], facts["sent"]) == (digest, digest, {})
    finally:
        process.stop()


@pytest.mark.parametrize("option", ["--create", "--private", "--overwrite"])
def test_options_of_hubs(mkmodelfile, package, option):
    done = mkmodelfile("push", package, "--to", "oci://registry.example/a/b", option)
    assert done.code == 2
    assert "Hugging Face" in done.err


@pytest.mark.parametrize(
    "place", ["oci://", "oci://host", "oci://host/", "oci:///a", "oci://host/a:", "oci://h/a@sha256:0"]
)
def test_no_places(mkmodelfile, package, place):
    done = mkmodelfile("push", package, "--to", place)
    assert (done.code, "MK508" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("oci://host/Team/model", "small letters"),
        ("oci://host:99999/team/model", "expected one from 1 to 65535"),
        ("oci://host/team/model:-x", "not a tag"),
        ("host:99999/team/model", "expected one from 1 to 65535"),
    ],
)
def test_what_no_registry_takes_is_told_before_the_build(mkmodelfile, package, place, words):
    (package / "micro-glm4v.gguf").unlink()  # a build would fail, and nobody is asked
    done = mkmodelfile("push", package, "--to", place, "--by", "kit") if "://" not in place else None
    done = done or mkmodelfile("push", package, "--to", place)
    assert (done.code, "MK508" in done.err, words in done.err) == (2, True, True)


def test_one_of_the_variants_as_an_artifact_and_to_a_hub(mkmodelfile, package, hub, tmp_path):
    (package / "b-Q8_0.gguf").write_bytes((package / "micro-glm4v.gguf").read_bytes())
    whole = "name: tiny\nmodel: micro-glm4v.gguf\nvariants: {f32: micro-glm4v.gguf, q8_0: b-Q8_0.gguf}\n"
    (package / "mkmodelfile.yaml").write_text(whole)
    done = mkmodelfile("push", package, "--to", "hf.co/org/one", "--create", "--variant", "q8_0")
    assert done.code == 0, done.err
    assert {f for f in hub.repos["org/one"].files if f.endswith(".gguf")} == {
        "b-Q8_0.gguf",
        "mmproj-micro-glm4v.gguf",
    }
    process = RegistryProcess(registry_or_skip(), tmp_path / "registry")
    process.start()
    try:
        place = f"oci://{process.host}/team/tiny"
        done = mkmodelfile("push", package, "--to", f"{place}:v1", "--variant", "q8_0", "--insecure")
        assert done.code == 0, done.err
        done = mkmodelfile("push", package, "--to", place, "--insecure")
        assert done.code == 0, done.err
        with Registry(process.host, insecure=True) as registry:
            assert set(registry.tags("team/tiny")) == {"v1", "f32", "q8_0"}
            digests = {tag: registry.manifest("team/tiny", tag) for tag in ("v1", "q8_0")}
        assert digests["v1"].layers == digests["q8_0"].layers
    finally:
        process.stop()


@pytest.mark.parametrize("to", ["oci://me:hunter2@h/a", "hf://me:hunter2@org/a", "hf.co/me:hunter2@org/a"])
def test_no_password_is_shown(mkmodelfile, package, to):
    done = mkmodelfile("push", package, "--to", to)
    assert (done.code, "MK508" in done.err, "hunter2" in done.out + done.err) == (2, True, False)


def test_tags_of_a_hub(mkmodelfile, package, hub):
    done = mkmodelfile("push", package, "--to", "hf.co/org/tiny:Q4_K_M")
    assert (done.code, "no tags" in done.err) == (2, True)


def test_places():
    assert hub_repository("https://huggingface.co/org/a/") == hub_repository("HF.co/org/a") == "org/a"
    assert hub_repository("registry.lan/org/a") is None
    assert is_elsewhere("OCI://h/a") and not is_elsewhere("me/model:q4")
    assert split_reference("h:5000/a/b:q4") == ("h:5000", "a/b", "q4")
    assert split_reference("ghcr.io/a/b") == ("ghcr.io", "a/b", "")
    with pytest.raises(UsageError):
        split_reference("a")


@pytest.mark.parametrize("to", ["", " "])
def test_a_place_that_is_empty(mkmodelfile, package, to):
    done = mkmodelfile("push", package, "--to", to)
    assert (done.code, done.out) == (2, "")
    assert "--to is empty" in done.err
