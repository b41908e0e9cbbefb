"""What `build --for hf` and `oci` write makes the model that `publish` makes, on a real Ollama."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import Build, build
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.packing.hub_files import write_hub_files
from modelfile_kit.packing.hub_limits import NATIVE_ON_HUB
from modelfile_kit.packing.oci_layout import write_layout
from modelfile_kit.publish.publish import publish
from modelfile_kit.vision.colour_images import colour_probes
from tests.hub_registry import HubRegistry

pytestmark = pytest.mark.server

ASKED = (
    [{"role": "user", "content": "What colour is it?"}],
    [{"role": "system", "content": "Sing."}, {"role": "user", "content": " Hi\n"}],
    [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "Ω 你好 <b>"},
    ],
)
# A chat template with tools that no TEMPLATE can say: words are turned round.
TURNED = (
    "{% for t in tools or [] %}{{ t.function.name }}\n{% endfor %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content.split(' ') | reverse | join(' ') }}"
    "{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}"
    "{% if m.role == 'tool' %}<tool_response>{% endif %}\n{% endfor %}<|assistant|>"
)


@pytest.fixture(scope="module")
def hub() -> Iterator[HubRegistry]:
    with HubRegistry({}) as running:
        yield running


@pytest.fixture
def package(tmp_path: Path, micro_pair: Any) -> Any:
    """Builds a package with the micro pair and more keys."""

    def make(text: str, model: Path = micro_pair.model) -> Build:
        yaml = f"name: demo\nmodel: {model}\nprojector: {micro_pair.projector}\n{text}"
        (tmp_path / "mkmodelfile.yaml").write_text(yaml, encoding="utf-8")
        return build(tmp_path)

    return make


def pulled(hub: HubRegistry, built: Build, process: Any, tag: str) -> str:
    """The files of a build as a repository, and what a real Ollama pulls of it; its name there."""
    folder, _ = write_hub_files(built)
    hub.folders["org/demo"] = folder
    name = f"http://{hub.host}/org/demo:{tag}"
    process.run("pull", "--insecure", name)
    return name.removeprefix("http://")


def test_the_pulled_model_is_the_published_one(package, hub, ollama_process, ollama_server) -> None:
    text = "system: Be brief.\nparameters: {num_ctx: 2048, temperature: 1.0, top_p: 0.35}\n"
    built = package(text + "stop: [END, '<|user|>']\n")
    name = pulled(hub, built, ollama_process, "f32")
    publish(built, "own", host=ollama_server.url, verify=False)
    for messages in ASKED:
        assert ollama_server.render(name, messages) == ollama_server.render("own", messages)
    image = [{"role": "user", "content": "See?", "images": [colour_probes()[0].bytes]}]
    assert ollama_server.render(name, image) == ollama_server.render("own", image)
    own, there = ollama_server.show("own"), ollama_server.show(name)
    assert there["capabilities"] == own["capabilities"]
    assert there["system"] == own["system"] == "Be brief."
    assert sorted(there["parameters"].splitlines()) == sorted(own["parameters"].splitlines())
    # The layer of parameters says the same, whoever wrote it.
    assert blob(ollama_process, name, "params") == blob(ollama_process, "own", "params")
    answer = ollama_server.chat(name, image, options={"num_predict": 4, "seed": 1, "temperature": 0})
    mine = ollama_server.chat("own", image, options={"num_predict": 4, "seed": 1, "temperature": 0})
    assert answer.text == mine.text


def test_without_stops_nobody_adds_some(package, hub, ollama_process, ollama_server) -> None:
    built = package("stop: []\n")
    assert json.loads((write_hub_files(built)[0] / "params").read_text()) == {"stop": []}
    name = pulled(hub, built, ollama_process, "latest")
    assert ollama_server.show(name).get("parameters", "") == ""
    assert ollama_server.render(name, ASKED[0]).prompt.endswith("<|assistant|>\n")


def test_native_mode_is_carried(package, hub, ollama_process, ollama_server, micro_pair, tmp_path) -> None:
    model = tmp_path / "native.gguf"
    patch(micro_pair.model, model, {"tokenizer.chat_template": TURNED})
    built = package("mode: native\n", model)
    found = {d.code: d.severity for d in write_hub_files(built)[1].diagnostics}
    assert str(found[NATIVE_ON_HUB]) == "warning"
    name = pulled(hub, built, ollama_process, "F32")
    prompt = ollama_server.render(name, [{"role": "user", "content": "one two"}]).prompt
    # By hand: what the chat template says.
    assert prompt == "<|user|>two one<|assistant|>"


def test_the_modelfile_in_an_artifact_makes_the_model(package, ollama_process, ollama_server) -> None:
    built = package("system: Be brief.\nparameters: {num_ctx: 2048}\nmessages: [{role: user, content: a}]\n")
    folder, artifact = write_layout(built)
    unpacked = built.path.parent / "unpacked"
    unpacked.mkdir(parents=True)
    manifest = json.loads(artifact.manifest)
    for layer in manifest["layers"]:
        name = layer["annotations"]["org.cncf.model.filepath"]
        blob = folder / "blobs" / layer["digest"].replace(":", "/")
        (unpacked / name).write_bytes(blob.read_bytes())
    ollama_process.run("create", "artifact", "-f", "Modelfile", cwd=unpacked)
    publish(built, "own", host=ollama_server.url, verify=False)
    for messages in ASKED:
        assert ollama_server.render("artifact", messages) == ollama_server.render("own", messages)
    assert ollama_server.show("artifact")["messages"] == ollama_server.show("own")["messages"]


def blob(process: Any, name: str, kind: str) -> Any:
    """A layer of JSON of a model in the server's store."""
    place = name.replace(":F32", "/F32").replace(":f32", "/f32")
    if "/" not in name:
        place = f"registry.ollama.ai/library/{name}/latest"
    manifest = json.loads((process.models / "manifests" / place).read_text())
    [digest] = [row["digest"] for row in manifest["layers"] if row["mediaType"].endswith(f".{kind}")]
    return json.loads((process.models / "blobs" / digest.replace(":", "-")).read_text())
