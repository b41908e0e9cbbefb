"""`verify --phone-agent` against a model that says what a test wants; a real server: tests/integration."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.core.errors import ServerError
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.phone_checks import FIRST, SECOND, check_phone_agent
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.subject import Subject
from modelfile_kit.runtime.ollama.messages import Answer
from modelfile_kit.runtime.ollama.replies import RefusedError

THOUGHT = "<think>Save is below.</think><answer>"
SAVE = f'{THOUGHT}do(action="Tap", element=[270,740])'


class Server:
    url = "http://box:1"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def message(self, way, name, messages, *, options=None):
        self.asked.append((way, messages, options))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(answer, finish="stop", tokens=20)


def checked(*answers, vision=True, phone_agent=True, dead=""):
    server: Any = Server(*answers)
    served = ServedModel.from_show("m", {"capabilities": ["vision"], "projector_info": {"a": 1}})
    subject = Subject(server, "m", served, Expectation(vision=vision), "0.34.4", dead=dead)
    subject.phone_agent = phone_agent
    return {c.name: c for c in check_phone_agent(subject)}, server.asked


def test_only_where_it_was_asked_for():
    assert checked(SAVE, phone_agent=False) == ({}, [])
    for found, asked in (checked(SAVE, vision=False), checked(SAVE, dead="no engine")):
        assert [c.status for c in found.values()] == ["skip"]
        assert asked == []


def test_a_phone_agent_is_asked_as_open_autoglm_asks():
    found, asked = checked(SAVE)
    assert [(c.name, c.status) for c in found.values()] == [(FIRST, "ok"), (SECOND, "ok")]
    assert 'do(action="Tap", element=[270,740]) on Save' in found[FIRST].detail
    (way, first, options), (_, second, _) = asked
    assert (way.path, way.streamed, options["temperature"]) == ("/v1/chat/completions", True, 0)
    assert [part["type"] for part in first[1]["content"]] == ["image_url", "text"]
    assert [m["role"] for m in second] == ["system", "user", "assistant", "user"]
    # only the newest screen is sent, as the agent does
    assert [isinstance(m["content"], list) for m in second] == [False, False, False, True]
    assert second[2]["content"] == f"{SAVE}</answer>"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("red", "MK894", "neither do"),
        (f"{SAVE}</answer>", "MK894", "reaches the agent"),
        (f'{THOUGHT}do(action="Tap", element=[730,740])', "MK895", r"asked to tap Save"),
        (Answer(SAVE, finish="length", tokens=9), "MK840", "does not end"),
        (Answer("", thinking=SAVE, finish="stop"), "MK894", "read as a thought"),
        (RefusedError("no", detail="something odd", status=500), "MK857", "something odd"),
    ],
)
def test_what_is_wrong_is_named(answer, code, words):
    found, asked = checked(answer)
    assert found[FIRST].status == "fail"
    (diagnostic,) = found[FIRST].diagnostics
    assert diagnostic.code == code
    assert words in diagnostic.message
    assert diagnostic.help
    assert len(asked) == 2  # the second step has a sound first one


def test_a_place_is_judged_only_where_one_is_named():
    found, _ = checked(f'{THOUGHT}do(action="Launch", app="Messages")')
    assert found[FIRST].status == "ok"
    # at the second step any place may be right
    found, _ = checked(SAVE, f'{THOUGHT}do(action="Tap", element=[10,10])')
    assert [c.status for c in found.values()] == ["ok", "ok"]


def test_a_server_that_is_gone_ends_the_checks():
    with pytest.raises(ServerError):
        checked(ServerError("gone", code="MK802"))
