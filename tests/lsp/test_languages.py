from __future__ import annotations

import pytest

from modelfile_kit.lsp.answers import OpenFile
from modelfile_kit.lsp.languages import MODELFILE, PACKAGE, TEMPLATE, Language, language_of

LANGUAGES = [MODELFILE, PACKAGE, TEMPLATE]


@pytest.mark.parametrize(
    ("name", "language_id", "language"),
    [
        ("Modelfile", "", MODELFILE),
        ("modelfile.q8", "", MODELFILE),
        ("x.Modelfile", "plaintext", MODELFILE),
        ("Untitled-1", "modelfile", MODELFILE),
        ("mkmodelfile.yaml", "yaml", PACKAGE),
        ("mkmodelfile.yml", "", PACKAGE),
        ("values.yaml", "yaml", None),
        ("chat.gotmpl", "", TEMPLATE),
        ("x", "gotmpl", TEMPLATE),
        ("chat.TMPL", "", TEMPLATE),
        ("Modelfile.j2", "jinja", None),
        ("Modelfile.jinja2", "", None),
        ("chat_template.jinja", "", None),
        ("notes.txt", "", None),
    ],
)
def test_which_language_a_file_is(name: str, language_id: str, language: Language | None) -> None:
    assert language_of(name, language_id) is language


TEXTS = {
    "modelfile": 'from ./m.gguf\nPARAMETER stop "<|im_end|>"\n# PROJECTOR ./p\nFROM ./p\nMESSAGE user 你😀\n'
    'TEMPLATE """{{ range $i, $m := .Messages }}{{ if eq $m.Role "user" }}{{ $m.Content }}{{ end }}'
    '{{ end }}"""\n',
    "yaml": 'name: a\nmodel: "m.gguf"\nvariants: {q8: a.gguf, q4: {model: b, parameters: {top_k: 5}}}\n'
    "messages:\n- role: user\n  content: 你😀\nparameters:\n  num_ctx: 5\nstop:\n- x\n",
    "gotmpl": '{{- define "t" }}{{ .Name }}{{ end -}}{{ with $x := index .Messages 0 }}'
    '{{ template "t" $x }}{{ end }}',
}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_beginning_of_a_file_can_be_asked_about(language: Language) -> None:
    """As it is typed: hover, choices, outline, links and definition at the end and in the middle."""
    text = TEXTS[language.name]
    for end in range(len(text) + 1):
        file = OpenFile(text[:end])
        for at in {end, end // 2}:
            for choice in language.choices(file, at):
                assert 0 <= choice.place[0] <= at <= choice.place[1] <= end, (text[:end], choice)
                assert "\n" not in file.text[slice(*choice.place)]
            hover = language.hover(file, at)
            assert hover is None or (0 <= hover.place[0] <= hover.place[1] <= end and hover.text)
            language.definition(file, at)
        for symbol in language.symbols(file):
            assert symbol.name and symbol.place[0] <= symbol.name_place[0] <= symbol.name_place[1]
            assert symbol.name_place[1] <= symbol.place[1] <= end, (text[:end], symbol)
        language.links(file)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_some_beginnings_are_looked_at(language: Language) -> None:
    text = TEXTS[language.name]
    for end in range(0, len(text) + 1, 7):
        file = OpenFile(text[:end])
        for problem in language.problems(file):
            assert 0 <= problem.place[0] <= problem.place[1] <= end
            assert problem.code.startswith("MK") and problem.uri and problem.message
        language.fixes(file, (0, end))
        language.fixed(file)
        language.formatted(file)
