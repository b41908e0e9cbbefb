"""A real Ollama server renders, refuses and selects as the kit says."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from functools import partial

import httpx
import pytest

from modelfile_kit.core.errors import GoTemplateError, PromptError
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.selection import select
from tests.ollama.generate_requests import PROBES, TEXTS, request
from tests.ollama_process import OllamaProcess, find_ollama
from tests.oracle.oracle import api_messages

pytestmark = pytest.mark.server

PACKAGES = 200
TEMPLATES = [
    *(p for p in PROBES if "json ." not in p),
    "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>",
    "{{ if .System }}{{ .System }}\n{{ end }}{{ if .Tools }}{{ .Tools }}{{ end }}{{ range .Messages }}"
    '{{ if eq .Role "tool" }}<tool_response>{{ .Content }}{{ else }}{{ .Role }}: {{ .Content }}{{ end }}'
    "{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ json .Function }}{{ end }}{{ end }}{{ end }}",
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ end }}"
    "{{ if .Think }}<think>{{ else if .IsThinkSet }}<think></think>{{ end }}",
    "<PRE> {{ .Prompt }} <SUF>{{ .Suffix }} <MID>",
]
JINJAS = [
    "{{ messages[0].content }}",
    "{% if tools %}{{ tools }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# tool_calls tool_response #}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# <think> </think> #}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# tools <think> </think> #}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# tools tool_calls ipython <think> </think> #}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# content.split('</think>') #}{% for m in messages %}{{ m.content }}{% endfor %}",
    "{# content.split('</think>') reasoning_content #}{% for m in messages %}{{ m.content }}{% endfor %}",
]
RIVALS = [
    "{{ range .Messages }}{{ .Content }}{{ end }}",
    "{{ range .Messages }}{{ .Content }}{{ end }}{{ .Tools }}",
    "{{ range .Messages }}{{ .Content }}{{ .ToolCalls }}{{ end }}{{ .Tools }}{{/* tool_response */}}",
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ end }}",
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}"
    '{{ if eq .Role "tool" }}t{{ end }}{{ .ToolCalls }}{{ end }}{{ .Tools }}',
    "{{ .Prompt }}{{ .Suffix }}",
    "{{ if .Messages }}{{ .Suffix }}{{ .Tools }}{{ end }}",
]


class Server:
    """Just enough of the API, without the kit in between."""

    version = ""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=120, trust_env=False)

    def post(self, path: str, body: dict) -> httpx.Response:
        return self.http.post(path, content=json.dumps(body))  # lone surrogates as \\ud83d

    def create(self, name: str, **fields) -> None:
        answer = self.post("/api/create", {"model": name, "stream": False, **fields})
        assert answer.status_code == 200, answer.text
        assert "error" not in answer.json(), answer.text

    def upload(self, path) -> dict:
        data = path.read_bytes()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.http.post(f"/api/blobs/{digest}", content=data).raise_for_status()
        return {path.name: digest}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    program, reason = find_ollama()
    if program is None:
        pytest.skip(reason)
    process = OllamaProcess(program, tmp_path_factory.mktemp("ollama"))
    process.start()
    try:
        server = Server(process.url)
        version = server.http.get("/api/version").json()["version"]
        if tuple(int(n) for n in version.split("-")[0].split(".")) < (0, 30, 0):
            pytest.skip(f"{program} is Ollama {version}; the micro model needs 0.30")
        server.version = version
        yield server
    finally:
        process.stop()


def micro(server, folder, name, jinja):
    pair = build_pair(folder, chat_template=jinja)
    server.create(name, files={**server.upload(pair.model), **server.upload(pair.projector)})


def wire(body):
    """A request's messages as JSON carries them."""
    return {**body, "messages": api_messages(body["messages"])}


def check(answer, render, case):
    try:
        wanted = render()
    except PromptError as e:
        assert answer.status_code == e.status, (case, answer.text, e)
        return False
    except GoTemplateError as e:
        assert answer.status_code == 500, (case, answer.text, e)
        return False
    assert answer.status_code == 200, (case, answer.text, wanted)
    assert answer.json()["_debug_info"]["rendered_template"] == wanted, case
    return True


def without_addresses(answer):
    return "0xc0" not in answer.text


def test_prompts_of_random_packages(server, tmp_path):
    micro(server, tmp_path, "base", "")
    r = random.Random(4)
    rendered = 0
    for n in range(PACKAGES):
        template = TEMPLATES[n % len(TEMPLATES)]
        own = [
            {"role": role, "content": r.choice(TEXTS).replace("\ud83d", "")}
            for role in r.choices(["user", "assistant", "system"], k=r.choice([0, 0, 1, 3]))
        ]
        system = r.choice(["", "", "You are\nterse."])
        fields = {k: v for k, v in (("system", system), ("messages", own)) if v}
        server.create("p", **{"from": "base"}, template=template, **fields)
        ours = PromptTemplate(
            template, target=server.version, system=system, messages=own, name="p", projector=True
        )
        for _ in range(3):
            body = request(r)
            case = (template, own, system, body)
            sent = {
                "model": "p",
                "stream": False,
                "truncate": False,
                "_debug_render_only": True,
                **wire(body),
            }
            answer = server.post("/api/chat", sent)
            if without_addresses(answer):
                rendered += check(answer, partial(ours.render, **body), case)
        rendered += generate(server, ours, r)
        server.http.request("DELETE", "/api/delete", json={"model": "p"}).raise_for_status()
    assert rendered > PACKAGES


def generate(server, ours, r):
    options = {"prompt": r.choice(TEXTS[2:]).replace("\ud83d", "")}
    if r.random() < 0.3:
        options["suffix"] = "after"
    if r.random() < 0.3:
        options["system"] = "Other."
    if r.random() < 0.15:
        options["template"] = TEMPLATES[0]
    if r.random() < 0.1:
        options["raw"] = True
    if r.random() < 0.3:
        options["think"] = r.choice([True, False, "low"])
    images = r.choice([0, 0, 1, 3])
    sent = {"model": "p", "stream": False, "truncate": False, "_debug_render_only": True, **options}
    if images:
        sent["images"] = [base64.b64encode(f"picture {i}".encode()).decode() for i in range(images)]
    answer = server.post("/api/generate", sent)
    if not without_addresses(answer):
        return False
    return check(answer, partial(ours.render_generate, images=images, **options), (ours.source, sent))


def test_selection(server, tmp_path):
    pairs = 0
    for n, jinja in enumerate(JINJAS):
        micro(server, tmp_path / str(n), f"jinja{n}", jinja)
        for template in RIVALS:
            server.create("p", **{"from": f"jinja{n}"}, template=template)
            shown = server.post("/api/show", {"model": "p"}).json()
            chosen = select(template=template, jinja=jinja, architecture="glm4", target=server.version)
            assert (shown["template"] == jinja) == (chosen.source == "jinja"), (template, jinja, chosen)
            known = {"completion", "vision", *chosen.capabilities}
            assert set(shown["capabilities"]) == known, (template, jinja, chosen)
            pairs += 1
            server.http.request("DELETE", "/api/delete", json={"model": "p"}).raise_for_status()
    assert pairs >= 50
