"""lint, fmt and test on folders and patterns, with the configuration of a project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from modelfile_kit.cli.common import read_bytes

FAILS = "FROM llama3.2\nPARAMETER nope 9\n"  # MK110, an error
WARNS = "FROM llama3.2\nPARAMETER top_p 9\n"  # MK125, a warning
FINE = "FROM llama3.2\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()  # where the search for a configuration ends
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


@pytest.fixture
def many():
    write("a/Modelfile", FAILS)
    write("b/Modelfile", WARNS)
    write("c/Modelfile", FINE)
    write(".gitignore", "d/\n")
    write("d/Modelfile", FAILS)


def codes(done):
    return sorted({w for w in done.out.replace(":", " ").split() if w.startswith("MK")})


def test_a_folder(mkmodelfile, many):
    done = mkmodelfile("lint", ".")
    assert (done.code, codes(done), done.err) == (1, ["MK110", "MK125"], "")
    assert "a/Modelfile:2:1: error MK110" in done.out
    assert done.out.splitlines()[-1] == "lint: failed (1 error, 1 warning, 2 of 3 files with findings)"
    assert mkmodelfile("lint", "c").code == 0


def test_what_was_left_out_is_said_when_asked(mkmodelfile, many):
    assert "skipped d/ (.gitignore)" in mkmodelfile("lint", "-v", ".").err


def test_the_formats_of_many_files(mkmodelfile, many):
    report = json.loads(mkmodelfile("lint", ".", "--format", "json").out)
    assert report["files"] == ["a/Modelfile", "b/Modelfile", "c/Modelfile"]
    assert [(d["span"]["file"], d["code"]) for d in report["diagnostics"]] == [
        ("a/Modelfile", "MK110"),
        ("b/Modelfile", "MK125"),
    ]
    sarif = json.loads(mkmodelfile("lint", ".", "--format", "sarif").out)
    results = sarif["runs"][0]["results"]
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results]
    assert places == ["a/Modelfile", "b/Modelfile"]
    github = mkmodelfile("lint", ".", "--format", "github").out.splitlines()
    assert [("file=a/Modelfile," in line, line[:9]) for line in github] == [
        (True, "::error t"),
        (False, "::warning"),
    ]
    suite = ElementTree.fromstring(mkmodelfile("lint", ".", "--format", "junit").out)[0]
    assert [(c.get("name"), c.find("failure") is not None) for c in suite.iter("testcase")] == [
        ("a/Modelfile", True),
        ("b/Modelfile", True),
        ("c/Modelfile", False),
    ]


def test_one_run_writes_several_reports(mkmodelfile, many):
    line = ["lint", ".", "--format", "github", "--report", "sarif=out.sarif", "--report", "junit=out.xml"]
    done = mkmodelfile(*line, "--report", "text=out.txt", "--report", "gitlab=out.json")
    assert (done.code, done.out.startswith("::error title=MK110")) == (1, True)
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"
    assert [f["check_name"] for f in json.loads(Path("out.json").read_text())] == ["MK110", "MK125"]
    assert ElementTree.parse("out.xml").getroot().tag == "testsuites"
    assert Path("out.txt").read_text() == mkmodelfile("lint", ".").out
    for wrong in ("sarif", "sarif=", "xml=out.xml"):
        done = mkmodelfile("lint", ".", "--report", wrong)
        assert (done.code, "expected FORMAT=FILE" in done.err) == (2, True)


def test_an_error_is_in_the_files_too(mkmodelfile):
    write("mkmodelfile.yaml", "name: x\nmodle: y.gguf\n")
    done = mkmodelfile("check", ".", "--report", "json=out.json")
    assert (done.code, "MK503" in done.err) == (1, True)
    assert "MK503" in {d["code"] for d in json.loads(Path("out.json").read_text())["diagnostics"]}


def test_select_and_ignore(mkmodelfile, many):
    for arguments, expected in (
        (["--select", "MK110"], ["MK110"]),
        (["--select", "MK12,MK2"], ["MK125"]),
        (["--ignore", "MK11"], ["MK125"]),
        (["--ignore", "unknown-parameter", "--ignore", "MK125"], []),
    ):
        done = mkmodelfile("lint", ".", *arguments)
        assert (codes(done), done.code) == (expected, 1 if expected else 0)
    done = mkmodelfile("lint", ".", "--select", "unknown-paramter")
    assert (done.code, "did you mean unknown-parameter?" in done.err) == (2, True)


def test_what_ollama_refuses_is_found_whatever_is_chosen(mkmodelfile):
    write("Modelfile", "FORM x\n")
    assert "MK101" in mkmodelfile("lint", "Modelfile", "--ignore", "MK1", "--select", "MK2").out


def test_only_what_is_chosen_is_fixed(mkmodelfile):
    write("Modelfile", "FROM llama3.2\nPARAMETER mirostat 2\nPARAMETER  seed 1\n")
    assert mkmodelfile("lint", "--fix", "--ignore", "MK112", "Modelfile").code == 0
    assert Path("Modelfile").read_text() == "FROM llama3.2\nPARAMETER mirostat 2\nPARAMETER seed 1\n"


def test_the_configuration(mkmodelfile, many):
    write("mkmodelfile.toml", '[lint]\nignore = ["MK110"]\nfail-on = "error"\n')
    done = mkmodelfile("lint", ".")
    assert (done.code, codes(done)) == (0, ["MK125"])
    assert codes(mkmodelfile("lint", ".", "--config", "none")) == ["MK110", "MK125"]
    assert mkmodelfile("lint", ".", "--fail-on", "warning").code == 1
    assert codes(mkmodelfile("lint", ".", "--ignore", "MK125")) == []
    assert codes(mkmodelfile("lint", ".", "--select", "MK110")) == ["MK110"]
    write("other.toml", '[lint.per-file-ignores]\n"a/" = ["MK1"]\n')
    assert codes(mkmodelfile("lint", ".", "--config", "other.toml")) == ["MK125"]


def test_more_of_the_configuration(mkmodelfile, many):
    write("mkmodelfile.toml", 'target = "0.11"\ninclude = ["*.mf"]\nexclude = ["b"]\n[lint]\nfiles = false\n')
    write("a/x.mf", "FROM ./not-here.gguf\nRENDERER qwen3-coder\nPARSER qwen3-coder\n")
    write("b/x.mf", FAILS)
    assert codes(mkmodelfile("lint", ".")) == ["MK116"]
    assert codes(mkmodelfile("lint", "b/x.mf", "--force-exclude")) == []
    assert codes(mkmodelfile("lint", "b/x.mf")) == ["MK110"]
    assert codes(mkmodelfile("lint", ".", "--target", "latest")) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[lint]\nfail-on = "never"\n', "mkmodelfile.toml:2: error MK907"),
        ('[lint]\nmemory = "much"\n', "mkmodelfile.toml:2: error MK907"),
        ('[lint]\nselect = ["MK109"]\n', "mkmodelfile.toml:2: error MK907"),
        ('[lint]\nfiles = true\nignore = ["bos-twic"]\n', "mkmodelfile.toml:3: error MK907"),
        ('[lint]\n[lint.per-file-ignores]\na = ["x"]\n', "mkmodelfile.toml:3: error MK907"),
        ('[lint]\nslect = ["MK1"]\n', "did you mean 'select'?"),
    ],
)
def test_a_configuration_that_cannot_be_used(mkmodelfile, many, text, words):
    write("mkmodelfile.toml", text)
    done = mkmodelfile("lint", ".")
    assert (done.code, words in done.err, done.out) == (2, True, "")


def test_a_baseline(mkmodelfile, many):
    done = mkmodelfile("lint", ".", "--baseline", "known.json")
    assert (done.code, "MK908" in done.err) == (2, True)
    done = mkmodelfile("lint", ".", "--baseline", "known.json", "--update-baseline")
    assert (done.code, "known.json: 2 findings in 2 files" in done.err) == (0, True)
    done = mkmodelfile("lint", ".", "--baseline", "known.json")
    assert (done.code, codes(done), "left out: 2 findings in known.json" in done.err) == (0, [], True)
    write("a/Modelfile", f"# moved\n\n{FAILS}PARAMETER nope 9\n")
    write("c/Modelfile", WARNS)
    done = mkmodelfile("lint", ".", "--baseline", "known.json")
    assert done.code == 1
    assert ("a/Modelfile:5:1: error MK110" in done.out, done.out.count("MK110")) == (True, 1)
    assert "c/Modelfile:2:1: warning MK125" in done.out
    write("b/Modelfile", FINE)
    assert "fixed since: 1 finding in known.json" in mkmodelfile("lint", ".", "--baseline", "known.json").err
    write("mkmodelfile.toml", '[lint]\nbaseline = "known.json"\n')
    assert mkmodelfile("lint", ".", "--update-baseline").code == 0
    assert (mkmodelfile("lint", ".").code, mkmodelfile("lint", "c").code) == (0, 0)


def test_an_update_of_no_baseline(mkmodelfile, many):
    done = mkmodelfile("lint", ".", "--update-baseline")
    assert (done.code, "--baseline FILE" in done.err) == (2, True)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(mkmodelfile, many, monkeypatch):

    def refuse(name, limit):
        if name == "b/Modelfile":
            raise PermissionError(13, "Permission denied", name)
        return read_bytes(name, limit)

    monkeypatch.setattr("modelfile_kit.cli.project_files.read_bytes", refuse)
    done = mkmodelfile("lint", ".")
    assert (done.code, codes(done)) == (2, ["MK110", "MK903"])


def test_fmt_takes_the_same(mkmodelfile, many):
    write("a/Modelfile", "from x\n")
    write("d/Modelfile", "from x\n")
    done = mkmodelfile("fmt", "--check", ".")
    assert (done.code, done.err) == (1, "a/Modelfile would change\n")
    write("mkmodelfile.toml", 'exclude = ["a"]\n')
    assert mkmodelfile("fmt", "--check", ".").code == 0
    assert mkmodelfile("fmt", "--check", "a/Modelfile", "--force-exclude").code == 0
    done = mkmodelfile("fmt", "[a-b]/Modelfile", "--check", "-v")
    assert (done.code, "skipped a/ (exclude)" in done.err) == (0, True)
    assert mkmodelfile("fmt", "a/Modelfile", "--config", "none").code == 0
    assert Path("a/Modelfile").read_text() == "FROM x\n"


def test_test_takes_the_same(mkmodelfile, package, monkeypatch):
    monkeypatch.chdir(package.parent)
    shutil.copytree(package, "skipped/node_modules/package")
    shutil.copytree(package, package / "inner")  # what is in a package is its own matter
    assert mkmodelfile("test", "--update", "--no-tokens", ".").code == 0
    assert (package / "golden").is_dir()
    assert not (package / "inner" / "golden").exists()
    assert not Path("skipped/node_modules/package/golden").exists()
    done = mkmodelfile("test", "pack*", "--format", "json")
    assert (done.code, json.loads(done.out)["ok"]) == (0, True)
    write("mkmodelfile.toml", 'exclude = ["package"]\n[test]\ntokens = false\n')
    done = mkmodelfile("test", ".")
    assert (done.code, "no package here" in done.err) == (2, True)
    assert mkmodelfile("test", "package").code == 0


def test_a_thousand_modelfiles(tmp_path):
    """As a whole process, in processor time, which other work on the machine lengthens less."""
    template = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}<|end|>{{ end }}<|assistant|>"
    for n in range(1000):
        write(
            f"m/{n // 50}/{n}.Modelfile",
            f"FROM llama3.2\nTEMPLATE {template}\nPARAMETER num_ctx {n + 2048}\n",
        )
    program = "import resource, sys; from modelfile_kit.cli.main import run; code = run(sys.argv[1:])\n"
    program += "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    program += "print(used.ru_utime + used.ru_stime); sys.exit(code)"
    line = [sys.executable, "-c", program, "lint", "m"]
    done = subprocess.run(line, capture_output=True, text=True, env=dict(os.environ))
    *_, closing, seconds = done.stdout.splitlines()
    assert "of 1000 files" in closing
    assert float(seconds) < 10


def test_all_faults_of_a_configuration_at_once(mkmodelfile, many):
    lint = '[lint]\nselect = ["MK1",\n  "MK9x"]\nfail-on = "warnings"\nignore = ["bos-twic"]\n'
    write("mkmodelfile.toml", f'target = "9.9.9.9"\n{lint}')
    for command in ("lint", "fmt --check", "test"):
        done = mkmodelfile(*command.split())
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("mkmodelfile.toml\n")
        heads = [line.strip() for line in done.err.splitlines() if "MK907" in line]
        assert [line.partition(": error MK907")[0] for line in heads] == ["1", "4", "5", "6"], done.err
        assert '  5 | fail-on = "warnings"' in done.err
        assert "did you mean 'warning'?" in done.err
        assert "did you mean bos-twice?" in done.err
    assert mkmodelfile("lint", "--config", "none", "--ignore", "MK1").code == 0


def test_the_current_folder_is_meant_where_nothing_is_named(mkmodelfile, many, monkeypatch):
    named, bare = mkmodelfile("lint", "."), mkmodelfile("lint")
    assert (bare.code, bare.out) == (named.code, named.out)
    assert codes(bare) == ["MK110", "MK125"]
    write("a/Modelfile", "from llama3.2\n")
    before = Path("b/Modelfile").read_text()
    assert mkmodelfile("fmt", "--check").code == 1
    assert mkmodelfile("fmt").code == 0
    assert Path("a/Modelfile").read_text() == "FROM llama3.2\n"
    assert Path("b/Modelfile").read_text() == before
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    for command in ("lint", "fmt"):
        done = mkmodelfile(command)
        assert (done.code, ".: error MK901 usage: no Modelfile here" in done.err) == (2, True)


def test_a_configuration_is_named_from_here(tmp_path: Path, mkmodelfile, monkeypatch) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "Modelfile").write_text("FROM m\n")
    (tmp_path / "mkmodelfile.toml").write_text("[lint]\nbogus = 1\n")
    for place, name in (
        (tmp_path, "mkmodelfile.toml"),
        (below, Path("../../mkmodelfile.toml")),
    ):
        monkeypatch.chdir(place)
        done = mkmodelfile("lint", os.path.relpath(below / "Modelfile"))
        assert (done.code, done.err.splitlines()[0]) == (
            2,
            f"{name}:2: error MK907 bad-configuration: unknown key 'lint.bogus'",
        )
    (tmp_path / "mkmodelfile.toml").write_text('[lint]\nbaseline = "known.json"\n')
    monkeypatch.chdir(tmp_path)
    assert mkmodelfile("lint", "a").err.startswith("known.json: error MK908")


def test_configurations_in_folders(mkmodelfile, many):
    """A file has the nearest one, whatever else is named: so do hooks that name the files of a commit."""
    write("mkmodelfile.toml", '[lint]\nselect = ["MK110"]\nbaseline = "known.json"\n')
    write("b/mkmodelfile.toml", '[lint]\nselect = ["MK125"]\n[lint.per-file-ignores]\n"/old" = ["MK1"]\n')
    write("b/old/Modelfile", WARNS)
    write("b/gone/Modelfile", WARNS)
    done = mkmodelfile("lint", "--update-baseline")
    assert (done.code, "known.json: 3 findings in 3 files" in done.err) == (0, True)
    assert f"{Path.cwd()}" not in done.err
    Path("known.json").write_text('{"version": 1, "findings": {}}')
    found = [line.partition(": ")[0] for line in mkmodelfile("lint").out.splitlines() if "file:" in line]
    assert found == ["a/Modelfile:2:1", "b/Modelfile:2:1", "b/gone/Modelfile:2:1"]
    assert codes(mkmodelfile("lint", "a/Modelfile", "b/Modelfile")) == ["MK110", "MK125"]
    write("b/mkmodelfile.toml", 'exclude = ["gone"]\n[lint]\nselect = ["MK125"]\n')
    for arguments in ((".",), ("--force-exclude", "a/Modelfile", "b/Modelfile", "b/gone/Modelfile")):
        assert "gone" not in mkmodelfile("lint", *arguments).out.partition("\n")[2]
    assert "b/gone/Modelfile" in mkmodelfile("lint", "a/Modelfile", "b/gone/Modelfile").out
    assert codes(mkmodelfile("lint", ".", "--select", "MK1")) == ["MK110", "MK125"]
    write("one.toml", '[lint]\nselect = ["MK110"]\n')
    assert codes(mkmodelfile("lint", ".", "--config", "one.toml")) == ["MK110"]
    write("b/mkmodelfile.toml", "slect = 1\n")
    done = mkmodelfile("lint", ".")
    assert (done.code, str(Path("b/mkmodelfile.toml")) in done.err) == (2, True)
