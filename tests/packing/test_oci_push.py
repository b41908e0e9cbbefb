"""Artifacts in a real registry: what arrives is what was made, and nothing is sent twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modelfile_kit.core.errors import KitError
from modelfile_kit.packing.model_pack import ARTIFACT
from modelfile_kit.packing.oci_layout import make_artifact
from modelfile_kit.packing.oci_push import push_artifact
from modelfile_kit.publish.create_request import read_request
from modelfile_kit.sources.registry import Registry
from tests.registry_process import RegistryProcess, running_registry

NAME = "team/demo"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with running_registry(tmp_path_factory.mktemp("registry")) as process:
        yield process


@pytest.fixture
def registry(real: RegistryProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    with Registry(real.host, insecure=True) as client:
        yield client


def pulled(host: str, repository: str, tag: str, folder: Path) -> dict[str, object]:
    """What a plain client gets: the files by the paths in the manifest, each with its digest checked."""
    base = f"http://{host}/v2/{repository}"
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    manifest = httpx.get(f"{base}/manifests/{tag}", headers=accept, trust_env=False)
    assert manifest.headers["content-type"] == accept["Accept"]
    found: dict[str, object] = manifest.json()
    for layer in [*found["layers"], found["config"]]:  # type: ignore[misc]
        data = httpx.get(f"{base}/blobs/{layer['digest']}", trust_env=False, follow_redirects=True).content
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == layer["digest"]
        name = layer.get("annotations", {}).get("org.cncf.model.filepath", "config")
        (folder / name).write_bytes(data)
    return found


def test_what_was_pushed_makes_the_model(seeing, registry, real, tmp_path) -> None:
    built = seeing("system: Be brief.\n")
    artifact = make_artifact(built)
    done = push_artifact(artifact, registry, NAME, "v1")
    assert (done.name, done.replaced) == (f"{real.host}/{NAME}:v1", "")
    assert set(done.sent) == {"config", *(layer.name for layer in artifact.layers)}
    folder = tmp_path / "pulled"
    folder.mkdir()
    manifest = pulled(real.host, NAME, "v1", folder)
    assert manifest["artifactType"] == ARTIFACT
    assert json.loads((folder / "config").read_text())["config"]["format"] == "gguf"
    request = read_request(folder / "Modelfile")
    assert {f.path for f in request.files} == {
        folder / "micro-glm4v.gguf",
        folder / "mmproj-micro-glm4v.gguf",
    }
    assert request.system == "Be brief."


def test_nothing_is_sent_twice(seeing, registry) -> None:
    artifact = make_artifact(seeing("system: a\n"))
    push_artifact(artifact, registry, "team/twice")
    again = push_artifact(artifact, registry, "team/twice")
    assert (again.unchanged, again.sent) == (True, {})
    other = push_artifact(make_artifact(seeing("system: b\n")), registry, "team/twice")
    assert (other.replaced, other.unchanged) == (artifact.digest, False)
    assert set(other.sent) == {"Modelfile", "config"}


def test_a_dry_run_sends_nothing(seeing, registry, real) -> None:
    before = real.blobs()
    done = push_artifact(make_artifact(seeing("system: dry\n")), registry, "team/dry", dry_run=True)
    assert "Modelfile" in done.sent and "micro-glm4v.gguf" in done.sent
    assert real.blobs() == before
    assert registry.manifest_digest("team/dry", "latest") is None


def test_a_registry_that_is_not_there(seeing) -> None:
    with Registry("127.0.0.1:9", insecure=True) as registry, pytest.raises(KitError) as caught:
        push_artifact(make_artifact(seeing()), registry, NAME)
    assert caught.value.help
