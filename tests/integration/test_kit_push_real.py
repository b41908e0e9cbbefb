"""A push without a server: its layers are those of a real server, and a real server pulls and verifies it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import KitError, ServerError
from modelfile_kit.micro import MicroPair
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.kit_push import push_by_kit
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.second_server import verify_elsewhere
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.sources.registry import Registry
from modelfile_kit.sources.registry_errors import RegistryError
from modelfile_kit.sources.registry_logins import Login
from tests.cutting_proxy import CuttingProxy
from tests.registry_process import RegistryProcess, registry_or_skip, running_registry

pytestmark = pytest.mark.server

PACKAGE = """\
name: tiny
model: {model}
projector: {projector}
system: Be brief & <kind>.
parameters: {{temperature: 0.5, num_ctx: 2048, top_p: 1}}
messages: [{{role: user, content: Hi}}, {{role: assistant, content: Hello}}]
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with running_registry(tmp_path_factory.mktemp("registry"), redirect=True) as process:
        yield process


@pytest.fixture
def package(tmp_path: Path, micro_pair: MicroPair) -> Path:
    text = PACKAGE.format(model=micro_pair.model, projector=micro_pair.projector)
    (tmp_path / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_its_layers_are_those_of_a_server(
    package: Path, registry: RegistryProcess, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    built = build(package, write=False)
    host, cache = registry.host, tmp_path / "cache"
    publish(built, f"{host}/me/server", host=ollama_server.url, push=True, insecure=True, verify=False)
    done = push_by_kit(built, f"{host}/me/kit", insecure=True, cache_folder=cache)
    with Registry(host, insecure=True) as client:
        right, ours = client.manifest("me/server", "latest"), client.manifest("me/kit", "latest")
        assert done.digest == ours.digest
        for kind in ("model", "projector", "template", "system", "params", "messages", "license"):
            mine, its = (
                [(d.digest, d.size) for d in m.layers if d.media_type.endswith(f".{kind}")]
                for m in (ours, right)
            )
            assert mine == its, kind
        assert len(ours.layers) == len(right.layers)
        assert ours.config == right.config
        assert ours.media_type == right.media_type


def test_a_server_pulls_and_verifies_it(
    package: Path, registry: RegistryProcess, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    built, name = build(package, write=False), f"{registry.host}/me/verified:q8"
    push_by_kit(built, name, insecure=True, cache_folder=tmp_path / "cache")
    meant = Expectation.from_build(built)
    report = verify_elsewhere(ollama_server.url, name, insecure=True, expectation=meant)
    assert report.ok, [c for c in report.checks if c.status == "fail"]


PUSHING = "import sys; from modelfile_kit.cli.main import main; sys.exit(main())"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_killed_in_the_middle_and_again(
    package: Path, registry: RegistryProcess, tmp_path: Path, micro_pair: MicroPair
) -> None:
    name_of = "me/killed-kit"
    with CuttingProxy(registry.host) as proxy:
        proxy.hold_after(micro_pair.model.stat().st_size // 2)
        arguments = ["push", str(package), "--by", "kit", "--to", f"{proxy.host}/{name_of}", "--insecure"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        process = subprocess.Popen(
            [sys.executable, "-c", PUSHING, *arguments], stderr=subprocess.PIPE, env=environment
        )
        proxy.wait_until_held(60)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        with Registry(registry.host, insecure=True) as client:
            assert client.manifest_digest(name_of, "latest") is None
        proxy.go_on()
        done = subprocess.run(
            [sys.executable, "-c", PUSHING, *arguments], capture_output=True, env=environment, timeout=100
        )
        assert done.returncode == 0, done.stderr
    with Registry(registry.host, insecure=True) as client:
        found = client.manifest(name_of, "latest")
        for descriptor in found.blobs:
            assert sum(map(len, client.read_blob(name_of, descriptor))) == descriptor.size


def test_where_no_server_answers_the_kit_pushes(
    package: Path, registry: RegistryProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    name = f"{registry.host}/me/alone"
    assert run(["push", str(package), "--to", name, "--insecure", "--host", "http://127.0.0.1:9"]) == 0
    err = capfd.readouterr().err
    assert "the kit pushes by itself" in err
    assert "no server has verified it" in err
    with Registry(registry.host, insecure=True) as client:
        assert client.manifest_digest("me/alone", "latest")
    assert run(["push", str(package), "--to", "me/m", "--host", "http://127.0.0.1:9"]) == 2


def test_a_registry_with_a_login(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "htpasswd"
    passwords.write_text("ali:$2a$05$Met8xFCqZXCoZ4HeNMSBQ./uUgWTvARdGb/TbLNKIgfGKiwPSakGy\n")
    more = f"auth:\n  htpasswd: {{realm: tests, path: {passwords}}}\n"
    guarded = RegistryProcess(registry_or_skip(), tmp_path / "registry", more=more)
    guarded.start()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    try:
        built, name = build(package, write=False), f"{guarded.host}/me/m"
        with pytest.raises(RegistryError) as e:
            push_by_kit(built, name, insecure=True, cache_folder=tmp_path / "cache")
        assert e.value.code == "MK844"
        assert guarded.blobs() == set()
        login = Login("ali", "open sesame")
        push_by_kit(built, name, insecure=True, cache_folder=tmp_path / "cache", login=login)
        assert len(guarded.blobs()) >= 6
    finally:
        guarded.stop()


@pytest.mark.parametrize(
    ("name", "code"), [("me/m", "MK828"), ("127.0.0.1:9/me/m", "MK802"), ("box/Me/m", "MK508")]
)
def test_what_cannot_be_pushed_is_told_first(package: Path, tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(KitError) as e:
        push_by_kit(build(package, write=False), name, insecure=True, cache_folder=tmp_path)
    assert e.value.code == code
    assert list(tmp_path.glob("digests/*")) == []
    assert code != "MK828" or isinstance(e.value, ServerError)
