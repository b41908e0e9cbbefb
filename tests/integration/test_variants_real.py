"""Eight variants on a real server: one compile, shared files once, and a failure that stays one."""

from __future__ import annotations

import pytest

from modelfile_kit.building.shared_work import SharedWork
from modelfile_kit.building.variants import build_variants
from modelfile_kit.publish.variants import publish_variants
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
