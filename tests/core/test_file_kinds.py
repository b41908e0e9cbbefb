"""What a file is, told by what it holds; texts written by hand, and the kit's own files of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core import file_kinds as kinds
from modelfile_kit.core.file_kinds import MODELFILE, FileKind, kind_of
from modelfile_kit.ollama.grammar import INSTRUCTIONS, PROJECTOR

ROOT = Path(__file__).parents[2]

TEXTS: list[tuple[FileKind | None, str]] = [
    (kinds.CHAT_TEMPLATE, "{% for m in messages %}{{ m.content }}{% endfor %}"),
    (kinds.CHAT_TEMPLATE, "[gMASK]<sop>\n{%- for m in messages %}{{ m }}{% endfor %}"),
    (kinds.CHAT_TEMPLATE, "{{ bos_token }}{{ messages[0]['content'] }}"),
    (kinds.CHAT_TEMPLATE, "{% set x = '{{ .Role }}' %}{{ x }}"),
    (kinds.CHAT_TEMPLATE, "{# a comment #}{{ messages[0].content }}"),
    (kinds.CHAT_TEMPLATE, "name: {{ messages[0].content }}\nmodel: x\n{% if tools %}y{% endif %}"),
    (kinds.GO_TEMPLATE, "{{ if .System }}<|system|>{{ .System }}{{ end }}"),
    (kinds.GO_TEMPLATE, "{{- range .Messages }}{{ .Content }}{{- end }}"),
    (kinds.GO_TEMPLATE, "{{ .Prompt }}"),
    (kinds.GO_TEMPLATE, "{{ range $i, $_ := .Messages }}x{{ end }}"),
    (kinds.GO_TEMPLATE, "FROM here on: {{ .Prompt }}\nis a Go template"),
    (kinds.MODELFILE, 'FROM ./x.gguf\nTEMPLATE """{{ .Prompt }}"""\n'),
    (kinds.MODELFILE, "# mine\r\n\r\nfrom llama3\r\nparameter stop a\r\n"),
    (kinds.MODELFILE, "PARAMETER stop {{ x }}\nFROM ./x.gguf\n"),
    (kinds.PACKAGE_FILE, "# a comment\nname: a\nmodel: a.gguf\nsystem: |\n  {{ x }} {% y %}\n"),
    (kinds.PACKAGE_FILE, "model: a.gguf\r\nname: a\r\nstop:\r\n- a\r\n"),
    (kinds.PACKAGE_FILE, "name: a\nvariants: {q4: a.gguf}\n"),
    (kinds.TOKENIZER_CONFIG, '{"chat_template": "{% for m in messages %}{{ m }}{% endfor %}"}'),
    (kinds.TOKENIZER_CONFIG, '{"tokenizer_class": "X", "eos_token": "</s>"}'),
    (kinds.TOKENIZER, '{"added_tokens": [], "model": {"type": "BPE", "vocab": {}}}'),
    (kinds.TOKENIZER, '{"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>"'),
    (kinds.CONVERSATIONS, '[{"id": "a", "messages": [{"role": "user", "content": "{{ Hi }}"}]}]'),
    (kinds.CONVERSATIONS, '[{"role": "user", "content": "{{ .Hi }} {% x %}"}]'),
    (kinds.CONVERSATIONS, '{"messages": []}'),
    (None, ""),
    (None, "plain text"),
    (None, "FROM"),
    (None, "5"),
    (None, "[]"),
    (None, '{"a": 1}'),
    (None, "name: x\nother: y\n"),
    (None, "\0{% for %}"),
]


@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_texts(kind: FileKind | None, text: str) -> None:
    assert kind_of(text) is kind
    assert kind_of(text.encode(), "x.txt") is kind
    assert kind_of(b"\xef\xbb\xbf" + text.encode()) is kind


@pytest.mark.parametrize("word", [*INSTRUCTIONS, PROJECTOR])
def test_a_modelfile_may_begin_with_every_instruction(word: str) -> None:
    assert kind_of(f"{word.upper()} x y\nFROM ./model.gguf\n") is MODELFILE


def test_the_name_counts_only_where_the_content_does_not_tell() -> None:
    assert kind_of("plain", "a/x.jinja") is kinds.CHAT_TEMPLATE
    assert kind_of("plain", "a/x.J2") is kinds.CHAT_TEMPLATE
    assert kind_of("plain", "x.gotmpl") is kinds.GO_TEMPLATE
    assert kind_of("plain", "x.tmpl") is kinds.GO_TEMPLATE
    assert kind_of("a: 1", "mkmodelfile.yml") is kinds.PACKAGE_FILE
    assert kind_of("{", "tokenizer_config.json") is kinds.TOKENIZER_CONFIG
    assert kind_of("{{ .Prompt }}", "x.jinja") is kinds.GO_TEMPLATE
    assert kind_of(b"GGUF\3\0\0\0", "x.jinja") is kinds.GGUF
    assert kind_of("plain", "x.gguf") is None


@pytest.mark.parametrize("byte", [0, 1, 2, 3])
def test_a_gguf_is_told_by_its_first_bytes(byte: int) -> None:
    """Behind the magic stands the version, in either byte order (ggml, docs/gguf.md)."""
    assert kind_of(b"GGUF" + bytes([byte])) is kinds.GGUF


@pytest.mark.parametrize("text", ["GGUF files are here", "GGUF\n{{ x", "GGU", "gguf\3"])
def test_a_text_that_begins_with_the_word_is_no_gguf(text: str) -> None:
    assert kind_of(text.encode()) is not kinds.GGUF


def test_the_projects_own_files() -> None:
    found: dict[FileKind | None, int] = {}
    for pattern, kind in (
        ("templates/*/chat_template.jinja", kinds.CHAT_TEMPLATE),
        ("examples/**/*.jinja", kinds.CHAT_TEMPLATE),
        ("examples/**/*.gotmpl", kinds.GO_TEMPLATE),
        ("examples/*/mkmodelfile.yaml", kinds.PACKAGE_FILE),
        ("examples/**/Modelfile", kinds.MODELFILE),
    ):
        for path in ROOT.glob(pattern):
            assert kind_of(path.read_bytes()) is kind, path
            found[kind] = found.get(kind, 0) + 1
    assert found.keys() >= {kinds.CHAT_TEMPLATE, kinds.PACKAGE_FILE}


def test_every_kind_says_what_takes_it() -> None:
    every = [value for value in vars(kinds).values() if isinstance(value, FileKind)]
    assert len(every) == 8
    for kind in every:
        assert "`mkmodelfile " in kind.taken_by


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\n" * 50_000, None),
        ("{{" * 50_000, kinds.CHAT_TEMPLATE),
        ("# \n" * 50_000 + "x", None),
        ("{{ a" * 30_000, kinds.CHAT_TEMPLATE),
        ("#\r\n" * 30_000 + "x", None),
        (" \r\n" * 30_000, None),
    ],
)
def test_hostile_texts_end(text: str, kind: FileKind | None) -> None:
    """A pattern that tries every way to split them would need years."""
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        (kinds.GO_TEMPLATE, "x.gotmpl", '{{ "hello" }}'),
        (kinds.GO_TEMPLATE, "x.gotmpl", "FROM the user: {{ .Prompt }}"),
        (kinds.GO_TEMPLATE, "x.tmpl", '{{ "{% if %}" }}'),
        (kinds.GO_TEMPLATE, "x.gotmpl", "{{/* {% if x %} */}}{{ `{% for` }}"),
        (kinds.CHAT_TEMPLATE, "x.jinja", "FROM alpha: {{ messages }}"),
        (kinds.CHAT_TEMPLATE, "x.gotmpl", '{{ "a" }}{% for m in messages %}{{ m }}{% endfor %}'),
        (kinds.MODELFILE, "x.gotmpl", 'FROM x\nTEMPLATE "{{ .Prompt }}"\n'),
        (kinds.MODELFILE, "x.gotmpl", "FROM x\n"),
        (kinds.MODELFILE, "x.jinja", "FROM x\n"),
        (kinds.PACKAGE_FILE, "x.gotmpl", "name: x\nmodel: y.gguf\n"),
    ],
)
def test_the_name_of_a_template_counts_unless_its_content_contradicts(
    kind: FileKind, name: str, text: str
) -> None:
    assert kind_of(text, name) is kind


@pytest.mark.parametrize("again", ['{{"', "{{/*", "{{`", '{{"\\', "{{'\\", "{{ } "])
def test_actions_that_never_close_are_read_once(again: str) -> None:
    assert kind_of(again * 80_000, "x.gotmpl") is kinds.GO_TEMPLATE
