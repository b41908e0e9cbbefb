"""Values are written so that they are read as they are, or not at all."""

from __future__ import annotations

import pytest

from modelfile_kit import ModelfileError, parse_modelfile, render_prompt
from modelfile_kit.ollama.grammar import Comment, Instruction, quote, write_instruction, write_modelfile
from modelfile_kit.ollama.template_text import encode_template

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("two words", "two words"),
        ("", '""'),
        (" lead", '" lead"'),
        ("trail\t", '"trail\t"'),
        ("a\nb", '"""a\nb"""'),
        ('"', '"""""""'),
        ('"a"', '""a""'),
        ('""a', '"""""a"""'),
        ('ends with """', 'ends with """'),
        ('"""\nx" y', '""""""\nx" y"'),
    ],
)
def test_quotes(value, written):
    if value == '"""\nx" y':
        with pytest.raises(ModelfileError):
            quote(value)
        return
    assert quote(value) == written
    assert parse_modelfile(f"FROM x\nSYSTEM {written}").last("system") == value


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("a\u3000b", "MK118", "U+3000 (ideographic space) at character 2"),
        ("\x00", "MK118", "U+0000 (a control or private-use character)"),
        ('x"""\ny', "MK107", "line 1"),
        ('a\nx""" \t\ny"', "MK107", "line 2"),
    ],
)
def test_what_cannot_be_written(value, code, words):
    with pytest.raises(ModelfileError) as caught:
        quote(value, name="SYSTEM")
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.message.startswith("SYSTEM: ")
    assert "create API" in caught.value.help


def test_instructions():
    assert write_instruction(Instruction("parameter", "stop", " x")) == 'PARAMETER stop " x"'
    assert write_instruction(Instruction("message", "user", "hi")) == "MESSAGE user hi"
    assert str(Instruction("from", "", "./a b.gguf")) == "FROM ./a b.gguf"
    comments = [Comment(" one", 1, 0), Comment(" two", 2, 1)]
    assert write_modelfile([Instruction("from", "", "x")], comments=comments) == "# one\nFROM x\n# two\n"
    with pytest.raises(ModelfileError):
        write_modelfile([], comments=[Comment("a\nFROM y", 1, 0)])


@pytest.mark.parametrize(
    "template",
    [
        "a\u3000b{{ if .Messages }}{{ end }}",
        '{{ if .Messages }}{{ "\u200b" }}{{ `\u00a0"""\n` }}{{ end }}\u00ad',
        'x"""\ny"""\n{{ if .Messages }}{{ end }}',
        "a \u3000 {{- if .Messages -}} \u3000 b {{- end }}",
        "{{/* \u200b a comment */}}{{ range .Messages }}\udcff{{ .Content }}{{ end }}",
        '{{ range .Messages }}{{ eq .Role "\ue000" }}{{ printf "%c" \'\u3000\' }}{{ end }}',
    ],
)
def test_templates_with_runes_that_would_be_dropped(template):
    encoded = encode_template(template)
    assert render_prompt(encoded, MESSAGES) == render_prompt(template, MESSAGES)
    text = f"FROM x\nTEMPLATE {quote(encoded, name='TEMPLATE')}\n"
    assert parse_modelfile(text).last("template") == encoded


def test_plain_templates_stay_as_they_are():
    template = '{{ range .Messages }}"""{{ .Content }}\n{{ end }}'
    assert encode_template(template) is template


def test_a_tag_that_no_other_spelling_shows():
    template = "{{ range .Messages }}{{ if .Thinking }}<\u200bthink>{{ .Thinking }}</think>{{ end }}{{ end }}"
    with pytest.raises(ModelfileError) as caught:
        encode_template(template)
    assert caught.value.code == "MK118"
    assert "thinking" in caught.value.message
