from __future__ import annotations

import os

from modelfile_kit.fit.sources import open_model
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.split import check_split, split_of
from modelfile_kit.sources import places
from modelfile_kit.sources.resolve import resolve
from tests.gguf_file.handmade import Typed, gguf, tensor


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


def test_a_header_is_fetched_once(hub, model, monkeypatch) -> None:
    hub.add("org/repo", {"m-Q4_0.gguf": model})
    path = resolve("hf.co/org/repo").path
    first = read_header(path)
    sent = hub.cdn.sent()
    assert first.data_offset < sent < len(model)
    monkeypatch.chdir(path.anchor)
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


def test_the_parts_of_a_split_model_are_read_by_ranges(hub) -> None:
    def part(number: int) -> bytes:
        keys = {"split.no": Typed("uint16", number), "split.count": Typed("uint16", 2)}
        return gguf(keys, [tensor(f"w{number}", (1024, 1024))], bytes(4 * 1024**2))

    names = [f"Q8_0/m-Q8_0-0000{n + 1}-of-00002.gguf" for n in range(2)]
    hub.add("org/repo", {name: part(number) for number, name in enumerate(names)})
    header = read_header("hf.co/org/repo")
    split = split_of(header)
    assert split is not None and split.missing == ()
    assert [p.name for p in split.parts] == [name.rpartition("/")[2] for name in names]
    assert check_split(header) == []
    assert [t.name for t in open_model("hf.co/org/repo").tensors] == ["w0", "w1"]
    assert hub.cdn.sent() < 2 * 1024**2
