"""The proof of native mode on a server, with a stand-in that renders by Jinja2 and one fault at a time."""

from __future__ import annotations

import pytest

from modelfile_kit.huggingface import Reference
from modelfile_kit.publish import native_checks
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.native_checks import check_native
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.subject import Subject
from modelfile_kit.runtime.ollama.client import Rendered
from modelfile_kit.runtime.ollama.replies import RefusedError

JINJA = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.tool_calls %}CALL{% endif %}{{ m.content }}{% endfor %}"
    "{% if tools %}{{ tools[0].function.name }}{% endif %}<|assistant|>"
)


class Server:
    """Renders by the reference; change: what it does to a prompt; refuse: a word that it refuses."""

    def __init__(self, change=lambda prompt: prompt, refuse="what no probe says", system=""):
        self.change, self.refuse, self.system, self.asked = change, refuse, system, 0

    def render(self, name, messages, *, tools=None, think=None):
        self.asked += 1
        messages = list(messages)
        if any(self.refuse in str(m.get("content")) for m in messages):
            raise RefusedError("no", detail="no such word", status=400)
        if self.system and messages[0]["role"] != "system":
            messages.insert(0, {"role": "system", "content": self.system})
        return Rendered(self.change(Reference(JINJA).render(messages, tools=tools, think=think)), 0)


def subject(server, *, native=True, version="0.33.0", template=JINJA, capabilities=("completion", "tools")):
    show = {
        "template": JINJA if native else "{{ .Prompt }}",
        "modelfile": "FROM x" if native else "TEMPLATE {{ .Prompt }}",
        "capabilities": capabilities,
        "system": server.system,
    }
    served = ServedModel.from_show("m", show)
    assert served.native == native
    return Subject(server, "m", served, Expectation(chat_template=template), version)


def checked(server, **more):
    found = list(check_native(subject(server, **more)))
    return found[0] if found else None


def test_an_engine_that_renders_right():
    server = Server()
    check = checked(server)
    assert (check.status, check.diagnostics) == ("ok", ())
    assert check.detail.endswith("no difference for chat, tools")
    assert server.asked > 20


def test_system_that_the_server_adds_is_no_difference():
    assert checked(Server(system="Be brief.")).diagnostics == ()


@pytest.mark.parametrize(
    ("server", "kinds"),
    [
        (Server(lambda p: p.replace("CALL", "")), "some for tools"),
        (Server(lambda p: p.replace("<|user|>", "<|human|>")), "some for chat, tools"),
        (Server(refuse="{{"), "some for chat"),
    ],
)
def test_what_differs_is_told_with_both_texts(server, kinds):
    check = checked(server)
    assert check.status == "ok"
    assert kinds in check.detail
    assert {d.code for d in check.diagnostics} == {"MK522"}
    text = check.diagnostics[0].message
    assert ("reference:" in text and "server:" in text) or "no such word" in text


def test_what_is_not_asked():
    assert checked(Server(), native=False) is None
    assert checked(Server(), version="0.11.4").status == "skip"
    assert checked(Server(), template=None).status == "skip"
    assert checked(Server(), template="{% for").status == "skip"


def test_a_slow_server_is_not_asked_for_ever(monkeypatch):
    monkeypatch.setattr(native_checks, "PROMPTS_MAX", 0)
    server = Server()
    assert checked(server).status == "ok"
    assert server.asked <= 1
