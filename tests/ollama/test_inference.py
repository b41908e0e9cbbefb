"""What Ollama reads out of a TEMPLATE, by small cases that show each rule."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import parse
from modelfile_kit.ollama.inference import (
    UndefinedTemplateError,
    capabilities,
    thinking_tags,
    tool_tag,
    variables,
)

LOOP = "{{{{ range .Messages }}}}{}{{{{ end }}}}"


def tags(source):
    found = thinking_tags(parse(source).root)
    return found.opening, found.closing


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (
            LOOP.format("{{ if .Thinking }}\n<think>{{ .Thinking }}</think>\n{{ end }}"),
            ("<think>", "</think>"),
        ),
        (LOOP.format("{{ if .Thinking }}{{ .Thinking }}</think>{{ end }}"), ("", "</think>")),
        (LOOP.format("<a>{{ .Thinking }}<b>{{ .Content }}<c>"), ("<a>", "<c>")),
        (LOOP.format("{{ $m := . }}{{ if $m.Thinking }}<think>{{ $m.Thinking }}</think>{{ end }}"), ("", "")),
        (LOOP.format("{{ if false }}<t>{{ .Thinking }}</t>{{ end }}"), ("<t>", "</t>")),
        ("{{ range $.Messages }}<t>{{ .Thinking }}</t>{{ end }}", ("", "")),
        ("{{ range slice .Messages 1 }}<t>{{ .Thinking }}</t>{{ end }}", ("<t>", "</t>")),
        (LOOP.format("<t>{{ (.Thinking) }}</t>"), ("<t>", "</t>")),
        (LOOP.format("<t>{{ (index . 0).Thinking }}</t>"), ("", "")),
        ("<t>{{ .Thinking }}</t>", ("", "")),
        (LOOP.format("{{ range .ToolCalls }}<t>{{ .Thinking }}</t>{{ end }}"), ("", "")),
        (
            LOOP.format("{{ if 1 }}<a>{{ .Thinking }}</a>{{ end }}{{ if 2 }}{{ .Thinking }}</b>{{ end }}"),
            ("<a>", "</b>"),
        ),
    ],
)
def test_thinking_tags(source, wanted):
    assert tags(source) == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (LOOP.format("{{ if .ToolCalls }}\n<tool_call>{{ end }}"), "<tool_call>"),
        (LOOP.format('{{ if and .ToolCalls .Content }}[TOOL_CALLS] [{"name": {{ end }}'), "[TOOL_CALLS] ["),
        (LOOP.format('{{ if .ToolCalls }}{"name": {{ end }}'), "{"),
        (LOOP.format("{{ if .ToolCalls }}{{ range .ToolCalls }}<f>{{ end }}{{ end }}"), "<f>"),
        (LOOP.format("{{ if .ToolCalls }}{{ .Role }}<f>{{ end }}"), "{"),
        (LOOP.format("{{ if (len .ToolCalls) }}<f>{{ end }}"), "{"),
        (LOOP.format("{{ if $.ToolCalls }}<f>{{ end }}"), "{"),
        (LOOP.format("{{ range .ToolCalls }}<f>{{ end }}"), "{"),
        (LOOP.format("{{ if .Content }}{{ else }}{{ if .ToolCalls }}<g>{{ end }}{{ end }}"), "<g>"),
        ("{{ define `t` }}{{ if .ToolCalls }}<f>{{ end }}{{ end }}", "{"),
    ],
)
def test_tool_tags(source, wanted):
    assert tool_tag(parse(source).root).tag == wanted


def trees(source):
    template = parse(source)
    return {**template.defined, "": template.root}


def test_variables():
    source = "{{ range $i, $m := .Messages }}{{ $m.Role }}{{ (index .X 0).Y }}{{ end }}"
    assert variables(trees(source)) == ["$m", "messages", "role"]
    assert variables(trees('{{ define "a" }}{{ .Tools.Deep }}{{ end }}x')) == ["deep", "tools"]
    with pytest.raises(UndefinedTemplateError):
        variables(trees('{{ template "a" }}'))


def test_capabilities():
    source = LOOP.format("<t>{{ .Thinking }}</t>") + "{{ .Suffix }}{{ .Tools }}"
    assert capabilities(trees(source), trees(source)[""]) == ("tools", "insert", "thinking")
    assert capabilities(trees('{{ .Tools }}{{ template "a" }}'), trees("x")[""]) == ()
