"""Plain conversations: what becomes of the user's words, on templates written for it."""

from __future__ import annotations

import pytest

from modelfile_kit.safety.trials import Plain, Trials, in_turns, plain

from .seeded import CHAT


def seen(template: str) -> Plain:
    return plain(Trials(template, bos_token="", eos_token=""), template)


def test_an_honest_template() -> None:
    found = seen(CHAT)
    assert found == Plain(prompt=found.prompt)


def test_a_default_and_what_is_always_there() -> None:
    found = seen(
        "Today is a fine day.\n{% if messages[0].role != 'system' %}You are a helper.\n{% endif %}" + CHAT
    )
    assert (found.default, found.always) == (("You are a helper.",), ("Today is a fine day.",))


@pytest.mark.parametrize("last", ["", "{% if loop.last %}", "{% if message.role == 'user' %}"])
def test_what_stands_behind_the_message(last: str) -> None:
    end = "{% endif %}" if last else ""
    found = seen(CHAT.replace("<|im_end|>", f"{last} Say it in French.{end}<|im_end|>"))
    assert (found.after, found.begun) == (("Say it in French.",), ())


def test_the_beginning_of_a_reply() -> None:
    found = seen(CHAT.replace("assistant\n{% endif", "assistant\nHere are my steps:{% endif"))
    assert (found.after, found.begun) == ((), ("Here are my steps:",))


@pytest.mark.parametrize("messages", ["messages[-1:]", "messages[-9:]", "messages[:1]"])
def test_messages_that_are_left_out(messages: str) -> None:
    assert seen(CHAT.replace("in messages", f"in {messages}")).dropped


def test_a_message_that_is_cut() -> None:
    found = seen(CHAT.replace("message.content", "message.content[:200]"))
    assert found.cut is not None and found.cut[1] == 200 < found.cut[0]


def test_a_template_that_takes_parts_alone_leaves_nothing_out() -> None:
    parts = "{% for part in message.content %}{{ part.text }}{% endfor %}"
    assert seen(CHAT.replace("{{ message.content }}", parts)).dropped == ()


def test_roles() -> None:
    """A system message inside the user's turn, as Llama 2 and Gemma have it, is no fault."""
    inst = (
        "{% for m in messages %}{% if m.role == 'system' %}<<SYS>>\n{{ m.content }}\n<</SYS>>\n\n"
        "{% elif m.role == 'user' %}[INST] {{ m.content }} [/INST]"
        "{% else %}{{ m.content }}</s>{% endif %}{% endfor %}"
    )
    assert seen(inst).as_system is None
    assert seen(
        inst.replace("[INST] {{ m.content }} [/INST]", "<<SYS>>\n{{ m.content }}\n<</SYS>>")
    ).as_system
    plain_words = "{% for m in messages %}{{ m.role | title }}: {{ m.content }}\n\n{% endfor %}"
    assert seen(plain_words).as_system is None
    assert seen(plain_words.replace("m.role | title", "'System'")).as_system


def test_turns_end_with_the_user() -> None:
    for number in (1, 2, 7, 24):
        turns = in_turns(number)
        assert [m["role"] for m in turns] == [("user", "assistant")[n % 2] for n in range(len(turns))]
        assert turns[-1]["role"] == "user" and number - 1 <= len(turns) <= number
        assert len({m["content"] for m in turns}) == len(turns)
