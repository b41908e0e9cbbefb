"""`--variant`, and the table at the end, in build, check, test, publish, verify, init and doctor."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from modelfile_kit.package.package import load_package
from tests.publish.fake_ollama import FakeOllama
from tests.serve.conftest import stand_in  # noqa: F401
from tests.variant_files import write_variants

OTHER = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"
COLUMNS = ["name", "also", "file", "size", "quantization", "result", "seconds"]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three variants; of the second the chat template is another, the third is not there."""
    write_variants(tmp_path / "p", ["Q8_0", "Q4_K_M", "F16"], {"Q4_K_M": {"tokenizer.chat_template": OTHER}})
    (tmp_path / "p" / "M-F16.gguf").unlink()
    return tmp_path / "p"


def test_build_says_what_became_of_each(folder, mkmodelfile):
    done = mkmodelfile("build", folder)
    assert done.code == 1
    assert done.out.splitlines() == [str(folder / f"build/m-{t}/Modelfile") for t in ("q8_0", "q4_k_m")]
    assert "MK430" in done.err
    assert "variant `q4_k_m` differs from `q8_0`" in done.err
    head, *rows = done.err.splitlines()[-4:]
    assert head.split() == ["name", "also", "file", "size", "quantization", "result", "time"]
    assert [row.split()[0] for row in rows] == ["m:q8_0", "m:q4_k_m", "m:f16"]
    assert [("failed" in row, "built" in row) for row in rows] == [
        (False, True),
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("command", ["build", "check", "test"])
def test_the_table_is_in_every_format(command, folder, mkmodelfile):
    def run(output_format):
        done = mkmodelfile(command, folder, "--format", output_format, "-q")
        assert done.code == 1, done.err
        return done.out

    table = json.loads(run("json"))["table"]
    assert [list(row) for row in table] == [COLUMNS] * 3
    assert [row["name"] for row in table] == ["m:q8_0", "m:q4_k_m", "m:f16"]
    assert [row["result"] == "failed" for row in table][2]
    [log] = json.loads(run("sarif"))["runs"]
    assert [row["name"] for row in log["properties"]["table"]] == ["m:q8_0", "m:q4_k_m", "m:f16"]
    properties = ElementTree.fromstring(run("junit")).findall(".//property")
    assert [p.get("name") for p in properties] == ["name m:q8_0", "name m:q4_k_m", "name m:f16"]
    assert "M-F16.gguf" in properties[2].get("value", "")
    notice = next(line for line in run("github").splitlines() if line.startswith("::notice title=" + command))
    assert "m:q8_0" in notice


def test_some_are_chosen(folder, mkmodelfile):
    done = mkmodelfile("build", folder, "--variant", "Q8_0")
    assert (done.code, done.out.strip()) == (0, str(folder / "build/m-q8_0/Modelfile"))
    done = mkmodelfile("build", folder, "--variant", "q8_1")
    assert done.code == 2
    assert "did you mean `q8_0`?" in done.err
    assert "no `variants`" in mkmodelfile("build", one(folder), "--variant", "q8_0").err


def one(folder: Path) -> Path:
    """A package without variants."""
    other = folder / "other.yaml"
    other.write_text("name: o\nmodel: M-Q8_0.gguf\n", encoding="utf-8")
    return other


def test_check_looks_once_at_what_is_the_same(tmp_path, mkmodelfile):
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    done = mkmodelfile("check", tmp_path, "--bytes-only", "--format", "json", "-q")
    assert done.code == 0, done.err
    cases = json.loads(done.out)["cases"]
    assert sum(case["name"].startswith("q8_0/") for case in cases) > 3
    [second] = [case for case in cases if case["name"].startswith("q4_k_m")]
    assert second["summary"] == "prompts, tokens and replies are those of q8_0: ok"


def test_a_page_has_the_table(tmp_path, mkmodelfile):
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    done = mkmodelfile("check", tmp_path, "--bytes-only", "--html", tmp_path / "page.html", "-q")
    assert done.code == 0, done.err
    assert "m:q4_k_m" in (tmp_path / "page.html").read_text(encoding="utf-8").partition("<h2>Table</h2>")[2]


def test_publish_all_and_again(tmp_path, mkmodelfile, httpserver, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ollama = FakeOllama(httpserver)
    write_variants(tmp_path / "p", ["Q8_0", "Q4_K_M"])
    line = ("publish", tmp_path / "p", "--host", ollama.url, "--no-verify")
    done = mkmodelfile(*line, "--name", "me/x")
    assert done.code == 0, done.err
    assert set(ollama.models) == {"me/x:q8_0", "me/x:latest", "me/x:q4_k_m"}
    assert re.search(r"^  me/x:q8_0 +me/x +M-Q8_0.gguf", done.out, re.MULTILINE)
    assert done.err == f"next: mkmodelfile verify me/x --host {ollama.url}\n"
    done = mkmodelfile(*line, "--format", "json", "-q")
    assert [row["result"] for row in json.loads(done.out)["table"]] == ["published"] * 2
    done = mkmodelfile(*line, "--variant", "q4_k_m", "--name", "me/y")
    assert {name for name in ollama.models if "me/y" in name} == {"me/y:q4_k_m"}


def test_publish_says_which_failed(folder, mkmodelfile, httpserver):
    ollama = FakeOllama(httpserver)
    done = mkmodelfile("publish", folder, "--host", ollama.url, "--no-verify", "--format", "json", "-q")
    assert done.code == 1
    assert [row["result"] for row in json.loads(done.out)["table"]] == ["published", "published", "not built"]
    assert set(ollama.models) == {"m:q8_0", "m:latest", "m:q4_k_m"}


def test_publish_to_a_server_that_is_not_there_is_a_broken_environment(folder, mkmodelfile):
    done = mkmodelfile("publish", folder, "--host", "http://127.0.0.1:9")
    assert done.code == 2
    assert "MK802" in done.err


def test_verify_takes_the_variant_of_the_tag(folder, mkmodelfile):
    gone = ("--host", "http://127.0.0.1:9")
    done = mkmodelfile("verify", "m:f16", "--package", folder, *gone)
    assert "MK430" in done.err  # the variant whose file is missing
    done = mkmodelfile("verify", "m", "--variant", "q8_0", *gone)
    assert done.code == 2
    assert "need --package" in done.err


def test_doctor_tells_of_every_variant(folder, mkmodelfile):
    done = mkmodelfile("doctor", folder)
    assert done.code == 1
    assert "M-F16.gguf" in done.out + done.err
    assert "variant `q4_k_m` differs" in done.out + done.err


def test_init_writes_variants(tmp_path, mkmodelfile):
    write_variants(tmp_path, ["Q8_0", "Q4_K_M"])
    files = sorted(p for p in tmp_path.glob("*.gguf") if p.name != "micro-glm4v.gguf")
    (tmp_path / "mkmodelfile.yaml").unlink()
    done = mkmodelfile("init", *files, "--name", "mine")
    assert done.code == 0, done.err
    assert "m:q8" not in (done.err + (tmp_path / "mkmodelfile.yaml").read_text()).lower()
    package = load_package(tmp_path)
    assert package.model.name == "M-Q4_K_M.gguf"
    assert {v.tag: v.model.name for v in package.variants} == {
        "q4_K_M": "M-Q4_K_M.gguf",
        "q8_0": "M-Q8_0.gguf",
    }
    assert mkmodelfile("build", tmp_path, "-q").code == 0


@pytest.mark.parametrize("command", ["build", "check"])
def test_remarks_are_named_and_shown_when_asked(command, folder, mkmodelfile):
    done = mkmodelfile(command, folder)
    said = done.out + done.err
    assert ("notes: MK321 stop-unseen" in said, "never fires" in said) == (True, False)
    done = mkmodelfile(command, folder, "-v")
    assert "never fires" in done.out + done.err


def test_fit_looks_at_one_of_them(folder, mkmodelfile):
    def file_of(*more):
        done = mkmodelfile("fit", folder, "--format", "json", *more)
        assert done.code == 0, done.err
        [case] = json.loads(done.out)["cases"]
        return Path(case["name"]).name

    assert file_of() == "M-Q8_0.gguf"
    assert file_of("--variant", "Q4_K_M") == "M-Q4_K_M.gguf"
    assert "M-F16.gguf" in mkmodelfile("fit", folder, "--variant", "f16").err
    assert "no such variant" in mkmodelfile("fit", folder, "--variant", "q2").err
    done = mkmodelfile("fit", folder / "M-Q8_0.gguf", "--variant", "q8_0")
    assert (done.code, "is for a package" in done.err) == (2, True)


@pytest.mark.skipif(os.name == "nt", reason="Windows starts no script by its #! line")
def test_serve_serves_one_of_them(folder, mkmodelfile, stand_in):  # noqa: F811
    line = ("serve", folder, "--llama-server", stand_in, "--print", "shell")
    assert "M-Q8_0.gguf" in mkmodelfile(*line).out
    done = mkmodelfile(*line, "--variant", "q4_k_m")
    assert "M-Q4_K_M.gguf" in done.out and "m:q4_k_m" in done.out
    assert "M-F16.gguf" in mkmodelfile(*line, "--variant", "f16").err
    done = mkmodelfile("serve", "--check", "http://127.0.0.1:9/v1", "--variant", "q8_0")
    assert (done.code, "need --package" in done.err) == (2, True)


def test_a_name_that_is_a_folder_here_may_mean_the_package(mkmodelfile, tmp_path, httpserver, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny").mkdir()
    host = FakeOllama(httpserver).url
    for command in ("verify", "repair"):
        assert "for the package write `./tiny`" in mkmodelfile(command, "tiny", "--host", host).err
        other = mkmodelfile(command, "other", "--host", host)
        assert (other.code, "for the package" in other.err) == (1, False)
