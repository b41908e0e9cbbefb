from __future__ import annotations

import os

from modelfile_kit.gguf_file import read_header
from modelfile_kit.sources import places
from modelfile_kit.sources.resolve import resolve


def test_a_place_is_read_by_ranges_until_the_file_is_there(hub, model) -> None:
    hub.add("org/repo", {"m-Q4_0.gguf": model, "mmproj-F16.gguf": model[:5000]})
    found = resolve("hf.co/org/repo")
    assert not found.path.exists()
    assert places.is_there(found.path) and not places.is_there(found.path.with_name("other.gguf"))
    assert [p.name for p in places.remote_in(found.path.parent)] == ["m-Q4_0.gguf", "mmproj-F16.gguf"]
    header = read_header(found.path)
    assert header.source == str(found.path)
    assert header.size == len(model)
    found.fetch()
    assert places.remote(found.path) is None
    assert [p.name for p in places.remote_in(found.path.parent)] == ["mmproj-F16.gguf"]


def test_a_header_is_fetched_once(hub, model) -> None:
    hub.add("org/repo", {"m-Q4_0.gguf": model})
    path = resolve("hf.co/org/repo").path
    first = read_header(path)
    sent = hub.cdn.sent()
    assert first.data_offset < sent < len(model)
    os.chdir(path.anchor)
    again = read_header(os.path.relpath(path))
    assert again.metadata["t"][49_999] == first.metadata["t"][49_999]
    assert hub.cdn.sent() == sent
    (said,) = places.take_remarks()
    assert said == places.Remark("hf.co/org/repo/m-Q4_0.gguf", "", sent, len(model))
    assert places.take_remarks() == []


def test_few_beginnings_are_kept(hub, model, monkeypatch) -> None:
    monkeypatch.setattr(places, "KEPT", 2)
    hub.add("org/repo", {f"m-{name}.gguf": model for name in ("Q4_0", "Q5_0", "Q8_0")})
    found = [resolve(f"hf.co/org/repo:{name}").path for name in ("Q4_0", "Q5_0", "Q8_0")]
    for path in found:
        read_header(path)
    kept = [len(remote.beginning) for remote in places._REMOTE.values()]
    assert sorted(bool(n) for n in kept) == [False, True, True]
    before = hub.cdn.sent()
    assert read_header(found[0]).size == len(model)
    assert hub.cdn.sent() > before


def test_reading_on_beyond_what_is_kept(hub, model) -> None:
    hub.add("org/repo", {"m-Q4_0.gguf": model})
    path = resolve("hf.co/org/repo").path
    read_header(path)
    found = places.remote(path)
    assert found is not None
    source = places.open_remote(found, "x")
    whole = b""
    while part := source.read(1 << 20):
        whole += part
    source.close()
    assert whole == model
    again = places.open_remote(found, "x")
    assert again.read(8) == model[:8]
    again.close()
