"""Added texts stand exactly where they were asked for, and nothing else of the prompt changes.

The expected prompts are written by hand; the TEMPLATEs are run as an Ollama server runs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from modelfile_kit.building.additions import Additions, PlacementError
from modelfile_kit.core.conversation import Message
from modelfile_kit.ollama.prompt import render_prompt

TURNS = """[A]
{{- range .Messages }}
{{- if eq .Role "user" }}<u>
{{ .Content }}
{{- else if eq .Role "assistant" }}<a>
{{ .Content }}
{{- end }}
{{- end }}<a>
"""


def user(text: str, images: int = 0) -> dict[str, Any]:
    return {"role": "user", "content": text, **({"images": images} if images else {})}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def test_without_additions_nothing_is_touched() -> None:
    assert Additions().template("anything {{ at all") == "anything {{ at all"
    assert not Additions()


@pytest.mark.parametrize(
    ("additions", "messages", "prompt"),
    [
        (Additions(end="<e>"), [user("Hi")], "[A]<u>\nHi<e><a>\n"),
        (
            Additions(end="<e>"),
            [user(" a \n"), assistant(""), user("b")],
            "[A]<u>\n a \n<e><a>\n<e><u>\nb<e><a>\n",
        ),
        (Additions(end="<e>"), [user("a"), user("b")], "[A]<u>\na\n\nb<e><a>\n"),  # merged: one turn
        (Additions(end="<e>"), [{"role": "tool", "content": "x"}, user("a")], "[A]<u>\na<e><a>\n"),
        (Additions(separator="\n"), [user("a", 1)], "[A]<u>\n[img-0]\na<a>\n"),
        (Additions(separator="\n"), [user("a", 2)], "[A]<u>\n[img-0][img-1]\na<a>\n"),
        (Additions(separator="\n"), [user("a")], "[A]<u>\na<a>\n"),
        (Additions(separator="\n"), [user("", 1)], "[A]<u>\n[img-0]\n<a>\n"),
        (Additions(separator="\n"), [user("[img-7] x", 1)], "[A]<u>\n[img-0]\n[img-7] x<a>\n"),
        (Additions(separator="\n"), [user("见[img-", 1)], "[A]<u>\n[img-0]\n见[img-<a>\n"),
        (
            Additions(separator=' "\\{{ | }}\t'),
            [user("a", 1)],
            '[A]<u>\n[img-0] "\\{{ | }}\ta<a>\n',
        ),
        (
            Additions("<e>", ": "),
            [user("a", 1), assistant("b"), user("c", 1)],
            "[A]<u>\n[img-0]: a<e><a>\nb<e><u>\n[img-1]: c<e><a>\n",
        ),
    ],
)
def test_prompts(additions: Additions, messages: Sequence[Message], prompt: str) -> None:
    assert render_prompt(additions.template(TURNS), messages) == prompt


def test_the_template_stays_as_it_was_written() -> None:
    assert Additions(end="<e>").template(TURNS) == TURNS.replace("{{ .Content }}", "{{ .Content }}<e>")


@pytest.mark.parametrize(
    "template",
    [
        "{{ range .Messages }}{{ .Content -}}\n {{ end }}",  # the trim would eat what is put behind it
        "{{ range $i, $m := .Messages }}{{ $m.Content }}{{ end }}",
        "{{ range $i, $m := .Messages }}{{ (index $.Messages $i).Content }}{{ end }}",
        '{{ define "turn" }}{{ .Content }}{{ end }}{{ range .Messages }}{{ template "turn" . }}{{ end }}',
        "{{ range .Messages }}{{ if .Content }}{{ .Content }}{{ end }}{{ end }}",
        "{{ range .Messages }}{{/* }} */}}{{ .Content }}{{ end }}",
    ],
)
def test_other_ways_to_print_a_text(template: str) -> None:
    written = Additions(end="<e>", separator="~").template(template)
    assert render_prompt(written, [user("a", 1), assistant("b")]) == "[img-0]~a<e>b<e>"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ range .Messages }}{{ .Role }}{{ end }}", "unchanged anywhere"),
        ('{{ range .Messages }}{{ printf "%s" .Content }}{{ end }}', "changes a message's text"),
        ("{{ range .Messages }}{{ $c := .Content }}{{ $c }}{{ end }}", "changes a message's text"),
        ("{{ range .Messages }}{{ with .Content }}{{ . }}{{ end }}{{ end }}", "changes a message's text"),
        ("{{ range .Messages }}{{ slice .Content 1 }}{{ end }}", "changes a message's text"),
        ("{{ .System }}{{ range .Messages }}{{ .Content }}{{ end }}", "changes a message's text"),
        ("{{ .Prompt }}{{ .Response }}", "changes a message's text"),
    ],
)
def test_where_the_place_is_not_certain(template: str, said: str) -> None:
    with pytest.raises(PlacementError, match=said) as caught:
        Additions(end="<e>").template(template)
    assert caught.value.help


def test_messages_of_the_reference_side() -> None:
    def render(messages: Sequence[Message]) -> str:  # writes no empty turns
        return "".join(f"<{m['role']}>{m['content']}" for m in messages if m["content"])

    messages = [user("a", 1), assistant(""), user("b", 1), user("c")]
    added = Additions("<e>", "~").messages(messages, render)
    assert [m["content"] for m in added] == ["~a<e>", "", "~b", "c<e>"]
    assert messages[0]["content"] == "a"
    everything = Additions("<e>").messages(messages, lambda some: str(len(some)))
    assert everything[1]["content"] == "<e>"
