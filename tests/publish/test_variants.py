"""Variants on a server: each whole or not at all, and what they share sent once."""

from __future__ import annotations

import os
import time

import pytest

from modelfile_kit.building.variants import build_variants
from modelfile_kit.core.errors import UsageError
from modelfile_kit.publish.variants import VariantPublish, publish_variants
from tests.publish.fake_ollama import FakeOllama, lines
from tests.variant_files import write_variants


@pytest.fixture
def ollama(httpserver):
    return FakeOllama(httpserver)


@pytest.fixture
def go(ollama, tmp_path):
    def run(*kinds, names=None, **options) -> list[VariantPublish]:
        folder = tmp_path / "package"
        if not folder.exists():
            write_variants(folder, kinds)
            stamp = time.time() - 60
            for file in folder.glob("*.gguf"):
                os.utime(file, (stamp, stamp))
        options = {"verify": False, "host": ollama.url, "cache_folder": tmp_path / "cache", **options}
        return list(publish_variants(build_variants(folder, write=False), names, **options))

    return run


def test_each_has_its_tag_and_the_main_one_the_name(ollama, go):
    done = go("Q8_0", "Q4_K_M", "F16")
    assert set(ollama.models) == {"m:q8_0", "m:latest", "m:q4_k_m", "m:f16"}
    assert ollama.models["m:latest"] == ollama.models["m:q8_0"]
    assert [d.result for d in done] == ["published"] * 3
    assert [d.names for d in done] == [("m:q8_0", "m"), ("m:q4_k_m",), ("m:f16",)]


def test_the_projector_is_sent_once(ollama, go, tmp_path):
    done = go("Q8_0", "Q4_K_M", "F16")
    size = {p.name: p.stat().st_size for p in (tmp_path / "package").glob("*.gguf")}
    sent = sum(d.done.uploaded_bytes for d in done if d.done)
    models = sum(n for name, n in size.items() if name.startswith("M-"))
    assert sent == models + size["mmproj-micro-glm4v.gguf"]


def test_a_dry_run_counts_it_once_too(ollama, go, tmp_path):
    done = go("Q8_0", "Q4_K_M", dry_run=True)
    assert [d.result for d in done] == ["would be published"] * 2
    size = {p.name: p.stat().st_size for p in (tmp_path / "package").glob("*.gguf")}
    of_models = size["M-Q8_0.gguf"] + size["M-Q4_K_M.gguf"]
    assert sum(d.done.uploaded_bytes for d in done if d.done) == of_models + size["mmproj-micro-glm4v.gguf"]
    assert ollama.models == {}


def test_one_that_is_refused_keeps_its_name_as_it_was(ollama, go, monkeypatch, tmp_path):
    go("Q8_0", "Q4_K_M", "F16")
    before, create = dict(ollama.models), ollama._create

    def refusing(request, body):
        if "m:q4_k_m" in str(body) or "M-Q4_K_M.gguf" in str(body):
            return lines([{"error": "no space left on device"}])
        return create(request, body)

    monkeypatch.setattr(ollama, "_create", refusing)
    with (tmp_path / "package" / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("system: Be brief.\n")
    done = go()
    assert [d.result for d in done] == ["published", "failed", "published"]
    assert "no space left" in str(done[1].error)
    assert ollama.models["m:q4_k_m"] == before["m:q4_k_m"]
    others = {"m:q8_0", "m:latest", "m:f16"}
    assert {name for name in others if ollama.models[name].get("system") == "Be brief."} == others
    assert set(ollama.models) == {*others, "m:q4_k_m"}


def test_names_of_the_caller(ollama, go):
    go("Q8_0", names={"q8_0": ("me/other:8", "me/other")})
    assert set(ollama.models) == {"me/other:8", "me/other:latest"}


def test_a_name_that_is_none_is_refused_before_anything_is_sent(ollama, go):
    with pytest.raises(UsageError):
        go("Q8_0", "Q4_K_M", names={"q8_0": ("m:q8_0",), "q4_k_m": ("a b",)})
    assert ollama.models == {}


def test_one_that_was_not_built_is_told_and_the_others_are_published(ollama, go, tmp_path):
    go("Q8_0", "Q4_K_M", dry_run=True)
    (tmp_path / "package" / "M-Q8_0.gguf").unlink()
    missing, other = go()
    assert (missing.result, other.result) == ("not built", "published")
    assert set(ollama.models) == {"m:q4_k_m"}


def test_a_server_that_is_gone_ends_it(go):
    first, second = go("Q8_0", "Q4_K_M", host="http://127.0.0.1:9")
    assert (first.result, first.tried) == ("failed", True)
    assert (second.result, second.tried) == ("not tried", False)
    assert second.error is first.error
