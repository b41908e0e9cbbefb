"""Answers of a phone agent, written by hand after what Open-AutoGLM reads."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from modelfile_kit.vision.phone_agent import (
    SYSTEM,
    AgentReply,
    first_step,
    inside,
    next_step,
    read_reply,
    written,
)

TAP = 'do(action="Tap", element=[270,740])'


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Save is blue.</think><answer>{TAP}",
        f"<think>Save is blue.</think>\n<answer>{TAP}\n",
        f"Save is blue. {TAP}",
        f"<think>Save is blue.{TAP}",
    ],
)
def test_a_tap_is_read_as_the_agent_reads_it(text: str) -> None:
    assert read_reply(text) == AgentReply("Save is blue.", "Tap", {"element": [270, 740]})
    assert read_reply(text).point == (270, 740)


SOUND: dict[str, tuple[str, dict[str, Any]]] = {
    'do(action="Launch", app="微信")': ("Launch", {"app": "微信"}),
    'do(action="Swipe", start=[500,800], end=[500,200])': ("Swipe", {"start": [500, 800], "end": [500, 200]}),
    'do(action="Tap", element=[0,999], message="重要操作")': (
        "Tap",
        {"element": [0, 999], "message": "重要操作"},
    ),
    'do(action="Wait", duration="2 seconds")': ("Wait", {"duration": "2 seconds"}),
    'do(action="Back")': ("Back", {}),
    'finish(message="done")': ("finish", {"message": "done"}),
    # a text is taken between the first and the last quotation mark, whatever is in it
    'do(action="Type", text="say "hi"\nthen go")': ("Type", {"text": 'say "hi"\nthen go'}),
    'finish(message="it says "no"")': ("finish", {"message": 'it says "no"'}),
}


@pytest.mark.parametrize("text", SOUND)
def test_actions(text: str) -> None:
    reply = read_reply(f"<think>t</think><answer>{text}")
    assert (reply.action, reply.arguments, reply.fault) == (*SOUND[text], "")


FAULTS = {
    "": "neither",
    "The button is blue.": "neither",
    "<answer>red</answer>": "neither",
    "do(action=Tap, element=[1,2])": "not one whole action",
    'do(action="Tap", element=[270,740]': "not one whole action",
    'do(action="Tap", element=[1,2]) or so': "not one whole action",
    'do(action="Tap", "x")': "not one whole action",
    'do(action="Tap", element=open("x"))': "not one whole action",
    'do(action="Click", element=[1,2])': "knows no action 'Click'",
    'do(action="Tap")': "needs element.*missing",
    'do(action="Tap", element=[270,1740])': r"needs element.*\[270, 1740\]",
    'do(action="Tap", element=[0.27,0.74])': "needs element",
    'do(action="Tap", element=[270,740,1])': "needs element",
    'do(action="Launch", app=3)': "needs app",
    f"{TAP}</answer> and more": "goes on",
    "do(action=" + "[" * 5000: "not one whole action",
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults_are_told_and_never_raised(text: str) -> None:
    reply = read_reply(text)
    assert re.search(FAULTS[text], reply.fault)
    assert reply.point is None
    assert not reply.closing


def test_an_end_that_reaches_the_agent_is_a_fault_of_its_own() -> None:
    reply = read_reply(f"<think>t</think><answer>{TAP}</answer>")
    assert reply.closing
    assert (reply.action, reply.arguments) == ("Tap", {"element": [270, 740]})


def test_the_messages_of_two_steps() -> None:
    first = first_step("Send it", "Mail")
    assert [m["role"] for m in first] == ["system", "user"]
    task, _, info = first[1]["content"].partition("\n\n")
    assert (task, json.loads(info)) == ("Send it", {"current_app": "Mail"})
    second = next_step(first, AgentReply("t", "Tap", {"element": [270, 740]}), "Mail")
    assert second[:2] == first
    assert second[2] == {
        "role": "assistant",
        "content": '<think>t</think><answer>do(action="Tap", element=[270,740])</answer>',
    }
    assert second[3]["content"] == '** Screen Info **\n\n{"current_app": "Mail"}'


@pytest.mark.parametrize("text", [t for t in SOUND if '"hi"' not in t and '"no"' not in t])
def test_an_action_is_written_as_it_was_read(text: str) -> None:
    assert written(*SOUND[text]) == text


def test_the_system_message_names_the_form_and_only_known_actions() -> None:
    assert "<think>" in SYSTEM
    assert "<answer>" in SYSTEM
    for name in re.findall(r'action="([^"]+)"', SYSTEM):
        assert "knows no action" not in read_reply(f'do(action="{name}")').fault


def test_a_point_in_a_box() -> None:
    box = (80, 680, 460, 800)
    assert inside((80, 680), box)
    assert inside((460, 800), box)
    assert not inside((79, 700), box)
    assert not inside((100, 801), box)
