"""What lies on a hub is fetched before it is packed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelfile_kit.core.progress import Step
from modelfile_kit.packing.bring_here import bring_here
from modelfile_kit.packing.hub_files import write_hub_files
from modelfile_kit.packing.hub_push import push_to_hub
from modelfile_kit.packing.oci_layout import write_layout
from modelfile_kit.sources.hub import HubRepository
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.places import remember
from tests.hub_commits import TOKEN, Repo, commit_hub
from tests.hub_server import hub_server
from tests.packing.judge import judge

pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (extra hub)")


@pytest.fixture
def remote_build(seeing, micro_pair, monkeypatch, tmp_path):
    """A build whose model lies on a hub."""
    with hub_server() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        hub.add("org/there", {"there-F32.gguf": micro_pair.model.read_bytes()})
        repository = HubRepository(parse_name("hf.co/org/there"))
        [file] = repository.files()
        remember(repository, [file])
        built = seeing()
        place = repository.place(file)
        assert not place.exists()
        yield replace(built, files=replace(built.files, model=place))


def test_the_file_is_here_afterwards(remote_build, micro_pair) -> None:
    told: list[Step] = []
    bring_here(remote_build, progress=told.append)
    assert remote_build.files.model.read_bytes() == micro_pair.model.read_bytes()
    assert told[-1].done == told[-1].total == micro_pair.model.stat().st_size
    assert told[-1].subject == "hf.co/org/there/there-F32.gguf"
    told.clear()
    bring_here(remote_build, progress=told.append)
    assert told == []


def test_for_a_hub(remote_build, micro_pair) -> None:
    folder, _ = write_hub_files(remote_build)
    assert (folder / "there-F32.gguf").read_bytes() == micro_pair.model.read_bytes()


def test_a_dry_run_of_a_push_fetches_nothing(remote_build, micro_pair, monkeypatch) -> None:
    with commit_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        hub.repos["org/demo"] = Repo({"there-F32.gguf": micro_pair.model.read_bytes()})
        push = push_to_hub(remote_build, "org/demo", dry_run=True, overwrite=True)
    assert {f.name: f.what for f in push.files}["there-F32.gguf"] == "same"
    assert not remote_build.files.model.exists()


def test_for_a_registry(remote_build) -> None:
    assert judge(write_layout(remote_build)[0]) == []
