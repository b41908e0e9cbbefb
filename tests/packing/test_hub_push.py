"""Pushing to the hub with the real huggingface_hub, to a hub that takes commits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core import http_client
from modelfile_kit.core.errors import KitError, ServerError, UsageError
from modelfile_kit.packing.hub_client import Remote
from modelfile_kit.packing.hub_files import write_hub_files
from modelfile_kit.packing.hub_push import LEDGER, Contents, HubPush, plan_files, push_to_hub
from tests.hub_commits import READER, TOKEN, CommitHub, Repo, commit_hub
from tests.hub_registry import HubRegistry

pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (extra hub)")

NAME = "org/demo"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommitHub]:
    """A hub, and a client of it that may write."""
    with commit_hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


def done(push: HubPush) -> dict[str, str]:
    return {file.name: file.what for file in push.files}


def test_a_new_repository(seeing, hub, micro_pair) -> None:
    push = push_to_hub(seeing("system: Be brief.\n"), NAME, create=True)
    assert (push.created, push.url, push.name) == (True, f"{hub.url}/{NAME}", f"hf.co/{NAME}:F32")
    files = hub.repos[NAME].files
    assert set(done(push).values()) == {"new"}
    assert set(files) == {*done(push), LEDGER, ".gitattributes"}
    assert files["micro-glm4v-F32.gguf"] == micro_pair.model.read_bytes()
    assert files["system"] == b"Be brief."
    assert b"ollama run hf.co/org/demo:F32" in files["README.md"]
    assert push.commit == hub.repos[NAME].sha
    assert hub.tokens_elsewhere == []


@pytest.mark.parametrize(
    "ledger", [b"{", b'{"files": 5}', b'{"files": ' + b"[" * 100_000], ids=["cut", "other", "nested"]
)
def test_a_ledger_that_is_none_names_no_files(seeing, hub, ledger: bytes) -> None:
    package = seeing("system: Be brief.\n")
    push_to_hub(package, NAME, create=True)
    hub.repos[NAME].files[LEDGER] = ledger
    assert set(done(push_to_hub(package, NAME, overwrite=True)).values()) <= {"same", "changed", "new"}


def test_the_pushed_files_are_those_that_ollama_gets(seeing, hub, tmp_path) -> None:
    push_to_hub(seeing("system: Be brief.\n"), NAME, create=True)
    folder = tmp_path / "there"
    folder.mkdir()
    for name, data in hub.repos[NAME].files.items():
        (folder / name).write_bytes(data)
    manifest = json.loads(HubRegistry({NAME: folder}).manifest(NAME, "F32") or b"{}")
    kinds = [layer["mediaType"].rpartition(".")[2] for layer in manifest["layers"]]
    assert kinds == ["model", "projector", "template", "system", "params"]


def test_nothing_is_sent_twice(seeing, hub) -> None:
    push_to_hub(seeing(), NAME, create=True)
    commits = hub.sent("POST", "/commit/")
    again = push_to_hub(seeing(), NAME)
    assert set(done(again).values()) == {"same"}
    assert (again.commit, again.to_send, hub.sent("POST", "/commit/")) == ("", 0, commits)


def test_a_changed_setting_and_one_that_went(seeing, hub) -> None:
    push_to_hub(seeing("system: One.\n"), NAME, create=True)
    uploads = hub.sent("PUT", "/store/")
    push = push_to_hub(seeing("system: Two.\n"), NAME)
    assert {n for n, what in done(push).items() if what == "changed"} == {"system", "Modelfile"}
    assert hub.repos[NAME].files["system"] == b"Two."
    assert done(push_to_hub(seeing(), NAME))["system"] == "removed"
    assert "system" not in hub.repos[NAME].files
    assert hub.sent("PUT", "/store/") == uploads


def test_a_dry_run_changes_nothing(seeing, hub) -> None:
    push = push_to_hub(seeing(), NAME, create=True, dry_run=True)
    assert (push.created, push.commit, hub.repos) == (True, "", {})
    assert push.to_send == sum(file.size for file in push.files) > 1_000_000
    assert {m for m, _ in hub.asked} == {"GET"}


def test_a_dry_run_needs_no_token(seeing, hub, monkeypatch) -> None:
    hub.repos[NAME] = Repo()
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nonexistent")
    assert push_to_hub(seeing(), NAME, dry_run=True).commit == ""


def test_a_persons_files_are_not_overwritten(seeing, hub) -> None:
    hub.repos[NAME] = Repo({"README.md": b"theirs", "system": b"theirs", "params": b"{}", "notes": b"n"})
    with pytest.raises(UsageError) as caught:
        push_to_hub(seeing(), NAME)
    assert caught.value.code == "MK899"
    assert caught.value.message.endswith(": params, system")
    assert (hub.sent("POST", "/commit/"), hub.sent("PUT", "/store/")) == (0, 0)
    push = push_to_hub(seeing(), NAME, overwrite=True)
    assert done(push)["README.md"] == "kept"
    files = hub.repos[NAME].files
    assert (files["README.md"], files["notes"]) == (b"theirs", b"n")
    assert json.loads(files["params"])["stop"]
    assert "system" not in files


def test_what_was_edited_there_is_not_ours_any_more(seeing, hub) -> None:
    push_to_hub(seeing("system: One.\n"), NAME, create=True)
    hub.repos[NAME].files["system"] = b"edited"
    hub.repos[NAME].files["README.md"] = b"edited"
    with pytest.raises(UsageError, match=r": system$"):
        push_to_hub(seeing("system: Two.\n"), NAME)
    push = push_to_hub(seeing("system: edited\n"), NAME)
    assert (done(push)["system"], done(push)["README.md"]) == ("same", "kept")


def test_the_card_that_was_edited_in_the_folder_is_sent(seeing, hub) -> None:
    built = seeing()
    folder, _ = write_hub_files(built)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\nMine\n")
    push_to_hub(built, NAME, create=True)
    assert hub.repos[NAME].files["README.md"] == b"---\nlicense: mit\n---\n\nMine\n"


def test_a_commit_of_somebody_else_meanwhile(seeing, hub) -> None:
    hub.repos[NAME] = Repo()

    def commit() -> None:
        hub.repos[NAME].commit += 1

    hub.after_look = commit
    assert refused(seeing(), hub) == "MK898"
    assert "system" not in hub.repos[NAME].files
    push_to_hub(seeing(), NAME)
    # What had arrived was not sent again.
    assert hub.sent("PUT", "/store/") == 2


def test_a_file_that_the_repository_ignores(seeing, hub) -> None:
    hub.repos[NAME] = Repo()
    hub.ignored = {"params"}
    with pytest.raises(ServerError, match="without params"):
        push_to_hub(seeing(), NAME)


def test_another_projector_in_the_repository(seeing, hub) -> None:
    hub.repos[NAME] = Repo({"mmproj-other.gguf": b"x"})
    [found] = push_to_hub(seeing(), NAME).diagnostics
    assert (found.code, "mmproj-other.gguf" in found.message) == ("MK546", True)


def test_settings_hold_for_every_model_of_a_repository(seeing, hub) -> None:
    hub.repos[NAME] = Repo({"other-Q8_0.gguf": b"x"})
    [found] = push_to_hub(seeing("system: a\n"), NAME).diagnostics
    assert (found.code, "other-Q8_0.gguf" in found.message) == ("MK547", True)
    assert push_to_hub(seeing("system: a\n"), NAME).diagnostics == ()


def refused(built: Any, hub: CommitHub, **options: Any) -> str:
    with pytest.raises(KitError) as caught:
        push_to_hub(built, NAME, **options)
    assert TOKEN not in str(caught.value) and READER not in str(caught.value)
    assert caught.value.help
    return caught.value.code


def test_who_may_not(seeing, hub, monkeypatch) -> None:
    built = seeing()
    assert refused(built, hub) == "MK897"
    hub.repos[NAME] = Repo()
    monkeypatch.setenv("HF_TOKEN", READER)
    assert refused(built, hub) == "MK896"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(built, hub) == "MK896"
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nonexistent")
    assert refused(built, hub) == "MK896"
    assert hub.sent("PUT", "") == 0 and hub.sent("POST", "") == 0


@pytest.mark.parametrize(
    ("method", "part", "status", "code"),
    [
        ("POST", "/preupload/", 403, "MK896"),
        ("POST", "/commit/", 403, "MK896"),
        ("POST", "/commit/", 400, "MK804"),
        ("GET", "/api/models/", 403, "MK896"),
        ("POST", "/commit/", 409, "MK898"),
    ],
)
def test_refusals(seeing, hub, method: str, part: str, status: int, code: str) -> None:
    hub.repos[NAME] = Repo()
    hub.refuse[method, part] = (status, {})
    assert refused(seeing(), hub) == code
    assert hub.repos[NAME].files == {}


@pytest.mark.parametrize("name", ["demo", "a/b/c", "../x", "a/", "a b/c", "a/\x1b[2J", "https://hf.co/a/b"])
def test_no_names(seeing, hub, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        push_to_hub(seeing(), name)
    assert caught.value.code == "MK897"
    assert hub.asked == []


def test_no_connection(seeing, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert refused(seeing(), CommitHub()) == "MK802"


def test_a_token_never_travels_in_the_open(seeing, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert refused(seeing(), CommitHub()) == "MK817"


def test_the_library_sends_through_the_kits_client(seeing, hub, monkeypatch) -> None:
    """So that deadlines and the rules about secrets hold for pushes too."""
    seen: list[str] = []
    handle = http_client._Transport.handle_request

    def watch(self: Any, request: Any) -> Any:
        seen.append(f"{request.method} {request.url.path}")
        return handle(self, request)

    monkeypatch.setattr(http_client._Transport, "handle_request", watch)
    push_to_hub(seeing(), NAME, create=True)
    assert sorted(seen) == sorted(f"{method} {path}" for method, path in hub.asked)
    assert sum("/store/" in path for path in seen) == 2


def test_a_hub_that_never_answers_is_given_up(seeing, hub, monkeypatch) -> None:
    hub.repos[NAME] = Repo()
    hub.slow = 1.0
    with http_client.patience(deadline=0.3):
        assert refused(seeing(), hub) == "MK802"


def test_the_plan() -> None:
    ours = {name: Contents(name.encode(), 1, f"{name}-256") for name in ("a", "b", "README.md", "template")}
    remote = Remote("c", {"a": "a-256", "b": "old", "README.md": "x", "system": "s", "params": "p"})
    planned = plan_files(ours, remote, {"b": ["old"], "system": ["s"]})
    assert {file.name: file.what for file in planned} == {
        "a": "same",
        "b": "changed",
        "README.md": "kept",
        "template": "new",
        "system": "removed",
        "params": "foreign",
    }
