"""What dot is at a place: against the walk of lint, which needs a template that parses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelfile_kit.gotemplate.parse import nodes as n
from modelfile_kit.gotemplate.values.gotypes import GoType
from modelfile_kit.lint.template_types import ROOT, Root, Walk, pointed
from modelfile_kit.lsp.template_scope import actions, cursor_at, names_of, path_before
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.versions import Target

LATEST = Target()
ROOT_FOLDER = Path(__file__).parents[2]


def kind(text: str, path: str = ".") -> object:
    """The kind of a path at the cursor: a Go type's name, "$" for the request, None where it is not known."""
    before, _, after = text.partition("|")
    found = cursor_at(before + after, len(before), LATEST).kind(path)
    return "$" if isinstance(found, Root) else pointed(found).name.rpartition(".")[2] if found else None


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("{{ | }}", ".", "$"),
        ("{{ range .Messages }}{{ | }}", ".", "templateMessage"),
        ("{{ range .Messages }}{{ end }}{{ | }}", ".", "$"),
        ("{{ range $i, $m := .Messages }}{{ | }}", "$m", "templateMessage"),
        ("{{ range $i, $m := .Messages }}{{ | }}", "$i", "int"),
        ("{{ range $i, $m := $.Messages }}{{ | }}", "$m.ToolCalls", "templateToolCall"),
        ("{{ range .Messages }}{{ range .ToolCalls }}{{ | }}", ".Function", "templateToolCallFunction"),
        ("{{ range .Messages }}{{ else }}{{ | }}", ".", "$"),
        ("{{ if .Tools }}{{ range .Messages }}{{ else if .Role }}{{ | }}", ".", "$"),
        ("{{ with .Tools }}{{ | }}", ".", "templateTools"),
        ("{{ with .Tools }}{{ else with .System }}{{ | }}", ".", "string"),
        ("{{ with $x := index .Messages 0 }}{{ | }}", "$x", "templateMessage"),
        ("{{ $last := slice .Messages 1 }}{{ range $last }}{{ | }}", ".", "templateMessage"),
        ('{{ define "t" }}{{ | }}{{ end }}', ".", None),
        ('{{ define "t" }}{{ end }}{{ | }}', ".", "$"),
        ("{{ range .Nothing }}{{ | }}", ".", None),
        ("{{ range len .Messages }}{{ | }}", ".", None),
        ('{{ "}}" }}{{/* {{ range .Messages }} */}}{{ ` {{ ` }}{{ | }}', ".", "$"),
        ("{{ end }}{{ end }}{{ | }}", ".", "$"),
        ("{{- range .Messages -}}{{- | -}}", ".", "templateMessage"),
    ],
)
def test_kinds(text: str, path: str, expected: object) -> None:
    assert kind(text, path) == expected


def examples() -> Iterator[str]:
    """The TEMPLATEs of the examples and of the compiler's fixtures."""
    for path in sorted((ROOT_FOLDER / "examples").rglob("*.gotmpl")):
        yield path.read_text(encoding="utf-8")
    for path in sorted((ROOT_FOLDER / "tests/fixtures/compile").glob("*.txt"))[:60]:
        for part in path.read_text(encoding="utf-8").split("\n---"):
            if "{{ range" in part or "{{- range" in part:
                yield part[part.index("{{") :]


def test_dots_are_those_of_the_walk() -> None:
    compared = 0
    for text in examples():
        try:
            walk = Walk(PromptTemplate(text, target=LATEST))
        except Exception:
            continue
        for access in walk.accesses:
            node = access.node
            if not isinstance(node, n.FieldNode) or access.name != node.ident[0]:
                continue
            found = cursor_at(text, node.pos, LATEST).kind(".")
            if found is None:
                continue  # what it does not understand is of no kind, and of no wrong one
            expected = access.of if isinstance(access.of, Root) else pointed(access.of)
            assert (found if isinstance(found, Root) else pointed(found)) is expected, (text, node)
            compared += 1
    assert compared > 50


def test_actions_are_those_of_the_template() -> None:
    text = 'a{{- if "}}" -}}b{{ `{{` }}{{/* }} */}}{{ "\\"}}" }}{{ \'}\' }}{{ open'
    found = list(actions(text))
    assert [text[a.start : a.end] for a in found] == [
        '{{- if "}}" -}}', "{{ `{{` }}", "{{/* }} */}}", '{{ "\\"}}" }}', "{{ '}' }}", "{{ open",
    ]  # fmt: skip
    assert [a.closed for a in found] == [True] * 5 + [False]
    assert found[0].keyword == "if"


@pytest.mark.parametrize(
    ("text", "path"),
    [("eq $m.Fu", "$m.Fu"), ("eq .", "."), ("a.b", ""), ("$", "$"), ("x $.Mess", "$.Mess"), ("(.A", ".A")],
)
def test_the_path_before_the_cursor(text: str, path: str) -> None:
    assert path_before(text) == path


def test_names() -> None:
    cursor = cursor_at("{{ range .Messages }}{{ .", 25, LATEST)
    assert names_of(cursor.scope.dot, LATEST, cursor.types)[:2] == ["Role", "Content"]
    assert names_of(ROOT, LATEST, cursor.types)[0] == "Messages"
    assert names_of(None, LATEST, cursor.types) == []
    assert isinstance(cursor.types.tools, GoType)
    assert names_of(cursor.types.tools, LATEST, cursor.types) == ["String"]
