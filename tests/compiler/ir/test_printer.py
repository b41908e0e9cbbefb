"""How statements are written; Go's own reading of them is in the other tests."""

# ruff: noqa: E501 - rows of a table
from __future__ import annotations

import pytest

from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir.printer import emit, quote

ITEM = go.Item(1, "message")
ROLE = go.Field(ITEM, "Role")


def over(*body: go.Node) -> go.Nodes:
    return (go.Range(1, go.Root("Messages"), body, item="message"),)


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ((go.Text("a {{ b }} {"), go.Print(go.Root("System"))), 'a {{ "{{" }} b }} {{ "{" }}{{ .System }}'),
        ((go.Text('"""\n\u200b'),), '{{ "\\"\\"\\"" }}\n{{ "\\u200b" }}'),
        (over(go.Print(ROLE)), "{{ range .Messages }}{{ .Role }}\n{{- end }}"),
        (over(go.Print(go.Index(1))), "{{ range $i, $_ := .Messages }}{{ $i }}\n{{- end }}"),
        (over(go.Text("a\n")), "{{ range .Messages }}a\n{{ end }}"),
        (over(go.Print(go.Root("System"))), "{{ range .Messages }}{{ $.System }}\n{{- end }}"),
        (
            over(go.Range(2, go.Field(ITEM, "ToolCalls"), (go.Print(ROLE),))),
            "{{ range $_, $message := .Messages }}\n{{- range .ToolCalls }}{{ $message.Role }}\n{{- end }}\n{{- end }}",
        ),
        (
            (
                go.If(
                    go.negate(go.equal(go.Root("A"), go.Lit("b"))),
                    (go.Text("c"),),
                    (go.If(go.Atom(go.Root("D")), (go.Text("e"),)),),
                ),
            ),
            '{{ if ne .A "b" }}c\n{{- else if .D }}e\n{{- end }}',
        ),
        (
            # the properties inside a property are an iterator of pairs
            (go.Range(1, go.Field(go.Root("A"), "All"), (go.Print(go.Field(go.Item(1), "B")),), "v", "k"),),
            "{{ range $_, $_ := .A.All }}{{ .B }}\n{{- end }}",
        ),
        (
            (go.Declare(go.Var(1, "x"), go.Lit(1)), go.Declare(go.Var(2, "x"), go.Lit(2))),
            "{{ $x := 1 }}\n{{- $x2 := 2 }}",
        ),
    ],
)
def test_row(nodes: go.Nodes, text: str) -> None:
    assert emit(nodes) == text


def test_a_lone_byte_and_what_go_would_not_print_are_escaped() -> None:
    assert quote('a"\\\n\u3000\udc80') == '"a\\"\\\\\\n\\u3000\\x80"'
