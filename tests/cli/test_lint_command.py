"""lint, fmt and explain as a shell sees them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from modelfile_kit.core import codes
from modelfile_kit.lint.registry import all_rules

GOOD = "FROM ./model.gguf\nSYSTEM Be brief.\n"
WARNS = "FROM llama3.2\nPARAMETER top_p 9\n"
FAILS = "FROM llama3.2\nPARAMETER nope 9\n"
TELLS = "FROM llama3.2\nPARAMETER stop <|a|>\nPARAMETER stop <|a|>\n"


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    (tmp_path / "model.gguf").write_bytes(b"GGUF\3\0\0\0" + b"\0" * 16)
    return write


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        ("FROM llama3.2\n", "info", 0),
        (TELLS, "warning", 0),
        (TELLS, "info", 1),
        (WARNS, "warning", 1),
        (WARNS, "error", 0),
        (FAILS, "error", 1),
        ("FORM x\n", "error", 1),
    ],
)
def test_exit_codes(mkmodelfile, write, text, fail_on, code):
    done = mkmodelfile("lint", write("Modelfile", text), "--fail-on", fail_on)
    assert (done.code, "failed" in done.out) == (code, code == 1)


def test_wrong_usage(mkmodelfile, write, tmp_path):
    assert mkmodelfile("lint", tmp_path / "nothing").code == 2
    assert mkmodelfile("lint", tmp_path).code == 2
    assert mkmodelfile("lint", write("Modelfile", GOOD), "--target", "newest").code == 2
    assert mkmodelfile("lint", write("Modelfile", GOOD), "--fail-on", "never").code == 2
    for arguments in (["nothing"], ["."]):
        done = mkmodelfile("lint", *arguments)
        assert "Traceback" not in done.err
        assert "internal error" not in done.err


def test_choices_are_on_one_line(mkmodelfile):
    assert "Choose from: bash, zsh, fish\n" in mkmodelfile("completion").err


def test_the_target_decides(mkmodelfile, write):
    path = write("Modelfile", "FROM llama3.2\nRENDERER qwen3-coder\nPARSER qwen3-coder\n")
    assert mkmodelfile("lint", path).code == 0
    done = mkmodelfile("lint", path, "--target", "0.11")
    assert (done.code, done.out.count("MK116")) == (1, 2)


def test_standard_input_and_several_files(mkmodelfile, write):
    done = mkmodelfile("lint", "-", stdin=FAILS.encode())
    assert (done.code, "-:2:1: error MK110" in done.out) == (1, True)
    bad, good = write("Bad", FAILS), write("Good", "FROM llama3.2\n")
    done = mkmodelfile("lint", good, bad, good)
    assert (done.code, done.out.count("MK110"), f"{bad}:2:" in done.out) == (1, 1, True)


def test_paths_start_from_the_modelfiles_folder(mkmodelfile, write):
    path = write("Modelfile", "FROM ./modle.gguf\n")
    done = mkmodelfile("lint", path)
    assert "MK430" in done.out
    assert "did you mean model.gguf?" in done.out


@pytest.mark.parametrize("output_format", ["json", "github", "sarif", "junit", "text"])
def test_formats_tell_the_same(mkmodelfile, write, output_format):
    path = write("Modelfile", WARNS)
    done = mkmodelfile("lint", path, "--format", output_format)
    assert (done.code, done.err) == (1, "")
    assert "MK125" in done.out
    if output_format in ("json", "sarif"):
        json.loads(done.out)
    if output_format == "json":
        report = json.loads(done.out)
        assert (report["ok"], report["diagnostics"][0]["span"]["line"]) == (False, 2)
    if output_format == "github":
        assert done.out.startswith("::warning title=MK125 parameter-out-of-range,file=")
    if output_format == "junit":
        ElementTree.fromstring(done.out)


def test_parse_errors_go_through_the_same_formats(mkmodelfile, write):
    path = write("Modelfile", "FROM a\nFORM b\n")
    for output_format in ("text", "json", "github", "sarif", "junit"):
        done = mkmodelfile("lint", path, "--format", output_format)
        assert (done.code, "MK101" in done.out) == (1, True)


def test_no_colour_in_a_pipe(mkmodelfile, write):
    assert "\x1b" not in mkmodelfile("lint", write("Modelfile", FAILS)).out


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 5000,
        bytes(range(256)) * 40,
        b"\xff\xfe" + "FROM x\n".encode("utf-16-le"),
        b"FROM x\nTEMPLATE " + b"{{" * 30000,
        b"FROM x\nTEMPLATE " + b"{{ if .Prompt }}" * 5000,
        b"FROM x\n" + b"PARAMETER stop a\n" * 3000,
        b"FROM " + b"a/" * 50000,
        b"FROM ./\x00.gguf\nADAPTER ~nobody-here/x\n",
        b'FROM x\nSYSTEM "' + b"\n" * 50000,
        "FROM ./\ud83d.gguf\n".encode("utf-8", "surrogatepass"),
    ],
)
def test_bad_input_gets_findings_and_no_traceback(mkmodelfile, write, data):
    done = mkmodelfile("lint", write("Modelfile", data))
    assert done.code in (0, 1)
    assert "Traceback" not in done.out + done.err
    assert "internal error" not in done.out + done.err
    fixed = mkmodelfile("lint", "--fix", write("Modelfile", data))
    assert fixed.code in (0, 1)


def test_a_hostile_template_ends(mkmodelfile, write):
    template = (
        "{{ define `x` }}{{ template `x` . }}{{ template `x` . }}{{ end }}{{ template `x` . }}{{ .Prompt }}"
    )
    done = mkmodelfile("lint", write("Modelfile", f"FROM x\nTEMPLATE {template}\n"))
    assert (done.code, "MK203" in done.out) == (1, True)


def test_fix_writes_the_file_and_says_what_it_did(mkmodelfile, write):
    path = write("Modelfile", "FROM llama3.2\nPARAMETER mirostat 2\nPARAMETER  seed 1\n")
    done = mkmodelfile("lint", "--fix", path)
    assert done.code == 0, done.out
    assert path.read_text() == "FROM llama3.2\nPARAMETER seed 1\n"
    assert re.findall(r"fixed (MK\d+)", done.err) == ["MK112", "MK119"]


def test_fix_keeps_what_it_cannot_mend(mkmodelfile, write):
    path = write("Modelfile", FAILS.encode("utf-16"))
    before = path.read_bytes()
    assert mkmodelfile("lint", "--fix", path).code == 1
    assert path.read_bytes() == before


def test_fmt_writes_checks_and_shows(mkmodelfile, write):
    path = write("Modelfile", "from x\n\n\n\nsystem y")
    assert mkmodelfile("fmt", "--check", path).code == 1
    shown = mkmodelfile("fmt", "--diff", path)
    assert (shown.code, "+FROM x" in shown.out) == (1, True)
    assert path.read_text() == "from x\n\n\n\nsystem y"
    assert mkmodelfile("fmt", path).code == 0
    assert path.read_text() == "FROM x\n\nSYSTEM y\n"
    assert mkmodelfile("fmt", "--check", path).code == 0


def test_fmt_of_standard_input(mkmodelfile):
    assert mkmodelfile("fmt", "-", stdin=b"from x").out == "FROM x\n"


def test_fmt_of_what_ollama_refuses(mkmodelfile, write):
    path = write("Modelfile", "FORM x\n")
    done = mkmodelfile("fmt", path)
    assert (done.code, "MK101" in done.err, path.read_text()) == (1, True, "FORM x\n")


def test_fmt_shows_what_is_refused_as_lint_does(mkmodelfile, write):
    """Every line, with the place and the line itself."""
    path = write("Modelfile", "FROM x\n  PARAMETR top_p 1\nSYSTEM a\nPARAMETER top_p\n")
    said = mkmodelfile("fmt", path).err
    linted = mkmodelfile("lint", "--no-files", "--select", "MK999", path).out.splitlines()
    shown = said.splitlines()
    assert shown[:2] == [
        str(path),
        "  2:3: error MK101 unknown-instruction: 'PARAMETR' is not an instruction",
    ]
    assert shown[2:4] == ["    2 |   PARAMETR top_p 1", "      |   ^^^^^^^^^^^^^^^^"], said
    assert [line for line in shown if "|" in line] == [line for line in linted if "|" in line]


def test_explain(mkmodelfile):
    listed = mkmodelfile("explain").out.splitlines()
    named = [line.split()[0] for line in listed]
    assert [code for code in named if not code.endswith("xx")] == [c.code for c in codes.all_codes()]
    assert {r.code for r in all_rules()} <= set(named)
    page = mkmodelfile("explain", "mk201", "absolute-path").out
    assert page.startswith("MK201 template-unused (warning)")
    assert "\nMK130 absolute-path (info)" in page
    assert page.count("\nWhat to do\n") == 2


def test_explain_says_what_lint_does_about_it(mkmodelfile):
    assert mkmodelfile("explain", "MK119").out.endswith(
        "`mkmodelfile lint --fix` fixes it where that is safe.\n"
    )
    assert mkmodelfile("explain", "MK412").out.endswith("`lint` needs the model's files to find it.\n")
    assert "`lint`" not in mkmodelfile("explain", "MK802").out


def test_explain_of_an_old_code_leads_to_the_new_ones(mkmodelfile):
    one, several = mkmodelfile("explain", "MK733").out, mkmodelfile("explain", "mk712").out
    assert one.startswith(f"MK733 is now MK850 {codes.name_of('MK850')}.\n\nMK850 ")
    assert several.startswith("MK712 is now MK416 projector-type-unknown or MK417 projector-type-wrong.\n")
    assert ("\nMK416 " in several, "\nMK417 " in several) == (True, True)


def test_explain_lists_one_subject(mkmodelfile):
    listed = mkmodelfile("explain", "mk3xx").out.splitlines()
    assert listed[0] == f"MK3xx  {codes.AREAS['3']}"
    assert {line[:3] for line in listed} == {"MK3"}
    assert mkmodelfile("explain", "MK3").out.splitlines() == listed


def test_explain_of_what_is_no_code(mkmodelfile):
    unknown = mkmodelfile("explain", "bos-twise")
    assert (unknown.code, unknown.out) == (2, "")
    assert "did you mean bos-twice?" in unknown.err
    assert mkmodelfile("explain", "MK000").code == 2
    assert "did you mean" not in mkmodelfile("explain", "templates").err  # many names have such a word
    having = mkmodelfile("explain", "newline").err
    assert "names with this word: newline-or-space; " in having
    assert mkmodelfile("explain", "../MK130").code == 2


@pytest.mark.parametrize(("level", "code"), [("warning", 1), ("error", 0)])
def test_junit_agrees_with_the_exit_code(mkmodelfile, tmp_path, level, code):
    path = tmp_path / "Modelfile"
    path.write_text("FROM x\nPARAMETER mirostat 1\n")
    done = mkmodelfile("lint", path, "--fail-on", level, "--format", "junit")
    suite = ElementTree.fromstring(done.out.encode())[0]
    assert (done.code, suite.get("failures")) == (code, str(code))


def test_no_files_ignores_what_the_modelfile_names(mkmodelfile, write):
    name = write("Modelfile", "FROM ./not-here.gguf\n")
    assert mkmodelfile("lint", name).code == 1
    assert mkmodelfile("lint", "--no-files", name).code == 0


def test_a_long_lint_says_how_far_it_is(mkmodelfile, tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / f"{number}.modelfile").write_text("FROM llama3.2\n")
    monkeypatch.setattr("modelfile_kit.cli.progress.LINE_SECONDS", 0.0)
    monkeypatch.setattr("modelfile_kit.cli.progress.time.monotonic", lambda: 100.0)
    done = mkmodelfile("lint", tmp_path)
    assert done.code == 0, done.out
    names = [tmp_path / f"{number}.modelfile" for number in range(3)]
    lines = [line for line in done.err.splitlines() if line.startswith("… lint ")]
    assert lines == [
        f"… lint {names[0]}",
        f"… lint {names[1]}: 1 of 3",
        f"… lint {names[2]}: 2 of 3",
    ]
