"""Small chat templates with what they become: tests/fixtures/compile/<construct>.txt.

A fixture has three parts between lines of `---`: the chat template, the Go TEMPLATE, and lines `key: value`.
The settings bos_token, eos_token and target may stand first; then the claim for each kind of conversation,
as the compiler makes it before the proof, and the findings, `code: line`.

`pytest tests/compiler/test_fixtures.py --update-fixtures` writes the last two parts anew. What it writes is
not believed: every TEMPLATE is rendered for the conversations below, and where a claim is exact the prompt
has to be the one of Hugging Face's renderer. To add a fixture, write its chat template alone, and update.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler.compile import Compiled, translate
from modelfile_kit.core.errors import KitError
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.compiler.cases import CALL, TOOL, reference, user

FOLDER = Path(__file__).parents[1] / "fixtures" / "compile"
FIXTURES = sorted(FOLDER.glob("*.txt"))
SETTINGS = ("bos_token", "eos_token", "target")

ANSWER = {"role": "assistant", "content": "b"}
SYSTEM = {"role": "system", "content": "Be brief."}
TEXTS = ("a", "", "ab,c,,da", " \n 12 x\n", "\n\na</think>b Ünï <&> 你好\n", "-a-", "aaaa \"q\" 'r' \\")
CALLING = {"role": "assistant", "content": "b", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "7", "tool_name": "get_weather", "tool_call_id": "abc123456"}
# per kind of conversation: messages, and what the request has beside them
CONVERSATIONS: dict[str, list[tuple[list[dict[str, Any]], dict[str, Any]]]] = {
    "chat": [
        *(([user(text)], {}) for text in TEXTS),
        *(([user(text), {"role": "assistant", "content": text}, user("c")], {}) for text in TEXTS),
        ([SYSTEM, user("a"), ANSWER, user("c")], {}),
        ([SYSTEM, user("a"), ANSWER, user("a"), {**ANSWER, "content": "a"}], {}),
    ],
    "tools": [
        ([user("a")], {"tools": [TOOL]}),
        ([user("a"), CALLING, RESULT, ANSWER], {"tools": [TOOL, TOOL]}),
        ([user("a"), CALLING, RESULT, RESULT], {}),
    ],
    "thinking": [
        ([user("a")], {"think": True}),
        ([user("a")], {"think": False}),
        ([user("a"), {**ANSWER, "thinking": "t\n"}, user("c")], {"think": True}),
    ],
    "images": [
        ([user("a", images=1)], {}),
        ([user("", images=2), ANSWER, user(" c\n", images=1)], {}),
    ],
}
IMAGE = re.compile(r"\[img-\d+\]|<image>")


@dataclass
class Fixture:
    """A file: the chat template, its settings, and what is expected."""

    source: str
    template: str
    settings: dict[str, str]
    claims: str

    @classmethod
    def read(cls, path: Path) -> Fixture:
        text = path.read_text(encoding="utf-8")
        if "\n---\n" not in text:  # a new one, which has only its chat template
            return cls(text.rstrip("\n"), "", {}, "")
        source, template, rest = text.split("\n---\n")
        lines = rest.splitlines()
        settings = dict(line.split(": ", 1) for line in lines if line.split(": ")[0] in SETTINGS)
        return cls(source, template, settings, "\n".join(lines[len(settings) :]))

    def text(self) -> str:
        settings = "".join(f"{key}: {value}\n" for key, value in self.settings.items())
        return f"{self.source}\n---\n{self.template}\n---\n{settings}{self.claims}\n"

    def compiled(self) -> Compiled:
        return translate(self.source, **self.settings)

    def prompts(self, template: str, kind: str) -> list[tuple[str | None, str | None]]:
        """What Hugging Face and Ollama render for each conversation of a kind; None where one refuses."""
        tokens = {key: value for key, value in self.settings.items() if key != "target"}
        ollama = PromptTemplate(template, target=self.settings.get("target", "latest"))
        found = []
        for messages, request in CONVERSATIONS[kind]:
            right, got = (
                reference(self.source, messages, **request, **tokens),
                rendered(ollama, messages, request),
            )
            found.append((plain(right, tokens.get("bos_token", "")), plain(got, tokens.get("bos_token", ""))))
        return found


def rendered(ollama: PromptTemplate, messages: list[dict[str, Any]], request: dict[str, Any]) -> str | None:
    """What Ollama renders, None where it answers an error."""
    try:
        return ollama.render(messages, **request)
    except KitError:
        return None


def plain(prompt: str | None, bos: str) -> str | None:
    """A prompt without its leading BOS, images alike."""
    return None if prompt is None else IMAGE.sub("#", prompt.removeprefix(bos))


def claims_of(found: Compiled) -> str:
    claims = [f"{kind}: {claim}" for kind, claim in found.coverage.items()]
    return "\n".join([*claims, *(f"{d.code}: {d.span.line if d.span else 0}" for d in found.diagnostics)])


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path, pytestconfig: pytest.Config) -> None:
    fixture = Fixture.read(path)
    found = fixture.compiled()
    claims = claims_of(found)
    compared = 0
    # an old Ollama cannot express all the other conversations
    kinds = {"chat": found.coverage["chat"]} if "target" in fixture.settings else found.coverage
    for kind, claim in kinds.items():
        pairs = fixture.prompts(found.template, kind) if claim in ("exact", "partial") else []
        for right, got in pairs:
            assert got == right or claim == "partial", f"{kind} is not exact\n{found.template}"
            compared += got is not None and got == right
    assert compared or found.coverage["chat"] != "exact", "no conversation was compared"
    if pytestconfig.getoption("--update-fixtures"):
        path.write_text(
            Fixture(fixture.source, found.template, fixture.settings, claims).text(), encoding="utf-8"
        )
        return
    assert found.template == fixture.template
    assert claims == fixture.claims


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["chat", "tools"])
def test_go_renders_the_same(kind: str, oracle: Any) -> None:
    """Ollama's own packages give the prompts that are compared above."""
    for path in FIXTURES:
        fixture = Fixture.read(path)
        if "target" in fixture.settings or f"{kind}: absent" in fixture.claims:
            continue
        ollama = PromptTemplate(fixture.template)
        for messages, request in CONVERSATIONS[kind]:
            answer = oracle.chat(fixture.template, messages, **request)
            output = answer["output"] if answer.get("ok") else None
            assert output == rendered(ollama, messages, request), path.stem
