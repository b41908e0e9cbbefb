from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import GGUFError, SourceError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources.name import parse_name
from modelfile_kit.sources.resolve import open_repository, open_source, place_of, resolve


def test_a_path_is_itself(tmp_path) -> None:
    found = resolve(tmp_path / "a.gguf")
    assert (found.path, found.title, found.revision, found.digest) == (
        tmp_path / "a.gguf",
        str(found.path),
        "",
        "",
    )
    assert found.fetch() == found.path and found.size is None
    assert place_of("none/a.gguf") == Path("none/a.gguf")
    with pytest.raises(GGUFError, match="file not found"):
        found.open()
    found.path.write_bytes(b"abc")
    source = open_source(found.path)
    assert (source.read(9), source.size) == (b"abc", 3)
    source.close()


def test_the_parts_of_a_split_model(hub, model) -> None:
    parts = {f"Q8/m-Q8_0-0000{n}-of-00002.gguf": model + bytes([n]) for n in (1, 2)}
    hub.add("org/repo", {**parts, "m-Q4_0.gguf": model})
    found = resolve("hf.co/org/repo:Q8_0")
    assert [p.path for p in found.parts] == sorted(parts)
    assert found.size == 2 * len(model) + 2
    told: list[tuple[int, int]] = []
    first = found.fetch(lambda done, total: told.append((done, total)))
    assert [p.name for p in sorted(first.parent.glob("*.gguf"))] == [Path(p).name for p in sorted(parts)]
    assert told == sorted(told) and told[-1] == (found.size, found.size)
    second = resolve("hf.co/org/repo/Q8/m-Q8_0-00002-of-00002.gguf")
    assert [p.path for p in second.parts] == ["Q8/m-Q8_0-00002-of-00002.gguf"]
    assert len(resolve("hf.co/org/repo/Q8/m-Q8_0-00001-of-00002.gguf").parts) == 2


def test_what_a_lock_file_keeps(hub, model) -> None:
    repo = hub.add("org/repo", {"m-Q4_0.gguf": model})
    kept = resolve("hf.co/org/repo").to_dict()
    assert kept["name"] == "hf.co/org/repo" and kept["title"] == "hf.co/org/repo/m-Q4_0.gguf"
    assert kept["revision"] == repo.commit
    assert kept["files"][0]["size"] == len(model) and kept["files"][0]["digest"].startswith("sha256:")


def test_any_file_can_be_named(hub) -> None:
    hub.add("org/repo", {"chat_template.jinja": b"{{ messages }}", "mmproj-F16.gguf": b"x"})
    assert resolve("hf.co/org/repo/chat_template.jinja").open().read(99) == b"{{ messages }}"
    assert resolve("hf.co/org/repo/mmproj-F16.gguf").parts[0].size == 1
    with pytest.raises(SourceError, match="has no file") as e:
        resolve("hf.co/org/repo/x.gguf")
    assert "its GGUF files are mmproj-F16.gguf" in e.value.help


def test_every_kind_has_its_repository(hub, modelscope, model, httpserver) -> None:
    kinds = {
        "hf.co/org/repo": "HubRepository",
        "ms://org/repo": "ModelScopeRepository",
        "ollama://m": "OllamaModel",
        "https://example.org/m.gguf": "WebFile",
    }
    for text, kind in kinds.items():
        assert type(open_repository(parse_name(text))).__name__ == kind


def test_a_file_in_place_of_a_name(hub, model, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hf.co" / "org" / "repo"
    path.parent.mkdir(parents=True)
    path.write_bytes(model)
    hub.add("org/repo", {"m-Q4_0.gguf": model + b"more"})
    assert read_header("hf.co/org/repo").size == len(model)
