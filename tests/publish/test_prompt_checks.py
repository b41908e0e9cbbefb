"""Prompts that a server renders and the chat template refuses: agreement about nothing is no success."""

from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.prompt_checks import check_prompts
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.publish.subject import Subject
from modelfile_kit.runtime.ollama.client import Rendered

RENDERS = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
REFUSES_TWO = "{% if messages | length > 1 %}{{ raise_exception('one only') }}{% endif %}" + RENDERS
ONE = Conversation("one", ({"role": "user", "content": "Hi"},))
TWO = Conversation("two", ({"role": "system", "content": "Be brief."}, *ONE.messages))


class Server:
    """Writes every message, whatever the chat template says."""

    def render(self, name: str, messages: Any, **_: Any) -> Rendered:
        return Rendered("".join(f"<|{m['role']}|>{m['content']}" for m in messages), 0)


def statuses(jinja: str, *conversations: Conversation) -> dict[str, str]:
    show = {"template": "{{ .Prompt }}", "modelfile": "TEMPLATE {{ .Prompt }}", "capabilities": []}
    meant = Expectation(chat_template=jinja, conversations=conversations)
    subject = Subject(Server(), "m", ServedModel.from_show("m", show), meant, "0.33.0")  # type: ignore[arg-type]
    found = list(check_prompts(subject))
    codes = [d.code for check in found for d in check.diagnostics]
    assert codes == (["MK738"] if found[-1].name == "prompts" else [])
    return {check.name: check.status for check in found}


def test_refused_by_the_chat_template_throughout() -> None:
    refuses = "{{ raise_exception('never') }}"
    assert statuses(refuses, ONE, TWO) == {"prompt one": "skip", "prompt two": "skip", "prompts": "fail"}


@pytest.mark.parametrize("conversations", [(ONE, TWO), (ONE,)])
def test_one_that_is_compared_is_enough(conversations: tuple[Conversation, ...]) -> None:
    found = statuses(REFUSES_TWO, *conversations)
    assert found["prompt one"] == "ok"
    assert "prompts" not in found
