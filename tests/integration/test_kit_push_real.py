"""A push without a server: its layers are those of a real server, and a real server pulls and verifies it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import KitError, ServerError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import MicroPair
from modelfile_kit.package.package import load_package
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.kit_push import push_by_kit
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.second_server import verify_elsewhere
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.sources.registry import Registry
from modelfile_kit.sources.registry_errors import RegistryError
from modelfile_kit.sources.registry_logins import Login
from modelfile_kit.testing.stand_in_file import load_stand_in, write_micro
from tests.cutting_proxy import CuttingProxy
from tests.more_files import write_f16, write_lora
from tests.ollama_process import OllamaProcess
from tests.registry_process import RegistryProcess, registry_or_skip, running_registry

pytestmark = pytest.mark.server

EXAMPLES = Path(__file__).parents[2] / "examples"

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


def same_as_by_a_server(built: Build, host: str, server: OllamaServer, cache: Path) -> list[str]:
    """Pushes both ways, holds the manifests against each other, and gives the kinds of the layers."""
    publish(built, f"{host}/me/more-server", host=server.url, push=True, insecure=True, verify=False)
    push_by_kit(built, f"{host}/me/more-kit", insecure=True, cache_folder=cache)
    with Registry(host, insecure=True) as client:
        right, ours = (client.manifest(f"me/more-{who}", "latest") for who in ("server", "kit"))
    kinds = [d.media_type.rpartition(".")[2] for d in right.layers]
    assert sorted(d.digest for d in ours.layers) == sorted(d.digest for d in right.layers)
    files = ("model", "adapter", "draft")
    for some in files:  # of which the order counts
        assert [d for d in ours.layers if d.media_type.endswith(some)] == [
            d for d in right.layers if d.media_type.endswith(some)
        ]
    assert ours.config == right.config
    return kinds


def test_a_draft_and_a_split_model_are_what_a_server_makes_of_them(
    tmp_path: Path, micro_pair: MicroPair, registry: RegistryProcess, ollama_server: OllamaServer
) -> None:
    cache = tmp_path / "cache"
    patch(micro_pair.model, tmp_path / "mtp.gguf", {"glm4.nextn_predict_layers": 1})
    text = f"name: tiny\nmodel: {micro_pair.model}\nprojector: none\ndraft: mtp.gguf\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text)
    kinds = same_as_by_a_server(build(tmp_path), registry.host, ollama_server, cache)
    assert kinds[:2] == ["model", "draft"]
    example = load_package(EXAMPLES / "qwen2.5-7b-split")
    model, _ = write_micro(example, tmp_path / "split", load_stand_in(example))
    built = build(example.folder, tmp_path / "out", model=model)
    kinds = same_as_by_a_server(built, registry.host, ollama_server, cache)
    assert kinds[:3] == ["model"] * 3
    name = f"{registry.host}/me/more-kit"
    report = verify_elsewhere(
        ollama_server.url, name, insecure=True, expectation=Expectation.from_build(built)
    )
    assert report.ok, [c for c in report.checks if c.status == "fail"]


def test_an_adapter_is_what_an_older_server_makes_of_it(
    tmp_path: Path, micro_pair: MicroPair, registry: RegistryProcess, older_process: OllamaProcess
) -> None:
    write_lora(tmp_path / "lora.gguf")
    text = f"name: tiny\nmodel: {micro_pair.model}\nprojector: none\ntarget: 0.33.0\nadapters: [lora.gguf]\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text)
    built = build(tmp_path)
    push_by_kit(built, f"{registry.host}/me/lora", insecure=True, cache_folder=tmp_path / "cache")
    with OllamaServer(older_process.host) as server:
        publish(built, "lora", host=server.url, verify=False)
        meant = Expectation.from_build(built)
        report = verify_elsewhere(server.url, f"{registry.host}/me/lora", insecure=True, expectation=meant)
        assert report.ok, [c for c in report.checks if c.status == "fail"]
        lines = [server.show(name)["modelfile"].splitlines() for name in ("lora", f"{registry.host}/me/lora")]
        server.delete("lora")
        server.delete(f"{registry.host}/me/lora")
    said = [[line for line in some if line.startswith("ADAPTER ")] for some in lines]
    assert said[0] == said[1] and len(said[0]) == 1


def test_a_model_is_quantized_before_it_is_pushed(
    tmp_path: Path, micro_pair: MicroPair, registry: RegistryProcess, ollama_server: OllamaServer
) -> None:
    write_f16(tmp_path / "f16.gguf", micro_pair.model)
    text = "name: tiny\nmodel: f16.gguf\nprojector: none\nquantize: q8_0\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text)
    name = f"{registry.host}/me/q8"
    push_by_kit(build(tmp_path), name, insecure=True, cache_folder=tmp_path / "cache")
    # Not verified: llama.cpp's kernels for Q8_0 end with SIGSEGV on some processors (MK857).
    ollama_server.pull(name, insecure=True)
    assert ollama_server.show(name)["details"]["quantization_level"] == "Q8_0"
    assert sorted(p.name for p in tmp_path.glob("*.gguf")) == ["f16.gguf"]


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
