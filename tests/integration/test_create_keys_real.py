"""`adapters`, `quantize`, `draft`, `parser`, `renderer` and REQUIRES on a real server, each by its release.

Seen on Ollama 0.33.0 and 0.34.4 on 27 November 2026; the server in OLLAMA_BIN is asked again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.core.errors import PackageError, ServerError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import MicroPair, build_model
from modelfile_kit.ollama.versions import Target, server_version
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.publish import NotVerifiedError, publish
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.ollama.client import OllamaServer
from modelfile_kit.runtime.ollama.replies import RefusedError
from tests.building.test_create_stops import ZEPHYR
from tests.more_files import write_f16, write_lora

pytestmark = pytest.mark.server

NAME = "keys"


@pytest.fixture
def package(tmp_path: Path, micro_pair: MicroPair) -> Any:
    """Builds a package of the micro model with more keys."""

    def write(**keys: Any) -> Build:
        lines = {"name": NAME, "model": micro_pair.model, "projector": "none", **keys}
        file = tmp_path / "mkmodelfile.yaml"
        file.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()), encoding="utf-8")
        return build(file)

    return write


@pytest.fixture
def old(ollama_server: OllamaServer) -> bool:
    """Whether the server still takes adapters and quantizes."""
    return Target(server_version(ollama_server.version())).has("lora_adapters")


def failed(built: Build, server: OllamaServer) -> list[tuple[str, str]]:
    report = verify(NAME, host=server.url, expectation=Expectation.from_build(built))
    return [(c.name, c.detail) for c in report.checks if c.status == "fail"]


def test_an_adapter(package: Any, ollama_server: OllamaServer, old: bool, tmp_path: Path) -> None:
    write_lora(tmp_path / "lora.gguf")
    built = package(target="0.33.0", adapters="[lora.gguf]")
    assert built.modelfile.last("adapter") == "../../lora.gguf"
    if not old:
        with pytest.raises(ServerError, match="ADAPTER in a Modelfile"):
            publish(built, NAME, host=ollama_server.url)
        return
    publish(built, NAME, host=ollama_server.url)
    assert failed(built, ollama_server) == []
    # What is there without the adapter is told.
    plain = package(target="0.33.0")
    publish(plain, NAME, host=ollama_server.url)
    assert "description" in dict(failed(built, ollama_server))


def test_an_adapter_of_another_model_is_what_build_refuses(
    package: Any, ollama_server: OllamaServer, old: bool, tmp_path: Path, micro_pair: MicroPair
) -> None:
    write_lora(tmp_path / "lora.gguf", architecture="llama")
    with pytest.raises(PackageError) as caught:
        package(target="0.33.0", adapters="[lora.gguf]")
    assert caught.value.code == "MK445"
    path = tmp_path / "Modelfile"
    path.write_text(f"FROM {micro_pair.model}\nADAPTER ./lora.gguf\nTEMPLATE {{{{ .Prompt }}}}\n")
    if not old:
        with pytest.raises(ServerError, match="ADAPTER in a Modelfile"):
            publish(path, NAME, host=ollama_server.url, verify=False)
        return
    publish(path, NAME, host=ollama_server.url, verify=False)
    with pytest.raises(ServerError):
        ollama_server.chat(NAME, [{"role": "user", "content": "Hello"}])


@pytest.mark.parametrize(("to", "shown"), [("q8_0", "Q8_0"), ("q4_K_M", "Q4_K_M"), ("BF16", "BF16")])
def test_the_server_quantizes_or_llama_quantize_before(
    package: Any,
    either_server: OllamaServer,
    tmp_path: Path,
    micro_pair: MicroPair,
    to: str,
    shown: str,
) -> None:
    write_f16(tmp_path / "f16.gguf", micro_pair.model)
    built = package(model="f16.gguf", quantize=to)
    assert f"ollama create --quantize {to}" in str(built.modelfile)
    before = {p.name for p in tmp_path.iterdir()} | {"cache"}  # of the test itself
    # The engine is left out: some builds of llama.cpp crash with every quantized model where there is AMX.
    publish(built, NAME, host=either_server.url, verify=False)
    assert either_server.show(NAME)["details"]["quantization_level"] == shown
    again = publish(built, NAME, host=either_server.url, verify=False)
    assert again.unchanged
    assert {p.name for p in tmp_path.iterdir()} == before
    if to == "BF16":
        assert failed(built, either_server) == []
    # The same files without quantization are another model.
    plain = package(model="f16.gguf")
    assert not publish(plain, NAME, host=either_server.url, verify=False).unchanged
    assert either_server.show(NAME)["details"]["quantization_level"] == "F16"
    assert "description" in dict(failed(built, either_server))


def test_a_quantized_package_is_verified_on_the_new_file(
    package: Any, either_server: OllamaServer, tmp_path: Path, micro_pair: MicroPair, llama_cpp: None
) -> None:
    write_f16(tmp_path / "f16.gguf", micro_pair.model)
    built = package(model="f16.gguf", projector=micro_pair.projector, quantize="BF16")
    done = publish(built, NAME, host=either_server.url)
    assert done.verified is not None and done.verified.ok
    seen = {c.name.split()[0] for c in done.verified.checks if c.status == "ok"}
    assert {"description", "prompt", "tokens", "image"} <= seen
    assert either_server.show(NAME)["details"]["quantization_level"] == "BF16"


def test_a_model_that_it_does_not_quantize(
    package: Any, either_server: OllamaServer, micro_pair: MicroPair, tmp_path: Path
) -> None:
    """F32, though the refusal names it: llama-quantize does it before it is sent."""
    built = package(target="0.33.0")
    body = {"model": NAME, "quantize": "q8_0"}
    published = publish(built, NAME, host=either_server.url, verify=False)
    with pytest.raises(RefusedError, match=r"only supported for (F16|safetensors)"):
        either_server.create({**body, "files": published.request["files"]}, lambda _: None)
    built = package(target="0.33.0", quantize="q8_0")
    publish(built, NAME, host=either_server.url, verify=False)
    assert either_server.show(NAME)["details"]["quantization_level"] == "Q8_0"
    patch(micro_pair.model, tmp_path / "q8.gguf", {"general.file_type": 7})
    with pytest.raises(PackageError) as caught:
        package(model="q8.gguf", target="0.33.0", quantize="q8_0")
    assert caught.value.code == "MK447"


def test_a_draft(package: Any, ollama_server: OllamaServer, tmp_path: Path, micro_pair: MicroPair) -> None:
    patch(micro_pair.model, tmp_path / "mtp.gguf", {"glm4.nextn_predict_layers": 1})
    built = package(draft="mtp.gguf")
    assert built.modelfile.last("draft") == "../../mtp.gguf"
    assert built.modelfile.last("requires") == "0.30.0"
    publish(built, NAME, host=ollama_server.url, verify=False)
    shown = ollama_server.show(NAME)
    assert shown["requires"] == "0.30.0"
    assert [line.split()[0] for line in shown["modelfile"].splitlines() if line.startswith("DRAFT ")]
    assert "description" not in dict(failed(built, ollama_server))
    publish(replace(built, modelfile=package().modelfile), NAME, host=ollama_server.url, verify=False)
    assert "description" in dict(failed(built, ollama_server))


def test_an_ordinary_draft_is_what_build_refuses(
    package: Any, ollama_server: OllamaServer, tmp_path: Path, micro_pair: MicroPair
) -> None:
    (tmp_path / "small.gguf").write_bytes(micro_pair.model.read_bytes())
    with pytest.raises(PackageError) as caught:
        package(draft="small.gguf")
    assert caught.value.code == "MK446"
    path = tmp_path / "Modelfile"
    path.write_text(f"FROM {micro_pair.model}\nDRAFT ./small.gguf\nTEMPLATE {{{{ .Prompt }}}}\n")
    publish(path, NAME, host=ollama_server.url, verify=False)
    with pytest.raises(ServerError, match="doesn't contain MTP layers"):
        ollama_server.chat(NAME, [{"role": "user", "content": "Hello"}])


def test_a_parser_beside_the_template(package: Any, ollama_server: OllamaServer) -> None:
    built = package(parser="glm-4.7")
    assert built.modelfile.last("requires") == "0.16.0"
    publish(built, NAME, host=ollama_server.url)
    assert failed(built, ollama_server) == []
    shown = ollama_server.show(NAME)
    assert "PARSER glm-4.7" in shown["modelfile"]
    assert {"tools", "thinking"} <= set(shown["capabilities"])


def test_prompts_by_a_renderer_are_compared(package: Any, ollama_server: OllamaServer) -> None:
    """The micro model's chat template is GLM-4.1V's; the renderer glm-4.7 writes other prompts."""
    built = package(renderer="glm-4.7", parser="glm-4.7")
    with pytest.raises(NotVerifiedError) as caught:
        publish(built, NAME, host=ollama_server.url)
    checks = {c.name: c for c in caught.value.report.checks}
    assert checks["template in use"].detail == "RENDERER glm-4.7 of Ollama itself renders chats"
    assert [c.status for name, c in checks.items() if name.startswith("prompt ")].count("fail") > 0
    assert checks["description"].status == "ok"


def test_a_renderer_that_writes_the_chat_templates_prompts(
    package: Any, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    """A chat template that says what the renderer glm-ocr writes: then all is green."""
    publish(package(renderer="glm-ocr", parser="glm-ocr"), NAME, host=ollama_server.url, verify=False)
    prompt = ollama_server.render(NAME, [{"role": "user", "content": "Hello"}]).prompt
    head, _, tail = prompt.partition("Hello")
    (tmp_path / "same.jinja").write_text(
        f"{{{{ {head!r} }}}}{{{{ messages[0].content }}}}{{{{ {tail!r} }}}}", encoding="utf-8"
    )
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "conversations.json").write_text(
        '[{"id": "hello", "messages": [{"role": "user", "content": "Hello"}]}]'
    )
    built = package(renderer="glm-ocr", parser="glm-ocr", chat_template="same.jinja")
    publish(built, NAME, host=ollama_server.url, verify=False)
    report = verify(NAME, host=ollama_server.url, expectation=Expectation.from_build(built))
    (check,) = [c for c in report.checks if c.name == "prompt hello"]
    assert (check.status, check.detail.split(",")[0]) == ("ok", "equal to the reference")


def test_the_system_text_in_the_first_user_turn(
    package: Any, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    """The same bytes by the TEMPLATE and natively, where llama-server moves the text."""
    (tmp_path / "gguf").mkdir()
    refuses = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    jinja = (
        f"{{# {'~' * 150} #}}[gMASK]<sop>{refuses}{{% for m in messages %}}<|{{{{ m.role }}}}|>\n"
        "{{ m.content | trim }}{% endfor %}<|assistant|>"
    )
    model = build_model(tmp_path / "gguf" / "m.gguf", chat_template=jinja)
    prompts = []
    for mode in ("go", "native"):
        built = package(model=model, mode=mode, system="Be brief.", system_in="user", target="0.33.0")
        publish(built, NAME, host=ollama_server.url, verify=False)
        wrong = failed(built, ollama_server)
        assert mode == "native" or [name for name, _ in wrong if name != "stop"] == [], wrong
        prompts.append(ollama_server.render(NAME, [{"role": "user", "content": " Hello "}]).prompt)
    assert prompts == ["[gMASK]<sop><|user|>\nBe brief.\n Hello<|assistant|>"] * 2


def test_the_stops_of_a_template_that_create_recognises(
    package: Any, ollama_server: OllamaServer, tmp_path: Path
) -> None:
    """create would put zephyr's stops beside our TEMPLATE; a stop of the package or `publish` prevents it."""
    (tmp_path / "gguf").mkdir()
    model = build_model(tmp_path / "gguf" / "m.gguf", chat_template=ZEPHYR)
    built = package(model=model, stop="[]")
    publish(built, NAME, host=ollama_server.url, verify=False)
    assert "description" not in dict(failed(built, ollama_server))
    assert "<|endoftext|>" in ollama_server.show(NAME)["parameters"]
    bare = tmp_path / "Modelfile"
    bare.write_text(f'FROM {model}\nTEMPLATE """{built.template}"""\n')
    publish(bare, NAME, host=ollama_server.url, verify=False, reuse=False)
    assert "parameters" not in ollama_server.show(NAME)


def test_native_mode_requires_a_server_that_knows_it(package: Any, ollama_server: OllamaServer) -> None:
    built = package(mode="native")
    assert built.modelfile.last("requires") == "0.30.0"
    publish(built, NAME, host=ollama_server.url, verify=False)
    assert ollama_server.show(NAME)["requires"] == "0.30.0"
