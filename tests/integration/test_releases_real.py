"""What 0.34 changed, on a real server of it and on one of 0.33.0 (both first seen on 27 November 2026).

Every row of `versions.SINCE` that lies between the two and that a server shows is asked of both: it is
there on one and not on the other.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelfile_kit import parse_modelfile
from modelfile_kit.building.build import build
from modelfile_kit.core.errors import KitError
from modelfile_kit.doctor import diagnose
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.ollama.selection import select
from modelfile_kit.ollama.versions import Target, server_version
from modelfile_kit.publish.publish import publish
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.gguf_file.handmade import Typed, entry, gguf, tensor
from tests.ollama_process import OLDER, OllamaProcess
from tests.zoo.pairs import text_model_of
from tests.zoo.writer import CHAT, text_model

pytestmark = pytest.mark.server

TEMPLATE = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"
THINKS = (
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ end }}"
)
NAME = "differs"


class Api:
    """The server's own API, without the kit."""

    def __init__(self, server: OllamaServer) -> None:
        self.http = httpx.Client(base_url=server.url, timeout=120, trust_env=False)
        self.target = Target(server_version(server.version()))

    def post(self, path: str, **body: Any) -> tuple[int, str]:
        answer = self.http.post(path, content=json.dumps({"model": NAME, "stream": False, **body}))
        return answer.status_code, answer.text

    def upload(self, *paths: Path) -> dict[str, str]:
        files = {}
        for path in paths:
            files[path.name] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
            self.http.post(f"/api/blobs/{files[path.name]}", content=path.read_bytes()).raise_for_status()
        return files

    def create(self, pair: MicroPair, **more: Any) -> tuple[int, str]:
        assert pair.projector is not None
        return self.post("/api/create", files=self.upload(pair.model, pair.projector), **more)


@pytest.fixture
def api(either_server: OllamaServer) -> Api:
    return Api(either_server)


def known(text: str, code: str) -> bool:
    """Whether doctor knows what an error's text means."""
    return [found.code for found in diagnose(text)] == [code]


def test_the_two_servers_differ(ollama_server: OllamaServer) -> None:
    newest = Target(server_version(ollama_server.version()))
    for feature in (
        "lora_adapters",
        "typical_p",
        "gguf_quantize",
        "gguf_kept",
        "from_glob",
        "sampling_defaults",
    ):
        assert newest.has(feature) is not Target.parse(OLDER).has(feature), feature


def test_the_bytes_of_a_gguf(api: Api, micro_pair: MicroPair) -> None:
    assert api.create(micro_pair, template=TEMPLATE)[0] == 200
    layers = json.loads(api.post("/api/show")[1])["modelfile"]
    digest = hashlib.sha256(micro_pair.model.read_bytes()).hexdigest()
    assert (f"sha256-{digest}" in layers) is api.target.has("gguf_kept")


def test_lora_adapters(
    api: Api,
    either_process: OllamaProcess,
    micro_pair: MicroPair,
    tmp_path: Path,
    either_server: OllamaServer,
) -> None:
    takes = api.target.has("lora_adapters")
    text = f"FROM {micro_pair.model}\nADAPTER {micro_pair.projector}\nTEMPLATE x{{{{ .Prompt }}}}\n"
    (tmp_path / "Modelfile").write_text(text)
    said = client_says(either_process, tmp_path)
    assert (said == "") is takes
    errors = [
        d for d in lint_modelfile(text.replace("mmproj-", "lora-"), target=api.target) if d.code == "MK116"
    ]
    assert (errors == []) is takes
    if takes:
        return
    assert known(said, "MK865")
    assert micro_pair.projector is not None
    status, answer = api.create(micro_pair, adapters=api.upload(micro_pair.projector))
    assert status == 400 and known(answer, "MK865")
    lora = patch(micro_pair.model, tmp_path / "lora.gguf", {"general.type": "adapter"}).source
    status, answer = api.post("/api/create", files=api.upload(micro_pair.model, Path(lora)))
    assert "is a LoRA adapter" in answer and known(answer, "MK865")
    with pytest.raises(KitError) as caught:
        publish(tmp_path / "Modelfile", NAME, host=either_server.url, verify=False)
    assert "ADAPTER" in caught.value.message and "before 0.34.1" in caught.value.message


def split(model: Path) -> list[Path]:
    """A GGUF in two parts, as llama.cpp's gguf-split writes them; the whole file is removed."""
    header, data = read_header(model), model.read_bytes()
    half = len(header.tensors) // 2
    parts = []
    for number, tensors in enumerate((header.tensors[:half], header.tensors[half:])):
        entries = [bytes(piece) for _, piece in header.metadata.pieces()] if number == 0 else []
        entries += [entry("split.no", Typed("uint16", number)), entry("split.count", Typed("uint16", 2))]
        entries.append(entry("split.tensors.count", Typed("int32", len(header.tensors))))
        infos, blob = [], b""
        for each in tensors:
            assert each.type == "F32" and each.size is not None
            infos.append(tensor(each.name, each.shape, 0, len(blob)))
            start = header.data_offset + each.offset
            blob += data[start : start + each.size] + b"\0" * (-each.size % header.alignment)
        parts.append(model.with_name(f"{model.stem}-{number + 1:05}-of-00002.gguf"))
        parts[-1].write_bytes(gguf(entries, infos, blob))
    model.unlink()
    return parts


def client_says(process: OllamaProcess, folder: Path) -> str:
    """What `ollama create` prints where it fails, "" where it succeeds."""
    try:
        process.run("create", NAME, "-f", "Modelfile", cwd=folder)
    except RuntimeError as error:
        return str(error).rpartition("Error: ")[2].strip()
    return ""


def test_quantizing_a_gguf(api: Api, micro_pair: MicroPair) -> None:
    status, answer = api.create(micro_pair, quantize="q8_0")
    assert status == (500 if api.target.has("gguf_quantize") else 400)
    assert known(answer, "MK810")
    # The older one would, but not every type that the micro model has.
    assert ("safetensors" in answer) is not api.target.has("gguf_quantize")


def test_typical_p(api: Api, micro_pair: MicroPair, tmp_path: Path, either_server: OllamaServer) -> None:
    takes = api.target.has("typical_p")
    answers = [api.create(micro_pair, parameters={"typical_p": 0.5})]
    assert api.create(micro_pair, template=TEMPLATE)[0] == 200
    asked = {"messages": [{"role": "user", "content": "hi"}], "options": {"typical_p": 0.5, "num_predict": 1}}
    answers.append(api.post("/api/chat", **asked))
    for status, answer in answers:
        assert status == (200 if takes else 400)
        assert takes or known(answer, "MK110")
    text = f"FROM {micro_pair.model}\nTEMPLATE {{{{ .Prompt }}}}\nPARAMETER typical_p 0.5\n"
    (tmp_path / "Modelfile").write_text(text)
    errors = [d for d in lint_modelfile(text, target=api.target) if d.code == "MK110"]
    assert (errors == []) is takes
    if takes:
        publish(tmp_path / "Modelfile", "typical", host=either_server.url, verify=False)
    else:
        with pytest.raises(KitError, match="typical_p"):
            publish(tmp_path / "Modelfile", "typical", host=either_server.url, verify=False)


def test_a_pattern_behind_from(
    api: Api, either_process: OllamaProcess, tmp_path: Path, either_server: OllamaServer
) -> None:
    takes = api.target.has("from_glob")
    build_pair(tmp_path)
    for text, code in (("FROM ./*micro*.gguf\n", "MK430"), ("FROM ./micro[.gguf\n", "MK439")):
        (tmp_path / "Modelfile").write_text(text)
        said = client_says(either_process, tmp_path)
        assert (said == "") is (takes and code == "MK430"), said
        if code == "MK439" and takes:
            shutil.copy(tmp_path / "micro-glm4v.gguf", tmp_path / "micro[.gguf")
            assert "syntax error in pattern" in client_says(either_process, tmp_path)
            assert code in {d.code for d in lint_modelfile(text, base=tmp_path, target=api.target)}
    # The kit finds the files itself, so its publish takes a pattern on either.
    (tmp_path / "Modelfile").write_text("FROM ./*micro*v.gguf\nTEMPLATE {{ .Prompt }}\n")
    publish(tmp_path / "Modelfile", "pattern", host=either_server.url, verify=False)
    assert "vision" in either_server.show("pattern")["capabilities"]


def test_sampler_settings_of_the_gguf(api: Api, tmp_path: Path) -> None:
    pair = build_pair(tmp_path)
    raw = {"prompt": "a b c", "raw": True, "options": {"num_predict": 5, "temperature": 0}}

    def reply(**parameters: float) -> str:
        status, answer = api.create(pair, template=TEMPLATE, parameters=parameters)
        assert status == 200, answer
        return str(json.loads(api.post("/api/generate", **raw)[1])["response"])

    plain = reply()
    patch(pair.model, pair.model, {"general.sampling.penalty_repeat": 100.0})
    assert (reply() != plain) is api.target.has("sampling_defaults")
    assert reply(repeat_penalty=1.0) == plain  # a PARAMETER wins


def test_which_values_think_takes(api: Api, micro_pair: MicroPair) -> None:
    assert (
        api.create(micro_pair, template=THINKS, renderer="qwen3-vl-thinking", parser="qwen3-thinking")[0]
        == 200
    )
    shown = json.loads(api.post("/api/show")[1])
    assert ("thinking" in shown) is api.target.has("show_thinking")
    asked = {"messages": [{"role": "user", "content": "hi"}], "options": {"num_predict": 1}}
    status, answer = api.post("/api/chat", **asked, think="nonsense")
    assert (status == 200) is api.target.has("renderer_levels"), answer
    assert api.create(micro_pair, template=THINKS)[0] == 200
    status, answer = api.post("/api/chat", messages=[{"role": "user", "content": "hi"}], think="nonsense")
    assert status == 400 and known(answer, "MK867"), answer


def test_a_split_model(api: Api, tmp_path: Path, either_server: OllamaServer) -> None:
    pair = build_pair(tmp_path)
    assert pair.projector is not None
    parts = split(pair.model)
    text = f'FROM ./{parts[0].name}\nFROM ./{pair.projector.name}\nTEMPLATE """{TEMPLATE}"""\n'
    (tmp_path / "Modelfile").write_text(text)
    report = publish(tmp_path / "Modelfile", "parts", host=either_server.url, verify=False)
    assert report.digest
    shown = either_server.show("parts")
    assert (shown.get("requires") == "0.35.0") is api.target.has("split_kept")
    again = publish(tmp_path / "Modelfile", "parts", host=either_server.url, verify=False)
    assert again.digest == report.digest
    failed = [c for c in verify("parts", host=either_server.url).checks if c.status == "fail"]
    assert failed == []


def test_no_release_keeps_the_order_of_a_calls_arguments(api: Api, micro_pair: MicroPair) -> None:
    """The API's own type is ordered (seen in 0.17.4); template/template.go makes Go maps of it, in key order.

    Seen on 0.33.0 and 0.34.4 on 27 November 2026. So a TEMPLATE that prints all arguments is "partial" for
    tools at every target (MK630); one that asks for single keys can be exact.
    """
    shown = (
        "{{ range .Messages }}{{ .Content }}{{ range .ToolCalls }}{{ range $k, $v := .Function.Arguments }}"
        "{{ $k }};{{ end }}{{ json .Function.Arguments }}{{ end }}{{ end }}{{ if .Tools }}{{ end }}"
    )
    assert api.create(micro_pair, template=shown)[0] == 200
    call = {"function": {"name": "f", "arguments": {"zeta": 1, "alpha": {"y": 2, "b": 3}}}}
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
    status, answer = api.post("/api/chat", messages=messages, _debug_render_only=True)
    assert status == 200
    prompt = json.loads(answer)["_debug_info"]["rendered_template"]
    assert prompt == 'qalpha;zeta;{"alpha":{"b":3,"y":2},"zeta":1}'


# What `create` gives to architectures by itself, on every release since 0.22 (server/create.go).
GIVEN = {
    "gemma4": ("gemma4", "gemma4"),
    "laguna": ("laguna", "laguna"),
    "nemotron_h": ("nemotron-3-nano", "nemotron-3-nano"),
    "nemotron_h_moe": ("nemotron-3-nano", "nemotron-3-nano"),
    "nemotron_h_omni": ("nemotron-3-nano", "nemotron-3-nano"),
    "gemma3": None,
    "lfm2": None,
}
# Before 0.34 `create` has llama-quantize load the file: only what the tests can write whole.
WHOLE = ("gemma4", "nemotron_h", "nemotron_h_moe", "gemma3", "lfm2")


@pytest.mark.parametrize("architecture", GIVEN)
def test_architectures_that_get_a_renderer(
    api: Api, either_server: OllamaServer, architecture: str, tmp_path: Path
) -> None:
    """`create` gives it whatever the Modelfile says, and a build writes one that is at least as good."""
    path = tmp_path / "m.gguf"
    if architecture in WHOLE:
        text_model_of(path, architecture)
    else:
        text_model(path, architecture)
    given = GIVEN[architecture]
    files = api.upload(path)
    status, answer = api.post("/api/create", files=files, template=TEMPLATE)
    if status == 200:
        assert served(either_server) == (given or (None, None))
    else:
        assert architecture not in WHOLE and "llama-quantize failed" in answer
    chosen = select(template=TEMPLATE, jinja=CHAT, architecture=architecture, target=api.target)
    assert (chosen.renderer, chosen.parser) == (given or ("", ""))
    (tmp_path / "mkmodelfile.yaml").write_text("name: differs\nmodel: m.gguf\nprojector: none\n")
    built = build(tmp_path, write=False)
    written = built.modelfile.last("renderer"), built.modelfile.last("parser")
    if given is None:
        assert "`create` gives the architecture" not in built.plan.mode.why
        return
    assert "`create` gives the architecture a renderer" in built.plan.mode.why
    assert None not in written
    if status == 200:
        # What the kit writes is what the server then has.
        more = {"renderer": written[0], "parser": written[1]}
        assert api.post("/api/create", files=files, **more)[0] == 200
        assert served(either_server) == written


def served(server: OllamaServer) -> tuple[str | None, str | None]:
    """The RENDERER and the PARSER that a model has on the server."""
    shown = parse_modelfile(server.show(NAME)["modelfile"])
    return shown.last("renderer"), shown.last("parser")
