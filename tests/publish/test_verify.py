"""Checks against a model that misbehaves on purpose; a real server is asked in tests/integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.subject import error, judged
from modelfile_kit.publish.verify import verify_on
from modelfile_kit.runtime.completion import Completion
from modelfile_kit.runtime.ollama.client import Rendered
from modelfile_kit.runtime.ollama.replies import HalfStreamError, RefusedError
from modelfile_kit.vision.colour_images import colour_probes

PROBES = {p.bytes: p for p in colour_probes()}
TEMPLATE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
JINJA = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


class FakeServer:
    """A model that sees; every part of it can be replaced."""

    url = "http://box:1"

    def __init__(self, **changes):
        self.show_reply = {
            "template": TEMPLATE,
            "modelfile": f"FROM /nowhere/sha256-00\nTEMPLATE {TEMPLATE}\n",
            "capabilities": ["completion", "vision"],
            "model_info": {"general.architecture": "llava"},
            "projector_info": {"clip.projector_type": "mlp"},
            **changes.pop("show", {}),
        }
        self.version_text = "0.33.0"
        self.asked = []
        self.see = lambda probe: probe.answer
        self.greet = "Hello!"
        self.finish = "stop"
        self.blind = "I see no image."
        for key, value in changes.items():
            setattr(self, key, value)

    def version(self):
        return self.version_text

    def show(self, name):
        return self.show_reply

    def unload(self, name):
        pass

    def render(self, name, messages, *, tools=None, think=None):
        return Rendered("".join(f"<|{m['role']}|>{m['content']}" for m in messages) + "<|assistant|>", 0)

    def chat(self, name, messages, *, tools=None, think=None, options=None):
        self.asked.append(options)
        last = messages[-1]
        if image := last.get("images"):
            return Completion(self.see(PROBES[image[0]]), 9, 2, "stop")
        if "colour" in last["content"]:
            return Completion(self.blind, 9, 2, "stop")
        return Completion(self.greet, 9, 2, self.finish)


def run(server, **meant):
    chat = (Conversation("one", ({"role": "user", "content": "hi"},)),)
    return verify_on(server, "m", expectation=Expectation(**{"conversations": chat, **meant}))


def status(report, name):
    return {c.name: c.status for c in report.checks}[name]


def codes(report):
    return {d.code for d in report.diagnostics}


def test_a_sound_model_passes():
    report = run(FakeServer(), chat_template=JINJA)
    assert report.ok
    assert codes(report) == set()
    assert status(report, "prompt one") == "ok"
    assert status(report, "no image") == "ok"
    assert all(status(report, f"image {p.id}") == "ok" for p in colour_probes())
    assert json.loads(json.dumps(report.to_dict()))["ok"]


def test_a_wrong_colour_is_named():
    report = run(FakeServer(see=lambda p: "red"))
    assert codes(report) == {"MK850"}
    assert status(report, "image red.png") == "ok"
    assert status(report, "image blue.jpg") == "fail"


def test_a_model_that_does_not_look_is_named():
    report = run(FakeServer(see=lambda p: "A red thing.", blind="a red thing."))
    assert {"MK850", "MK851"} <= codes(report)
    assert status(report, "no image") == "fail"


IMAGE = Conversation("image", ({"role": "user", "content": "What?", "images": 1},))


def test_images_that_the_chat_template_does_not_know():
    """They are asked about and not compared, which one finding says; a wrong answer points at it."""
    talks = (Conversation("one", ({"role": "user", "content": "hi"},)), IMAGE)
    report = run(FakeServer(), chat_template=JINJA, conversations=talks, place=Span("t.jinja"))
    assert [(d.code, str(d.span)) for d in report.diagnostics] == [("MK662", "t.jinja")]
    assert report.ok
    assert [status(report, n) for n in ("prompt one", "prompt image", "image red.png")] == [
        "ok",
        "skip",
        "ok",
    ]
    wrong = run(FakeServer(see=lambda p: "red"), chat_template=JINJA, conversations=talks)
    assert codes(wrong) == {"MK662", "MK850"}
    assert all("MK662" in d.help for d in wrong.diagnostics if d.code == "MK850")


@pytest.mark.parametrize(("template", "says"), [(JINJA, "MK662"), (None, "so the end token is right")])
def test_an_endless_answer_to_an_image(template, says):
    """The end token is right where an answer without an image ends: then that is not what to look at."""
    server: Any = FakeServer()
    chat = server.chat

    def endless(name, messages, **options):
        if messages[-1].get("images"):
            raise HalfStreamError("ended early", code="MK805")
        return chat(name, messages, **options)

    server.chat = endless
    report = run(server, chat_template=template, conversations=(IMAGE,))
    found = [d for d in report.diagnostics if d.code == "MK840"]
    assert found and not report.ok
    assert all(says in d.help and "end-of-generation" not in d.help for d in found)


def test_guessing_without_a_image_is_only_noted():
    report = run(FakeServer(blind="Red?"))
    assert report.ok
    assert "guesses red" in next(c.detail for c in report.checks if c.name == "no image")


def test_a_model_that_thinks_long_gets_the_time():
    server: Any = FakeServer()
    chat = server.chat

    def slow(name, messages, *, tools=None, think=None, options=None):
        if messages[-1].get("images") and options["num_predict"] <= 400:
            return Completion("<think>Is it blue? Or green? Let me see", 9, 400, "length")
        return chat(name, messages, options=options)

    server.chat = slow
    assert run(server).ok


def test_a_format_that_is_not_understood_is_named():
    def see(probe):
        if probe.format == "WEBP":
            raise RefusedError("HTTP 400: cannot decode", detail="cannot decode", status=400)
        return probe.answer

    report = run(FakeServer(see=see))
    assert codes(report) == {"MK858"}
    assert status(report, "image green.webp") == "fail"
    assert status(report, "image yellow.png") == "ok"


def test_a_format_is_not_blamed_where_png_fails_too():
    def see(probe):
        raise RefusedError("HTTP 400: cannot tokenize", detail="cannot tokenize", status=400)

    assert codes(run(FakeServer(see=see))) == {"MK857"}


def test_an_endless_answer_gets_a_second_chance_and_is_then_named():
    server: Any = FakeServer(
        finish="length", greet="It was a dark and stormy night; the rain fell in torrents."
    )
    report = run(server)
    assert "MK840" in codes(report)
    limits = [o["num_predict"] for o in server.asked]
    assert limits[0] < limits[1]


def test_an_answer_that_repeats_itself_gets_no_second_chance():
    server: Any = FakeServer(finish="length", greet="ab" * 500)
    report = run(server)
    assert "MK840" in codes(report)
    assert "repeats itself" in next(d.message for d in report.diagnostics)
    assert len([o for o in server.asked if o["num_predict"] > 400]) == 0


def test_a_turn_token_in_the_answer_is_named():
    report = run(FakeServer(greet="Hello!<|user|>And you?"), chat_template=JINJA)
    assert codes(report) == {"MK841"}
    assert "PARAMETER stop <|user|>" in next(d.help for d in report.diagnostics)


def test_a_model_without_any_prompt_format_is_named():
    show = {"template": "{{ .Prompt }}", "modelfile": "TEMPLATE {{ .Prompt }}\n"}
    assert "MK825" in codes(run(FakeServer(show=show)))


def test_a_model_that_was_to_see_and_has_no_projector():
    show = {"capabilities": ["completion"], "projector_info": None}
    report = run(FakeServer(show=show), vision=True)
    assert "MK436" in codes(report)
    assert status(report, "capabilities") == "fail"


def test_a_prompt_that_the_server_refuses_is_named():
    server: Any = FakeServer()

    def refuse(*_, **__):
        raise RefusedError("HTTP 500: template: :1", detail="template: :1: nil", status=500)

    server.render = refuse
    report = run(server, chat_template=JINJA)
    assert codes(report) == {"MK730"}


def test_what_both_sides_refuse_is_skipped():
    server: Any = FakeServer()
    render = server.render

    def refuse(name, messages, **options):
        if messages[0]["role"] == "system":
            raise RefusedError("HTTP 500: no system", detail="no system", status=500)
        return render(name, messages, **options)

    server.render = refuse
    refuses = "{% if messages[0].role == 'system' %}{{ raise_exception('not here') }}{% endif %}"
    user = {"role": "user", "content": "hi"}
    talks = (
        Conversation("one", (user,)),
        Conversation("system", ({"role": "system", "content": "Be brief."}, user)),
    )
    report = run(server, chat_template=refuses + JINJA, conversations=talks)
    (check,) = [c for c in report.checks if c.name == "prompt system"]
    assert (check.status, check.detail) == (
        "skip",
        "both sides refuse it: no system; the chat template refuses this conversation: not here",
    )
    assert "MK730" not in codes(report)


def test_an_older_server_shows_no_prompts():
    report = run(FakeServer(version_text="0.9.6"), chat_template=JINJA)
    assert status(report, "prompts") == "skip"
    assert report.ok


def test_a_dead_engine_skips_what_needs_it():
    server: Any = FakeServer()

    def dead(*_, **__):
        text = "llama-server process has terminated: signal: segmentation fault"
        raise RefusedError(text, detail=text, status=500)

    server.chat = dead
    report = run(server, chat_template=JINJA)
    assert not report.ok
    assert codes(report) == {"MK417"}
    assert [status(report, n) for n in ("engine", "prompts", "stop", "images")] == ["fail"] + ["skip"] * 3


@pytest.mark.parametrize("code", ["MK802", "MK803"])
def test_a_server_that_is_gone_ends_it(code):
    server: Any = FakeServer()

    def gone(*_, **__):
        raise ServerError("gone", code=code)

    server.render = gone
    with pytest.raises(ServerError):
        run(server, chat_template=JINJA)


def test_a_chat_template_that_does_not_compile_is_a_finding():
    report = run(FakeServer(), chat_template="{% if %}")
    assert status(report, "prompts") == "fail"
    assert "MK210" in codes(report)


def test_token_counts_need_the_files():
    report = run(FakeServer(), chat_template=JINJA)
    assert status(report, "token counts") == "skip"
    assert "not on this machine" in next(c.detail for c in report.checks if c.name == "token counts")


def test_without_the_extra_token_counts_are_skipped_with_a_word(monkeypatch, tmp_path):
    import importlib.util

    from modelfile_kit.micro import build_pair

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "llama_cpp" else find(name, *a)
    )
    monkeypatch.setattr("modelfile_kit.runtime.local.find_llama_server", lambda: None)
    pair = build_pair(tmp_path)
    report = run(FakeServer(), chat_template=JINJA, model=pair.model, projector=pair.projector)
    assert status(report, "token counts") == "skip"
    [check] = [c for c in report.checks if c.name == "token counts"]
    assert check.detail.startswith("not counted: ") and "pip install" not in check.detail
    assert "align" in check.help and check.to_dict()["help"] == check.help
    assert report.ok


def test_a_check_that_failed_does_not_say_that_all_is_as_expected():
    wrong = error("MK822", "another TEMPLATE", "publish again")
    details = [judged("description", found, "as expected", "otherwise").detail for found in ([], [wrong])]
    assert details == ["as expected", "otherwise"]
