"""`push` to a real registry: one real server pushes, a second one pulls; breaks and kills in between."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.cli.main import run
from modelfile_kit.core.errors import ServerError
from modelfile_kit.core.progress import Step
from modelfile_kit.micro import MicroPair
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.push import push_on
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.sources.registry import Registry
from tests.cutting_proxy import CuttingProxy
from tests.ollama_process import OllamaProcess
from tests.registry_process import RegistryProcess, registry_or_skip, running_registry

pytestmark = pytest.mark.server

SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    with running_registry(tmp_path_factory.mktemp("registry"), redirect=True) as process:
        yield process


@pytest.fixture(scope="module")
def second(
    ollama_process: OllamaProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OllamaProcess]:
    """Another server, which has nothing."""
    process = OllamaProcess(ollama_process.program, tmp_path_factory.mktemp("second"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def package(tmp_path: Path, micro_pair: MicroPair) -> Path:
    text = f"name: tiny\nmodel: {micro_pair.model}\nprojector: {micro_pair.projector}\nsystem: Be brief.\n"
    (tmp_path / "mkmodelfile.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def modelfile(tmp_path: Path, micro_pair: MicroPair) -> Path:
    path = tmp_path / "Modelfile"
    path.write_text(f"FROM {micro_pair.model}\nTEMPLATE {{{{ .Prompt }}}}\nSYSTEM {tmp_path.name}\n")
    return path


def command(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one `push`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["push", *map(str, arguments)])
    return code, out.getvalue(), err.getvalue()


def test_a_package_is_pushed_and_verified_on_a_second_server(
    package: Path, registry: RegistryProcess, second: OllamaProcess, ollama_server: OllamaServer
) -> None:
    name = f"{registry.host}/me/tiny:q4"
    where = ("--host", ollama_server.url, "--insecure", "--verify-on", second.url)
    code, out, err = command(package, "--to", name, *where, "--format", "json")
    assert code == 0, f"{err}{out}"
    report = json.loads(out)
    assert second.url in json.dumps(report)
    assert any("image" in case["name"] for case in report["cases"])
    assert f"pushed {name} from {ollama_server.url}" in err
    with Registry(registry.host, insecure=True) as client:
        kept = client.manifest("me/tiny", "q4")
    pushed = ServedModel.from_show(name, ollama_server.show(name))
    with OllamaServer(second.url) as other:
        pulled = ServedModel.from_show(name, other.show(name))
    digests = {d.digest.replace(":", "-") for d in kept.layers}
    assert pulled.layers == pushed.layers
    assert len(pulled.layers) == 2
    assert {digest.replace(":", "-") for _, digest in pulled.layers} < digests
    assert pulled.system == "Be brief."
    kinds = {d.media_type.rpartition(".")[2] for d in kept.layers}
    assert kinds >= {"model", "projector", "template", "system"}


def test_a_second_push_sends_nothing_again(
    modelfile: Path, registry: RegistryProcess, ollama_server: OllamaServer
) -> None:
    with CuttingProxy(registry.host) as proxy:
        name = f"{proxy.host}/me/again"
        steps: list[Step] = []
        publish(
            modelfile,
            name,
            host=ollama_server.url,
            push=True,
            insecure=True,
            verify=False,
            progress=steps.append,
        )
        first = proxy.sent
        last = [s for s in steps if s.stage == "push"][-1]
        assert last.done == last.total > 1_000_000
        push_on(ollama_server, name, insecure=True)
        assert proxy.sent - first < 20_000 < first


if SOAK:  # Ollama waits for a minute at each break

    def test_a_line_that_breaks_in_the_middle(
        modelfile: Path, registry: RegistryProcess, ollama_server: OllamaServer
    ) -> None:
        """The server sends the part again to an upload that has half of it, which the registry refuses.

        Then the kit asks again, and the server begins anew.
        """
        with CuttingProxy(registry.host, up=(300_000,)) as proxy:
            name = f"{proxy.host}/me/broken"
            publish(modelfile, name, host=ollama_server.url, push=True, insecure=True, verify=False)
            assert proxy.cuts == 1
        with Registry(registry.host, insecure=True) as client:
            assert len(client.manifest("me/broken", "latest").layers) >= 2


PUSHING = "import sys; from modelfile_kit.cli.main import main; sys.exit(main())"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_a_push_that_was_killed_is_pushed_again(
    package: Path, registry: RegistryProcess, second: OllamaProcess, ollama_server: OllamaServer
) -> None:
    with CuttingProxy(registry.host) as proxy:
        proxy.hold_after(400_000)
        name = f"{proxy.host}/me/killed"
        arguments = ["push", str(package), "--to", name, "--host", ollama_server.url, "--insecure"]
        process = subprocess.Popen(
            [sys.executable, "-c", PUSHING, *arguments, "--no-verify"], stderr=subprocess.DEVNULL
        )
        proxy.wait_until_held(60)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        with Registry(registry.host, insecure=True) as client:
            assert client.manifest_digest("me/killed", "latest") is None
        assert ollama_server.exists(name)
        proxy.go_on()
        code, _, err = command(*arguments[1:], "--verify-on", second.url)
    assert code == 0, err


def test_a_server_that_is_killed_while_it_pushes(
    modelfile: Path, registry: RegistryProcess, ollama_process: OllamaProcess, tmp_path: Path
) -> None:
    mortal = OllamaProcess(ollama_process.program, tmp_path / "mortal")
    mortal.start()
    try:
        with CuttingProxy(registry.host) as proxy:
            proxy.hold_after(400_000)
            name = f"{proxy.host}/me/mortal"

            def kill() -> None:
                proxy.wait_until_held(60)
                mortal.stop(at_once=True)

            killer = threading.Thread(target=kill, daemon=True)
            killer.start()
            with pytest.raises(ServerError) as e:
                publish(modelfile, name, host=mortal.url, push=True, insecure=True, verify=False)
            killer.join(30)
            assert e.value.code in ("MK802", "MK805")
            proxy.go_on()
            mortal.start()
            publish(modelfile, name, host=mortal.url, push=True, insecure=True, verify=False)
        with Registry(registry.host, insecure=True) as client:
            assert client.manifest_digest("me/mortal", "latest")
    finally:
        mortal.stop()


def test_plain_http_takes_the_flag(
    modelfile: Path, registry: RegistryProcess, ollama_server: OllamaServer
) -> None:
    with pytest.raises(ServerError) as e:
        publish(modelfile, f"{registry.host}/me/m", host=ollama_server.url, push=True, verify=False)
    assert e.value.code == "MK847"
    assert "--insecure" in e.value.help


def test_a_registry_without_https_is_told_before_the_build(
    package: Path, registry: RegistryProcess, ollama_server: OllamaServer
) -> None:
    name = f"{registry.host}/me/plain"
    code, _, err = command(package, "--to", name, "--host", ollama_server.url)
    assert code == 1
    assert "MK847" in err and "--insecure" in err
    assert not ollama_server.exists(name)
    assert not (package / "build").exists()


def test_a_registry_with_a_login_of_another_kind(
    modelfile: Path, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    passwords = tmp_path / "htpasswd"
    passwords.write_text("ali:$2a$05$Met8xFCqZXCoZ4HeNMSBQ./uUgWTvARdGb/TbLNKIgfGKiwPSakGy\n")
    more = f"auth:\n  htpasswd: {{realm: tests, path: {passwords}}}\n"
    guarded = RegistryProcess(registry_or_skip(), tmp_path / "registry", more=more)
    guarded.start()
    try:
        with pytest.raises(ServerError) as e:
            publish(
                modelfile,
                f"{guarded.host}/me/m",
                host=ollama_server.url,
                push=True,
                insecure=True,
                verify=False,
            )
        assert e.value.code == "MK844"
        assert guarded.blobs() == set()
    finally:
        guarded.stop()


def test_a_server_without_a_way_to_ollama_com_says_so(
    either_process: OllamaProcess, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its proxy is an address where nobody answers, so that no test depends on the network."""
    alone = OllamaProcess(either_process.program, package / "alone")
    alone.env["HTTPS_PROXY"] = "http://127.0.0.1:9"
    alone.start()
    try:
        code, _, err = command(package, "--to", "me/tiny", "--host", alone.url)
        assert code == 1
        assert "MK828" in err
        assert "ollama.com" in err
        assert not (package / "build").exists()
        with OllamaServer(alone.url) as server:
            assert server.models() == []
    finally:
        alone.stop()


@pytest.mark.parametrize("name", ["Box/Me/M", "a b", "me/", "127.0.0.1:9/Me/m", "127.0.0.1:9/me/m--"])
def test_a_name_that_cannot_be_pushed_is_refused_first(
    name: str, package: Path, ollama_server: OllamaServer
) -> None:
    before = ollama_server.models()
    code, _, err = command(package, "--to", name, "--host", ollama_server.url)
    assert code == 2
    assert "MK508" in err
    assert ollama_server.models() == before
    assert not (package / "build").exists()


def test_the_server_that_pushes_proves_nothing(package: Path, ollama_server: OllamaServer) -> None:
    code, _, err = command(
        package, "--to", "box/me/m", "--host", ollama_server.url, "--verify-on", ollama_server.url
    )
    assert code == 2
    assert "is the server that pushes" in err
