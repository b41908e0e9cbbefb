from __future__ import annotations

import pytest

from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.languages import TEMPLATE
from tests.lsp.typed import labels, said, typed, written


def test_problems_have_their_places() -> None:
    text = "{{ range .Messages }}\n你😀{{ .Rol }}{{ end }}"
    [problem, *_] = [p for p in TEMPLATE.problems(OpenFile(text)) if p.code == "MK241"]
    assert text[slice(*problem.place)].startswith(".Rol }}")
    [problem] = TEMPLATE.problems(OpenFile("{{ range .Messages }}"))
    assert problem.code == "MK202"
    assert TEMPLATE.problems(OpenFile("")) == []
    sound = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}<end>{{ end }}<assistant>"
    assert [p.code for p in TEMPLATE.problems(OpenFile(sound)) if p.severity.value == "error"] == []


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("{{ |", ["range", "eq", ".Messages", "$"]),
        ("{{ ra|", ["range"]),
        ("{{ if |", ["eq", ".Tools"]),
        ("{{ else |", ["if", "with"]),
        ("{{ .|", ["Messages", "Prompt"]),
        ("{{ $.|", ["Messages"]),
        ("{{ range $i, $m := .Messages }}{{ if eq $m.|", ["Role"]),
        ("{{ range $i, $m := .Messages }}{{ $|", ["$i", "$m", "$"]),
        ('{{ define "t" }}{{ .|', ["Role", "Function", "Type"]),
        ('{{ define "t" }}{{ end }}{{ template "|', ["t"]),
    ],
)
def test_choices(text: str, some: list[str]) -> None:
    found = labels(TEMPLATE, text)
    assert [label for label in some if label not in found] == []


@pytest.mark.parametrize(
    "text", ["|", "{{ .Prompt }}|", '{{ "a|" }}', "{{/* a| */}}", "{{ range .Messages }}x|"]
)
def test_no_choices(text: str) -> None:
    assert labels(TEMPLATE, text) == []


def test_a_keyword_is_offered_only_where_an_action_begins() -> None:
    assert "range" not in labels(TEMPLATE, "{{ if ra|")


def test_what_is_written() -> None:
    text = written(TEMPLATE, "{{ range .Messages }}{{ .Con| }}", "Content")
    assert text == "{{ range .Messages }}{{ .Content }}"
    assert written(TEMPLATE, "{{ els|", "else") == "{{ else"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("{{ ra|nge .Messages }}", "range", "for each entry"),
        ("{{ range .Mess|ages }}", ".Messages", "of the request"),
        ("{{ .Think|Level }}", ".ThinkLevel", "Since Ollama 0.11.1"),
        ("{{ json| .Tools }}", "json", "as JSON"),
        ("{{ currentDate| }}", "currentDate", "Since Ollama 0.11.1"),
        ("{{ range .Messages }}{{ .Tool|CallID }}", ".ToolCallID", "Since Ollama 0.12.10"),
        ("{{ range $m := .Messages }}{{ range $m.ToolCalls }}{{ .Function.Na|me }}", ".Name", "a tool call"),
        ("{{ range $m := .Messages }}{{ $m|.Role }}", "$m.Role", ""),
        ('{{ define "t" }}{{ .Na|me }}', ".Name", "of a tool"),
        ("{{ range $i, $m := .Messages }}{{ $m| }}", "$m", "a message"),
    ],
)
def test_hover(text: str, place: str, words: str) -> None:
    found = said(TEMPLATE, text)
    assert words in found[1]
    assert found[0] in (place, place.partition(".")[0], "." + place.rpartition(".")[2])


@pytest.mark.parametrize(
    "text", ["a|b", "{{ 12|3 }}", '{{ "ran|ge" }}', "{{/* ran|ge */}}", "{{ .Nothing| }}"]
)
def test_no_hover(text: str) -> None:
    assert said(TEMPLATE, text) == ("", "")


def test_an_outline_of_half_a_template() -> None:
    text = '{{ define "a" }}{{ range . }}x{{ end }}{{ end }}{{ if .System }}{{ with . }}'
    found = TEMPLATE.symbols(OpenFile(text))
    assert [(s.name, s.kind) for s in found] == [
        ("a", "template"),
        ("if .System", "block"),
        ("with .", "block"),
    ]
    assert [s.name for s in found[0].inside] == ["range ."]


def test_a_definition() -> None:
    file, at = typed('{{ block "b" . }}{{ end }}{{ template "b"| . }}')
    place = TEMPLATE.definition(file, at)
    assert place and file.text[slice(*place)] == '"b"'
    file, at = typed('{{ template "c"| . }}')
    assert TEMPLATE.definition(file, at) is None


def test_a_template_is_not_formatted() -> None:
    assert TEMPLATE.formatted(OpenFile("{{.}}  ")) is None


@pytest.mark.parametrize("again", ["\\'", '\\"', "'\\", "a"])
def test_what_is_typed_is_read_once(again: str) -> None:
    """Of a long text in quotes that is not closed, or of a long name."""
    start = "{{ " + ("" if again == "a" else "'" if "'" in again else '"')
    twice, often = (
        TEMPLATE.choices(OpenFile(start + again * count, None, ""), len(start + again * count))
        for count in (2, 200_000)
    )
    assert [choice.label for choice in often] == [choice.label for choice in twice]
