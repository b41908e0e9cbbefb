"""Eight variants on a real server: one compile, shared files once, and a failure that stays one."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.shared_work import SharedWork
from modelfile_kit.building.variants import build_variants
from modelfile_kit.cli.main import run
from modelfile_kit.publish.variants import publish_variants
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.sources.registry import Registry
from tests.ollama_process import OllamaProcess
from tests.registry_process import RegistryProcess, running_registry
from tests.variant_files import TYPES, write_variants

pytestmark = pytest.mark.server


def digests(server) -> dict[str, str]:
    return {m["model"]: m["digest"] for m in server.models()}


def test_eight_tags_with_one_compile(ollama_server, tmp_path):
    write_variants(tmp_path, list(TYPES))
    work = SharedWork()
    builds = build_variants(tmp_path, shared=work)
    assert work.counts == {"compile": 1}
    # One is verified to the end; the others differ by nothing that a server could get wrong.
    done = list(publish_variants(builds[:1], host=ollama_server.url))
    done += publish_variants(builds[1:], host=ollama_server.url, verify=False)
    assert [one.result for one in done] == ["published"] * 8
    assert done[0].done.verified.ok
    listed = digests(ollama_server)
    assert set(listed) == {"m:latest", *(f"m:{kind.lower()}" for kind in TYPES)}
    assert listed["m:latest"] == listed["m:f16"]
    assert len(set(listed.values())) == 8
    files = [*(b.package.model for b in builds), builds[0].built.files.projector]
    sent = [blob.path for one in done for blob in one.done.blobs if blob.uploaded]
    assert len(sent) == len(files)
    assert {path.resolve() for path in sent} == {path.resolve() for path in files if path}
    # the server itself says which quantization each is
    for kind in ("Q8_0", "IQ4_XS"):
        assert ollama_server.show(f"m:{kind.lower()}")["details"]["quantization_level"] == kind
    again = list(publish_variants(builds, host=ollama_server.url, verify=False))
    assert [one.result for one in again] == ["unchanged"] * 8
    assert digests(ollama_server) == listed


def test_one_that_fails_its_verification_leaves_the_others(ollama_server, tmp_path):
    broken = {"Q4_K_M": {"glm4.attention.layer_norm_rms_epsilon": 1e6}}
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"], broken)
    builds = build_variants(tmp_path, write=False)
    done = list(publish_variants(builds, host=ollama_server.url))
    assert [one.result for one in done] == ["published", "not verified"]
    assert set(digests(ollama_server)) == {"m:q8_0", "m:latest"}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RegistryProcess]:
    with running_registry(tmp_path / "registry", redirect=True) as process:
        yield process


def push(*arguments: object) -> tuple[int, Any, str]:
    """Exit code, report and stderr of one `push`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["push", *map(str, arguments), "--insecure", "--format", "json"])
    return code, json.loads(out.getvalue() or "{}"), err.getvalue()


def test_all_are_pushed_and_a_second_server_has_them(ollama_server, ollama_process, registry, tmp_path):
    package = tmp_path / "package"
    pair = write_variants(package, ["Q8_0", "Q4_K_M"])
    name = f"{registry.host}/me/m"
    second = OllamaProcess(ollama_process.program, tmp_path / "second")
    second.start()
    try:
        where = ("--to", name, "--host", ollama_server.url)
        code, report, err = push(package, *where, "--no-verify", "--verify-on", second.url)
        assert code == 0, err
        assert [(row["name"], row["also"], row["result"]) for row in report["table"]] == [
            (f"{name}:q8_0", [name], "pushed"),
            (f"{name}:q4_k_m", [], "pushed"),
        ]
        # what the second server says is what was verified
        assert {case["name"].partition("/")[0] for case in report["cases"]} == {"q8_0", "q4_k_m"}
        assert len(report["cases"]) > 10
        with OllamaServer(second.url) as other:
            assert {m["model"] for m in other.models()} == {f"{name}:q8_0", f"{name}:q4_k_m"}
            assert other.show(f"{name}:q4_k_m")["details"]["quantization_level"] == "Q4_K_M"
    finally:
        second.stop()
    with Registry(registry.host, insecure=True) as client:
        assert set(client.tags("me/m")) == {"q8_0", "latest", "q4_k_m"}
        first, main = (client.manifest("me/m", tag) for tag in ("q8_0", "latest"))
        assert first.digest == main.digest
        # the projector is one blob of both
        second_one = client.manifest("me/m", "q4_k_m")
        shared = [d.size for d in first.layers if d in second_one.layers]
        assert pair.projector is not None
        assert shared.count(pair.projector.stat().st_size) == 1
    assert {m["model"] for m in ollama_server.models()} >= {f"{name}:q8_0", f"{name}:q4_k_m"}


def test_the_kit_pushes_all_or_some_and_sends_once_what_they_share(registry, tmp_path):
    package = tmp_path / "package"
    pair = write_variants(package, ["Q8_0", "Q4_K_M", "F16"])
    name = f"{registry.host}/me/kit"
    line = (package, "--to", name, "--by", "kit")
    code, report, err = push(*line, "--variant", "q4_k_m", "--dry-run")
    assert code == 0, err
    assert f"would push {name}:q4_k_m without a server" in err
    assert registry.blobs() == set()
    code, _, err = push(*line, "--variant", "q4_k_m")
    assert code == 0, err
    with Registry(registry.host, insecure=True) as client:
        assert client.tags("me/kit") == ["q4_k_m"]
    code, report, err = push(*line)
    assert code == 0, err
    assert [row["result"] for row in report["table"]] == ["pushed"] * 3
    models = [p.stat().st_size for p in package.glob("M-*.gguf")]
    assert pair.projector is not None
    large = [f.stat().st_size for f in registry.data.rglob("data") if f.stat().st_size > 100_000]
    assert sorted(large) == sorted([*models, pair.projector.stat().st_size])
    said = [text for text in err.splitlines() if text.startswith(f"pushed {name}")]
    assert [text.partition(" (")[0].rpartition("/")[2] for text in said] == [
        "kit:q8_0",
        "kit",
        "kit:q4_k_m",
        "kit:f16",
    ]
    assert "(0.0 of" in said[1] and "(0.0 of" in said[2]


def test_a_registry_that_takes_nothing_is_asked_once(ollama_server, tmp_path):
    package = tmp_path / "package"
    write_variants(package, ["Q8_0", "Q4_K_M"])
    name = "127.0.0.1:9/me/m"
    code, report, err = push(package, "--to", name, "--host", ollama_server.url, "--no-verify")
    assert code == 2
    assert "MK802" in err or "MK802" in json.dumps(report)
    # the first was published before it was pushed, and the way to be rid of it is said
    assert {m["model"] for m in ollama_server.models()} == {f"{name}:q8_0", f"{name}:latest"}
    assert f"ollama rm {name}:q8_0" in err + json.dumps(report)
