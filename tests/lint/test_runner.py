"""Comments that silence, the order of findings, refused files, and fixes that change nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelfile_kit.core.diagnostics import Span
from modelfile_kit.core.errors import ModelfileError, UsageError
from modelfile_kit.lint import context, refusals, runner
from modelfile_kit.lint.registry import all_rules
from modelfile_kit.lint.rule import Edit, Finding, Fix, Rule
from modelfile_kit.lint.runner import fix_modelfile, lint_modelfile
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama import grammar
from modelfile_kit.ollama.grammar import parse_modelfile

PATH = "FROM /srv/model.gguf\n"


def codes(text, **how):
    return [d.code for d in lint_modelfile(text, **how)]


def test_findings_come_in_the_order_of_the_lines_with_the_file():
    found = lint_modelfile("FROM /m.gguf\nPARAMETER top_p 9\nPARAMETER nope 1\n", file="dir/Modelfile")
    assert [(d.code, str(d.span)) for d in found] == [
        ("MK130", "dir/Modelfile:1:1"),
        ("MK125", "dir/Modelfile:2:1"),
        ("MK110", "dir/Modelfile:3:1"),
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "# mkmodelfile: ignore=MK130\n",
        "#mkmodelfile:ignore=absolute-path\n",
        "# mkmodelfile: ignore = MK205, mk130\n# of the build machine\n",
        "# mkmodelfile: ignore-file=MK130\nSYSTEM x\n",
    ],
)
def test_comments_silence(comment):
    assert codes(PATH) == ["MK130"]
    assert codes(comment + PATH) == []


@pytest.mark.parametrize(
    "comment",
    ["# mkmodelfile: ignore=MK130\nSYSTEM x\n", "# ignore=MK130\n", "# mkmodelfile: ignore=MK205\n"],
)
def test_comments_that_do_not_silence_this(comment):
    assert codes(comment + PATH) == ["MK130"]


def test_what_is_silenced_is_not_fixed_either():
    text = "FROM ./m.gguf\n# mkmodelfile: ignore=MK112\nPARAMETER mirostat 1\n"
    assert fix_modelfile(text).text == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FORM ./m.gguf\n", "MK101"),
        ("FROM a\nMESSAGE tool x\n", "MK102"),
        ('FROM a\nSYSTEM "x\n', "MK103"),
        ("", "MK104"),
    ],
)
def test_what_ollama_refuses_is_one_finding(text, code):
    (found,) = lint_modelfile(text, file="Modelfile")
    assert (found.code, found.severity, found.span.file) == (code, "error", "Modelfile")
    with pytest.raises(ModelfileError):
        fix_modelfile(text)


def test_quotes_closed_too_early_are_said_to_be():
    text = 'FROM a\nSYSTEM """Say """\nand stop."""\n'
    (found,) = lint_modelfile(text)
    assert found.code == "MK101"
    assert "line 2" in found.help


def test_no_quotes_no_such_help():
    (found,) = lint_modelfile("FROM a\nand stop.\n")
    assert '"""' not in found.help


def test_a_bad_target_is_wrong_usage():
    with pytest.raises(UsageError):
        lint_modelfile(PATH, target="newest")


def test_fixes_leave_everything_else_as_it_was():
    text = (
        "# head\r\nfrom   ./m.gguf\r\n\r\n\r\nPARAMETER mirostat 2\r\nsystem '''odd'''  \r\n"
        "PARAMETER  seed 1\r\nPARAMETER mmproj ./p.gguf\r\n# tail"
    )
    fixed = fix_modelfile(text)
    assert fixed.text == (
        "# head\r\nfrom   ./m.gguf\r\n\r\n\r\nsystem '''odd'''  \r\n"
        "PARAMETER seed 1\r\n# PROJECTOR ./p.gguf\nFROM ./p.gguf\r\n# tail"
    )
    assert {d.code for d in fixed.fixed} == {"MK112", "MK113", "MK119"}


BAD_FIXES = {
    "adds an error": "PARAMETER top_p many\n",
    "is refused": "NONSENSE\n",
    "hides what follows": 'LICENSE """x\n"""\nLICENSE """',
}


@pytest.mark.parametrize("put", BAD_FIXES.values(), ids=BAD_FIXES.keys())
def test_a_fix_that_makes_something_worse_is_not_applied(put, monkeypatch):
    """A rule whose fix is wrong, among rules whose fixes are right."""
    text = "FROM ./m.gguf\nPARAMETER mirostat 2\nSYSTEM x\nPARAMETER seed 1\n"

    def check(context):
        for system in context.modelfile.all("system"):
            start = system.span[0]
            yield Finding("odd", system, fix=Fix((Edit(start, start, put),)))

    rules = (*all_rules(), Rule("MK121", check, fixes=True))
    monkeypatch.setattr("modelfile_kit.lint.runner.all_rules", lambda: rules)
    fixed = fix_modelfile(text)
    assert fixed.text == text.replace("PARAMETER mirostat 2\n", "")
    assert [d.code for d in fixed.fixed] == ["MK112"]


LINES = st.sampled_from(
    [
        "FROM ./b.gguf",
        "PARAMETER mirostat 2",
        "PARAMETER  top_k 3",
        "PARAMETER seed 1",
        "PARAMETER stop a # b",
        "PARAMETER num_ctx 9 # c",
        "PARAMETER system You",
        "PARAMETER mmproj ./p.gguf",
        "ADAPTER ./mmproj-x.gguf",
        "PROJECTOR ./q.gguf",
        "# mkmodelfile: ignore=MK112",
        "# comment",
        "",
        '  SYSTEM """a\n  b\u3000"""  ',
        "MESSAGE user x",
        'parameter stop "x"',
        "FROM llama3.2",
        "LICENSE MIT\t",
    ]
)


@settings(max_examples=150)
@given(st.lists(LINES, max_size=9), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_fixed_findings_are_gone_and_the_rest_keeps_its_text(lines, end, bom):
    text = bom + end.join(["FROM ./m.gguf", *lines]) + end
    found = lint_modelfile(text)
    fixed = fix_modelfile(text)
    parse_modelfile(fixed.text)
    assert fix_modelfile(fixed.text).fixed == ()
    mended = {d.span.line for d in found if d.code in {d.code for d in fixed.fixed}}
    original = parse_modelfile(text)
    source = text.removeprefix("\ufeff")
    for instruction in original.instructions:
        if instruction.line not in mended:
            assert source[slice(*instruction.span)] in fixed.text
    assert [c.text for c in original.comments] == [
        c.text for c in parse_modelfile(fixed.text).comments if not c.text.startswith(" PROJECTOR ")
    ]
    if not fixed.fixed:
        assert fixed.text == source


@pytest.mark.parametrize("word", ["MK435", "pair-does-not-fit", "MK412", "mk711", "MK852", "projector-width"])
def test_old_codes_groups_and_names_silence_what_they_stand_for(tmp_path: Path, word: str) -> None:
    pair = build_pair(tmp_path, fault="width")
    text = f"FROM ./{pair.model.name}\nFROM ./{pair.projector.name}\n"
    assert "MK412" in {d.code for d in lint_modelfile(text, base=tmp_path)}
    silenced = f"# mkmodelfile: ignore-file={word}\n{text}"
    assert {d.code for d in lint_modelfile(silenced, base=tmp_path)} & {"MK412", "MK140"} == set()


def test_a_finding_covers_the_instruction_that_it_is_about() -> None:
    text = 'FROM x\n  PARAMETER mirostat 2\nSYSTEM """a\nb\u3000c"""\nPARAMETER top_p 9\n'
    spans = {d.code: d.span for d in lint_modelfile(text, file="f")}
    assert spans["MK112"] == Span("f", 2, 3, None, 23)
    assert spans["MK125"] == Span("f", 5, 1, None, 18)
    lines = {d.code: d.excerpt for d in lint_modelfile(text, file="f")}
    assert (lines["MK112"], lines["MK118"]) == ("  PARAMETER mirostat 2", 'b\u3000c"""')


def places(text, **how):
    found = lint_modelfile(text, **how)
    return [
        (d.code, d.span and d.span.line, d.span and d.span.column) for d in found if d.severity == "error"
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_findings_go_on_after_what_ollama_refuses(end):
    text = (
        "FORM ./m.gguf\nMESSAGE tool hello\n  PARAMTER top_k 3\nPARAMETER nope 1\n"
        'TEMPLATES """a\nFROM b\n"""\nPARAMETER top_p high\nSYSTEM """open\nPARAMETER seed x\n'
    ).replace("\n", end)
    assert places(text) == [
        ("MK101", 1, 1),
        ("MK102", 2, 1),
        ("MK101", 3, 3),
        ("MK110", 4, 1),
        ("MK101", 5, 1),
        ("MK111", 8, 1),
        ("MK103", 9, 1),
        ("MK111", 10, 1),
    ]


def test_no_from_is_found_beside_everything_else():
    assert places("MESSAGE tool x\nPARAMETER nope 1\n") == [
        ("MK104", None, None),
        ("MK102", 1, 1),
        ("MK110", 2, 1),
    ]


@pytest.mark.parametrize(
    ("text", "lines", "says", "help"),
    [
        (
            "FROM a\nMESSAGE assistant A man,\nhis shoe,\n\nin the night.\nPARAMETER seed 1\n",
            (3, 5),
            "lines 3 to 5 are no instruction: the MESSAGE of line 2 ends with its line",
            'MESSAGE assistant """',
        ),
        ("FROM a\nSYSTEM Be\nbrief.\n", (3, None), "line 3 is no instruction: the SYSTEM", 'SYSTEM """'),
        ('FROM a\nSYSTEM "Say "x"\nand stop."\n', (3, None), 'the SYSTEM of line 2 ends at its "', '"""'),
        ("FROM a\nSYSTEM x\nPARAMTER y 1\n", (3, None), "'PARAMTER' is not an instruction", "PARAMETER?"),
        ("FROM a\nSYSTEM x\n# y\nand z\n", (4, None), "'and' is not an instruction", "Ollama knows"),
    ],
)
def test_the_rest_of_a_text_is_one_finding(text, lines, says, help):
    (found,) = (d for d in lint_modelfile(text) if d.code == "MK101")
    assert (found.span.line, found.span.end_line) == lines
    assert says in found.message
    assert help in found.help


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("FROM ./m.gguf\n".encode("utf-16-le"), "MK136"),
        ("FROM ./m.gguf\n".encode("utf-16-be"), "MK136"),
        (b"GGUF\x03\x00\x00\x00" + bytes(64), "MK137"),
    ],
)
def test_what_is_no_modelfile_is_named(data, code):
    (found,) = lint_modelfile(data, file="x")
    assert (found.code, found.severity, found.span.file) == (code, "error", "x")


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "utf-8"])
def test_what_ollama_can_read_is_read(codec):
    assert lint_modelfile("FROM ./m.gguf\nSYSTEM \u4f60\u597d\n".encode(codec)) == []


def test_a_column_counts_what_ollama_drops_and_the_quotes():
    text = 'FROM ./m.gguf\r\nTEMPLATE """\u200ba{{ .nope }}\r\n\u200b {{ .never }}"""\r\n'
    found = [(d.span.line, d.span.column) for d in lint_modelfile(text) if d.code == "MK240"]
    assert found == [(2, 18), (3, 6)]


def test_a_projector_that_is_named_twice_becomes_one_from():
    wrong = "FROM ./m.gguf\nADAPTER ./mmproj-m.gguf\nPARAMETER mmproj ./mmproj-m.gguf\n"
    wanted = "FROM ./m.gguf\n# PROJECTOR ./mmproj-m.gguf\nFROM ./mmproj-m.gguf\n"
    assert fix_modelfile(wrong).text == wanted


def test_the_text_is_cut_into_lines_a_few_times(monkeypatch):
    class Counting:
        """A pattern that counts how often it goes through a text."""

        def __init__(self, pattern):
            self.pattern, self.uses = pattern, 0

        def __getattr__(self, name):
            self.uses += 1
            return getattr(self.pattern, name)

    counting = Counting(grammar.LINE_BREAK)
    for module in (context, refusals, runner):
        monkeypatch.setattr(module, "LINE_BREAK", counting)
    found = lint_modelfile("FROM x\r\n" + 'SYSTEM """a\r\n' * 300 + "# ?\r\n")
    spans = [d.span for d in found if d.code == "MK103"]
    assert [(s.line, s.column, s.end_column) for s in spans] == [(n, 1, 12) for n in range(2, 302)]
    assert counting.uses < 20
