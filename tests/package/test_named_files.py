"""Names in a package are held to mkmodelfile.lock: against a hub, with the real huggingface_hub."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelfile_kit.core.errors import PackageError, UsageError
from modelfile_kit.package.package import Package, load_package
from modelfile_kit.sources import places
from modelfile_kit.sources.fetched import bring
from modelfile_kit.sources.hub import cache_folder
from tests.hub_server import HubServer, ModelScopeServer, WebServer

OLD, NEW = b"GGUF" + b"o" * 6000, b"GGUF" + b"n" * 6000
NAME = "hf.co/org/repo:Q8_0"


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    places._REMOTE.clear()
    places.take_remarks()
    yield
    places._REMOTE.clear()
    places.take_remarks()


@pytest.fixture
def web_file(hub: HubServer) -> Iterator[WebServer]:
    """A web server with one file; the kit's own cache is the test's (`hub`)."""
    server = WebServer(OLD)
    yield server
    server.close()


class Folder:
    """A package folder whose file has the given keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "mkmodelfile.lock"

    def load(self, keys: str, lock: str = "keep") -> Package:
        (self.path / "mkmodelfile.yaml").write_text(f"name: demo\n{keys}\n")
        return load_package(self.path, lock=lock)  # type: ignore[arg-type]

    def refused(self, keys: str, code: str, lock: str = "keep") -> PackageError:
        with pytest.raises(PackageError) as caught:
            self.load(keys, lock)
        assert caught.value.code == code, caught.value
        return caught.value

    @property
    def names(self) -> dict[str, dict[str, Any]]:
        return yaml.safe_load(self.lock.read_text())["names"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def said() -> str:
    return "\n".join(f"{r.title}: {r.why}" for r in places.take_remarks())


def push(hub: HubServer, files: dict[str, bytes]) -> str:
    """A new commit on the branch; the one before stays readable, as on the hub. Returns the new commit."""
    before = hub.repos["org/repo"]
    repo = hub.add("org/repo", files, commit=hashlib.sha1(repr(files).encode()).hexdigest())
    assert repo.commit != before.commit
    repo.older[before.commit] = before
    return repo.commit


def test_the_first_time_writes_it(hub: HubServer, folder: Folder) -> None:
    repo = hub.add("org/repo", {"m-Q8_0.gguf": OLD, "mmproj-m.gguf": NEW})
    package = folder.load(f"model: {NAME}")
    snapshot = cache_folder() / "models--org--repo" / "snapshots" / repo.commit
    assert package.model == snapshot / "m-Q8_0.gguf"
    assert "mkmodelfile.lock: written" in said()
    assert folder.lock.read_text().splitlines()[2:] == [
        "version: 1",
        "names:",
        "  model:",
        "    name: hf.co/org/repo:Q8_0",
        "    title: hf.co/org/repo/m-Q8_0.gguf",
        f"    revision: {repo.commit}",
        "    files:",
        "    - path: m-Q8_0.gguf",
        "      size: 6004",
        f"      digest: {sha(OLD)}",
        "    projectors:",
        "    - path: mmproj-m.gguf",
        "      size: 6004",
        f"      digest: {sha(NEW)}",
    ]
    before = folder.lock.read_bytes()
    assert folder.load(f"model: {NAME}").model == package.model
    assert folder.lock.read_bytes() == before and "mkmodelfile.lock" not in said()


def test_later_the_locked_state_is_taken(hub: HubServer, folder: Folder) -> None:
    """Though the branch has moved, and by another machine too, whose cache is empty."""
    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    first = folder.load(f"model: {NAME}")
    before = folder.lock.read_bytes()
    push(hub, {"m-Q8_0.gguf": NEW})
    places._REMOTE.clear()
    again = folder.load(f"model: {NAME}")
    assert again.model == first.model and folder.lock.read_bytes() == before
    bring([again.model])
    assert again.model.read_bytes() == OLD


def test_update_takes_the_present_state_and_says_so(hub: HubServer, folder: Folder) -> None:
    old = hub.add("org/repo", {"m-Q8_0.gguf": OLD}).commit
    first = folder.load(f"model: {NAME}")
    said()
    assert folder.load(f"model: {NAME}", "update").model == first.model
    assert said() == "mkmodelfile.lock: nothing has changed"
    new = push(hub, {"m-Q8_0.gguf": NEW, "mmproj-m.gguf": OLD})
    package = folder.load(f"model: {NAME}", "update")
    assert package.model != first.model and folder.names["model"]["revision"] == new
    assert said() == (
        f"mkmodelfile.lock, model: revision {old[:12]} became {new[:12]}; other contents: m-Q8_0.gguf; "
        "new: mmproj-m.gguf"
    )


def test_other_contents_in_the_same_commit_are_refused(hub: HubServer, folder: Folder) -> None:
    commit = hub.add("org/repo", {"m-Q8_0.gguf": OLD}).commit
    folder.load(f"model: {NAME}")
    before = folder.lock.read_bytes()
    places._REMOTE.clear()
    hub.add("org/repo", {"m-Q8_0.gguf": NEW}, commit=commit)
    error = folder.refused(f"model: {NAME}", "MK489")
    assert f"m-Q8_0.gguf is now {sha(NEW)}, locked is {sha(OLD)}" in error.message
    assert error.span and (error.span.line, error.span.column) == (2, 8)
    assert "--update-lock" in error.help and folder.lock.read_bytes() == before
    hub.add("org/repo", {"other-Q8_0.gguf": OLD}, commit=commit)
    assert "m-Q8_0.gguf is not there any more" in folder.refused(f"model: {NAME}", "MK489").message


def test_another_file_in_the_cache_is_refused(hub: HubServer, folder: Folder) -> None:
    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    place = folder.load(f"model: {NAME}").model
    bring([place])
    place.resolve().write_bytes(NEW)
    message = folder.refused(f"model: {NAME}", "MK489").message
    assert str(place) in message and sha(NEW) in message and sha(OLD) in message
    place.resolve().write_bytes(OLD[:-1])
    assert "has 6,003 bytes, locked are 6,004" in folder.refused(f"model: {NAME}", "MK489").message


def test_another_name_is_refused(hub: HubServer, folder: Folder) -> None:
    hub.add("org/repo", {"m-Q8_0.gguf": OLD, "m-Q4_K_M.gguf": NEW})
    folder.load(f"model: {NAME}")
    error = folder.refused("model: hf.co/org/repo:Q4_K_M", "MK489")
    assert "the lock is for another name, hf.co/org/repo:Q8_0" in error.message
    folder.load("model: hf.co/org/repo:Q4_K_M", "update")
    assert folder.names["model"]["files"] == [{"path": "m-Q4_K_M.gguf", "size": 6004, "digest": sha(NEW)}]


def test_without_the_hub(hub: HubServer, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the lock and the cache nobody is asked: the repository may be gone, or the connection."""
    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    bring([folder.load(f"model: {NAME}").model])
    del hub.repos["org/repo"]
    hub.asked.clear()
    assert folder.load(f"model: {NAME}").model.read_bytes() == OLD
    assert hub.asked == []
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert folder.load(f"model: {NAME}", "locked").model.read_bytes() == OLD


def test_gone_and_not_in_the_cache(hub: HubServer, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    folder.load(f"model: {NAME}")
    del hub.repos["org/repo"]
    error = folder.refused(f"model: {NAME}", "MK481")
    assert "does not exist on the hub, or is private" in error.message and error.span and error.span.line == 2
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in folder.refused(f"model: {NAME}", "MK484").message


def test_all_keys(hub: HubServer, folder: Folder) -> None:
    jinja, tokenizer, config = b"{{ messages }}", b'{"model": {}}', b'{"bos_token": "<s>"}'
    hub.add("org/repo", {f"m-{q}.gguf": q.encode() * 2000 for q in ("Q4_K_M", "Q8_0")})
    hub.add("org/parts", {"mmproj.gguf": OLD, "draft.gguf": OLD + b"1", "lora.gguf": OLD + b"2"})
    hub.add(
        "org/original",
        {"chat_template.jinja": jinja, "tokenizer.json": tokenizer, "tokenizer_config.json": config},
    )
    keys = (
        "variants: {q4: hf.co/org/repo:Q4_K_M, q8: {model: 'hf.co/org/repo:Q8_0'}}\n"
        "projector: hf://org/parts/mmproj.gguf\ndraft: hf://org/parts/draft.gguf\n"
        "adapters: [hf://org/parts/lora.gguf]\n"
        "chat_template: hf.co/org/original\ntokenizer: hf.co/org/original\ntarget: '0.33.0'"
    )
    package = folder.load(keys)
    assert sorted(folder.names) == [
        "adapters.1",
        "chat_template",
        "draft",
        "projector",
        "tokenizer",
        "variants.q4",
        "variants.q8",
    ]
    assert isinstance(package.chat_template, Path) and package.chat_template.read_bytes() == jinja
    assert isinstance(package.tokenizer, Path)
    assert (package.tokenizer / "tokenizer.json").read_bytes() == tokenizer
    assert [file["digest"] for file in folder.names["tokenizer"]["files"]] == [sha(tokenizer), sha(config)]
    assert hub.cdn.sent() == 0  # of a GGUF nothing was read
    hub.asked.clear()
    again = folder.load(keys)
    assert (again.chat_template, again.tokenizer, again.variants) == (
        package.chat_template,
        package.tokenizer,
        package.variants,
    )
    # One repository is asked once, however many of its files are named; small files are in the cache.
    assert len([a for a in hub.asked if "/tree/" in a.path and "org/repo" in a.path]) == 1
    assert not [a for a in hub.asked if "org/original" in a.path]
    package.chat_template.resolve().write_bytes(b"{{ other }}")
    error = folder.refused(keys, "MK489")
    assert error.span and error.span.line == 6


def test_a_web_server(web_file: WebServer, folder: Folder) -> None:
    keys = f"model: {web_file.url}/m.gguf"
    package = folder.load(keys)
    assert folder.names["model"]["name"] == f"{web_file.url}/m.gguf"
    assert folder.load(keys).model == package.model
    web_file.data = NEW + b"!"
    assert "its server has another state of it" in folder.refused(keys, "MK489").message
    web_file.data = OLD
    bring([package.model])
    web_file.data = NEW + b"!"
    assert folder.load(keys).model.read_bytes() == OLD


def test_modelscope(modelscope: ModelScopeServer, folder: Folder) -> None:
    modelscope.add("org/repo", {"m-Q8_0.gguf": OLD})
    keys = "model: ms://org/repo:Q8_0"
    package = folder.load(keys)
    modelscope.add("org/repo", {"m-Q8_0.gguf": OLD, "README.md": b"more"})
    assert folder.load(keys).model == package.model  # another commit of the same file
    modelscope.add("org/repo", {"m-Q8_0.gguf": NEW})
    assert sha(NEW) in folder.refused(keys, "MK489").message
    modelscope.add("org/repo", {"m-Q8_0.gguf": OLD})
    bring([package.model])
    modelscope.repos.clear()
    assert folder.load(keys).model.read_bytes() == OLD


def test_locked_writes_nothing(hub: HubServer, folder: Folder) -> None:
    hub.add("org/repo", {"m-Q8_0.gguf": OLD, "mmproj-m.gguf": NEW})
    error = folder.refused(f"model: {NAME}", "MK491", "locked")
    assert "not in mkmodelfile.lock" in error.message and not folder.lock.exists()
    both = f"model: {NAME}\nprojector: hf.co/org/repo/mmproj-m.gguf"
    folder.load(both)
    folder.load(both, "locked")
    assert "the lock has `projector`" in folder.refused(f"model: {NAME}", "MK491", "locked").message
    folder.load(f"model: {NAME}")
    assert list(folder.names) == ["model"]
    folder.load("model: m.gguf")
    assert list(folder.names) == ["model"]  # without names it is left alone
    folder.load("model: m.gguf", "update")
    assert not folder.lock.exists()


def test_a_variant_that_fails_keeps_its_lock(hub: HubServer, folder: Folder) -> None:
    files = {"m-Q8_0.gguf": OLD, "m-Q4_K_M.gguf": NEW}
    commit = hub.add("org/repo", files).commit
    keys = "model: m.gguf\nvariants: {a: hf.co/org/repo:Q8_0, b: hf.co/org/repo:Q4_K_M}"
    folder.load(keys)
    before = folder.lock.read_bytes()
    hub.add("org/repo", {**files, "m-Q8_0.gguf": NEW + b"!"}, commit=commit)
    places._REMOTE.clear()
    package = folder.load(keys)
    assert [v.problem.code if v.problem else None for v in package.variants] == ["MK489", None]
    assert folder.lock.read_bytes() == before


def test_a_folder_that_cannot_be_written(
    hub: HubServer, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    monkeypatch.setattr("modelfile_kit.package.named_files.write_atomically", refuse)
    folder.load(f"model: {NAME}")
    assert "so the names are not locked" in said()
    with pytest.raises(UsageError) as caught:
        folder.load(f"model: {NAME}", "update")
    assert caught.value.code == "MK903"


def test_two_packages_in_one_folder(hub: HubServer, folder: Folder) -> None:
    hub.add("org/repo", {"m-Q8_0.gguf": OLD, "m-Q4_K_M.gguf": NEW})
    folder.load(f"model: {NAME}")
    other = folder.path / "small.yaml"
    other.write_text("name: small\nmodel: hf.co/org/repo:Q4_K_M\n")
    load_package(other)
    assert sorted(path.name for path in folder.path.glob("*.lock")) == ["mkmodelfile.lock", "small.lock"]
    folder.load(f"model: {NAME}", "locked")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("hf.co/org", "did you mean `hf.co/org/REPO`?"),
        ("huggingface.co/", "did you mean `huggingface.co/ORG/REPO`?"),
        ("hf:org/repo", "did you mean `hf://org/repo`?"),
        ("ollama:glm4", "did you mean `ollama://glm4`?"),
        ("https:/example.org/m.gguf", "did you mean `https://example.org/m.gguf`?"),
        ("hf://org", "expected a path, a URL"),
        ("s3://bucket/m.gguf", "expected a path, a URL"),
    ],
)
def test_near_names(folder: Folder, value: str, hint: str) -> None:
    error = folder.refused(f"model: {value}", "MK480")
    assert hint in error.help and error.span and (error.span.line, error.span.column) == (2, 8)
    assert not folder.lock.exists()


def test_a_path_that_only_looks_like_a_name(folder: Folder) -> None:
    (folder.path / "hf.co").mkdir()
    (folder.path / "hf.co" / "org").write_bytes(OLD)
    assert folder.load("model: hf.co/org").model == folder.path / "hf.co" / "org"
    assert not folder.lock.exists()


def test_variants_have_entries_of_their_own(hub: HubServer, folder: Folder) -> None:
    """However they are written, and whatever their tags."""
    hub.add("org/repo", {"m-Q8_0.gguf": OLD, "m-Q4_K_M.gguf": NEW})
    folder.load("variants: {a: hf.co/org/repo:Q8_0, a.model: hf.co/org/repo:Q4_K_M}")
    assert list(folder.names) == ["variants.a", "variants.a.model"]
    folder.load("variants: {a: {model: 'hf.co/org/repo:Q8_0'}, a.model: hf.co/org/repo:Q4_K_M}", "locked")


def test_a_model_in_parts(hub: HubServer, folder: Folder) -> None:
    """Though the cache has one of the parts."""
    parts = {f"m-Q8_0-0000{n}-of-00002.gguf": OLD + bytes([n]) for n in (1, 2)}
    hub.add("org/repo", parts)
    package = folder.load(f"model: {NAME}")
    assert [file["path"] for file in folder.names["model"]["files"]] == list(parts)
    bring([package.model])
    push(hub, {"m-Q8_0.gguf": NEW})
    places._REMOTE.clear()
    assert folder.load(f"model: {NAME}").model == package.model
    second = package.model.with_name("m-Q8_0-00002-of-00002.gguf")
    assert places.is_there(second) and not second.exists()
    bring([second])
    assert second.read_bytes() == parts[second.name]
    hub.asked.clear()
    folder.load(f"model: {NAME}")
    assert hub.asked == []


def test_a_part_of_a_repository_is_not_locked(
    hub: HubServer, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The projector that the cache lacks must not be forgotten for good."""
    commit = hub.add("org/repo", {"m-Q8_0.gguf": OLD, "mmproj-m.gguf": NEW}).commit
    bring([folder.load(f"model: {NAME}").model])
    folder.lock.unlink()
    said()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert folder.load(f"model: {NAME}").model.read_bytes() == OLD
    assert "not locked: only the cache was read (HF_HUB_OFFLINE is set)" in said()
    assert not folder.lock.exists()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    folder.load(f"model: hf://org/repo@{commit}/m-Q8_0.gguf")
    assert [file["path"] for file in folder.names["model"]["projectors"]] == ["mmproj-m.gguf"]


def test_ollama(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "models"
    monkeypatch.setenv("OLLAMA_MODELS", str(store))
    manifest = store / "manifests" / "registry.ollama.ai" / "library" / "m" / "latest"
    manifest.parent.mkdir(parents=True)
    (store / "blobs").mkdir()

    def create(data: bytes) -> Path:
        layer = {"mediaType": "application/vnd.ollama.image.model", "digest": sha(data), "size": len(data)}
        manifest.write_text(json.dumps({"schemaVersion": 2, "layers": [layer]}))
        blob = store / "blobs" / sha(data).replace(":", "-")
        blob.write_bytes(data)
        return blob

    old = create(OLD)
    assert folder.load("model: ollama://m").model == old
    create(NEW)
    assert folder.load("model: ollama://m").model == old  # Ollama has not pruned it yet
    old.unlink()
    assert sha(NEW) in folder.refused("model: ollama://m", "MK489").message
    assert folder.load("model: ollama://m", "update").model.read_bytes() == NEW


def test_two_commands_at_once(hub: HubServer, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds that the first has locked another state while it looked the name up."""
    hub.add("org/repo", {"m-Q8_0.gguf": OLD})
    named_files = importlib.import_module("modelfile_kit.package.named_files")
    found = named_files.NamedFiles._found

    def slow(self: Any, asked: Any) -> Any:
        mine = found(self, asked)
        monkeypatch.setattr(named_files.NamedFiles, "_found", found)
        push(hub, {"m-Q8_0.gguf": NEW})
        folder.load(f"model: {NAME}")
        return mine

    monkeypatch.setattr(named_files.NamedFiles, "_found", slow)
    assert "has just locked another state of `model`" in folder.refused(f"model: {NAME}", "MK489").message
    assert folder.names["model"]["files"][0]["digest"] == sha(NEW)
    folder.load(f"model: {NAME}", "locked")
