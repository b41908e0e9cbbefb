"""Files are linted by what they are."""

from __future__ import annotations

import pytest

from modelfile_kit.lint.any_file import LINTED, is_modelfile, lint_file
from modelfile_kit.lint.choice import Choice
from modelfile_kit.lint.runner import lint_modelfile
from modelfile_kit.project.patterns import Patterns

TEMPLATE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}<|end|>{{ end }}<|assistant|>"


def codes(text: str | bytes, file: str, **options) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [d.code for d in lint_file(data, file=file, **options)]


@pytest.mark.parametrize(
    ("text", "file", "expected"),
    [
        ("FROM llama3.2\nPARAMETER nope 1\n", "a/Modelfile", ["MK110"]),
        ("FROM llama3.2\nPARAMETER nope 1\n", "-", ["MK110"]),
        ("FROM llama3.2\nPARAMETER nope 1\n", "odd.txt", ["MK110"]),
        ("name: x\nmodle: y.gguf\nmodel: y.gguf\n", "a/mkmodelfile.yaml", ["MK503"]),
        ("name: x\nmodel: [\n", "mkmodelfile.yml", ["MK502"]),
        ('FROM x\nTEMPLATE "{{ .Prompt }}"\n', "x.gotmpl", ["MK202"]),
        ("name: x\nmodel: not-here.gguf\n", "mkmodelfile.yaml", []),
        (
            "name: x\nmodel: y.gguf\nparameters: {num_contxt: 4, top_k: hot}\n",
            "mkmodelfile.yaml",
            ["MK110", "MK111"],
        ),
        ("name: x\nmodel: y.gguf\nparameters: {top_k: 4, temperature: 0.5}\n", "mkmodelfile.yaml", []),
        ("name: x\nvariants: {a: {model: y.gguf, parameters: {nope: 1}}}\n", "mkmodelfile.yaml", ["MK110"]),
        ("{{ .Prompt", "a/template.gotmpl", ["MK202"]),
        (f"{{{{ .Sytem }}}}{TEMPLATE}", "template.gotmpl", ["MK240"]),
        (f"{{{{ .Sytem }}}}{TEMPLATE}", "Template.TMPL", ["MK240"]),
        (TEMPLATE, "template.gotmpl", []),
        (b"GGUF\3\0\0\0\0\0", "template.gotmpl", ["MK137"]),
        (b"GGUF\3\0\0\0\0\0", "mkmodelfile.yaml", ["MK502"]),
    ],
)
def test_each_by_its_name(text, file, expected):
    assert codes(text, file) == expected


def test_a_modelfile_is_linted_as_ever():
    text = "FROM llama3.2\nPARAMETER top_p 9\nPARAMETER nope 1\n"
    assert lint_file(text.encode(), file="Modelfile") == lint_modelfile(text, file="Modelfile")


def test_places_and_source_lines():
    [found] = lint_file(b"name: x\nmodel: y.gguf\nmodle: y.gguf\n", file="a/mkmodelfile.yaml")
    assert (found.span.file, found.span.line, found.excerpt) == ("a/mkmodelfile.yaml", 3, "modle: y.gguf")


def test_a_parameter_of_a_package_has_its_place():
    [found] = lint_file(b"name: x\nmodel: y.gguf\nparameters:\n  nope: 1\n", file="mkmodelfile.yaml")
    assert (found.code, found.span.line, found.excerpt) == ("MK110", 4, "  nope: 1")


def test_the_choice_counts_for_all():
    package = "name: x\nmodle: y.gguf\nmodel: y.gguf\n"
    assert codes(package, "mkmodelfile.yaml", choice=Choice(ignore=["MK5"])) == []
    assert codes("{{ .Sytem }}{{ .Prompt }}", "x.gotmpl", choice=Choice(["MK1"])) == []


def test_what_is_taken_below_a_folder():
    patterns = Patterns(LINTED)
    names = ["Modelfile", "mkmodelfile.yaml", "x.gotmpl", "values.yaml.gotmpl", "x.yaml", "Modelfile.j2"]
    assert [name for name in names if patterns.decide((name,), is_folder=False)] == names[:3]
    chats = [
        *("chat_template.jinja", "chat_template_tools.jinja2", "chat_template.j2"),
        *("page.jinja", "x.html.jinja", "x.j2", "Modelfile.jinja2"),
    ]
    assert [name for name in chats if patterns.decide((name,), is_folder=False)] == chats[:3]
    assert not any(map(is_modelfile, chats))
    assert [name for name in names[:3] if is_modelfile(name)] == ["Modelfile"]
    assert is_modelfile("-")


BROKEN = "{% for m in messages %}\n{{ m.content }}\n{% endfo %}"


@pytest.mark.parametrize("name", ["x.j2", "x.jinja2", "X.JINJA", "a/chat.J2"])
def test_every_ending_of_a_chat_template(name):
    assert codes(BROKEN, name) == ["MK210"]


@pytest.mark.parametrize(
    ("text", "expected", "line"),
    [
        (BROKEN, "MK210", 3),
        ("{{ messages[0].content | nothing }}", "MK210", 1),
        ("{{ bos_token }}", "MK537", None),
        ("", "MK901", None),
        (b"{{ messages }}\xff", "MK901", None),
        (b"\xef\xbb\xbf{% for m in messages %}\r\n{{ m.content }}\r\n{% endfor %}", None, None),
        ("{{ raise_exception('no ' ~ messages[0].role) }}", None, None),
    ],
)
def test_a_chat_template(text, expected, line):
    data = text if isinstance(text, bytes) else text.encode()
    found = lint_file(data, file="a/chat_template.jinja")
    assert [(d.code, d.span.file, d.span.line) for d in found] == (
        [(expected, "a/chat_template.jinja", line)] if expected else []
    )


def test_a_chat_template_that_a_package_names(tmp_path):
    package = b"name: x\nmodel: y.gguf\nchat_template: mine.jinja\n"
    (tmp_path / "mine.jinja").write_text(BROKEN)
    (tmp_path / "mine.j2").write_text(BROKEN)
    [other] = lint_file(package.replace(b"jinja", b"j2"), file="a/mkmodelfile.yaml", base=tmp_path)
    assert (other.code, other.span.file) == ("MK210", "a/mine.j2")
    [found] = lint_file(package, file="a/mkmodelfile.yaml", base=tmp_path)
    assert (found.code, found.span.file, found.span.line) == ("MK210", "a/mine.jinja", 3)
    assert found.excerpt == "{% endfo %}"
    assert lint_file(package, file="a/mkmodelfile.yaml") == []  # without files
    (tmp_path / "mine.jinja").write_text("{{ messages }}")
    assert lint_file(package, file="a/mkmodelfile.yaml", base=tmp_path) == []
    (tmp_path / "mine.jinja").unlink()
    assert lint_file(package, file="a/mkmodelfile.yaml", base=tmp_path) == []
