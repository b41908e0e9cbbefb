"""init, inspect, build, check and test on the micro pair, with good and with bad input."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from modelfile_kit.micro import build_pair

engine = [
    pytest.mark.engine,
    pytest.mark.skipif(
        importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
    ),
]


def test_from_a_gguf_to_a_modelfile(mkmodelfile, tmp_path):
    build_pair(tmp_path)
    first = mkmodelfile("init", tmp_path / "micro-glm4v.gguf")
    assert (first.code, first.out) == (0, f"{tmp_path}/mkmodelfile.yaml\n")
    built = mkmodelfile("build", tmp_path)
    assert built.code == 0, built.err
    text = (tmp_path / "build/micro-glm4v/Modelfile").read_text()
    lines = text.splitlines()
    at = lines.index("FROM ../../micro-glm4v.gguf")
    assert lines[at + 1 : at + 3] == [
        "# PROJECTOR ../../mmproj-micro-glm4v.gguf",
        "FROM ../../mmproj-micro-glm4v.gguf",
    ]
    assert json.loads((tmp_path / "build/micro-glm4v/report.json").read_text())["name"] == "micro-glm4v"


def test_init_never_replaces_unasked(mkmodelfile, package):
    before = (package / "mkmodelfile.yaml").read_bytes()
    refused = mkmodelfile("init", package / "micro-glm4v.gguf")
    assert refused.code == 2
    assert "--force" in refused.err
    assert (package / "mkmodelfile.yaml").read_bytes() == before
    assert mkmodelfile("init", package / "micro-glm4v.gguf", "--force").code == 0
    assert (package / "mkmodelfile.yaml").read_bytes() != before


def test_init_refuses_a_projector_as_the_model(mkmodelfile, package):
    done = mkmodelfile("init", package / "mmproj-micro-glm4v.gguf", "-o", "-")
    assert done.code == 2
    assert "is a projector, not a model" in done.err


def test_inspect(mkmodelfile, package):
    pair = [package / "micro-glm4v.gguf", package / "mmproj-micro-glm4v.gguf"]
    done = mkmodelfile("inspect", *pair)
    assert done.code == 0
    assert "glm4" in done.out
    assert "type glm4v" in done.out
    data = json.loads(mkmodelfile("inspect", *pair, "--format", "json").out)
    assert [c["summary"] for c in data["cases"]] == ["model", "projector"]
    assert data["cases"][0]["data"]["vocabulary"]["eot"][0] == "<|user|>"


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(40), b"PK\x03\x04" + bytes(40), b"<html>"]
)
def test_inspect_of_something_else(mkmodelfile, tmp_path, content):
    (tmp_path / "x.gguf").write_bytes(content)
    done = mkmodelfile("inspect", tmp_path / "x.gguf")
    assert done.code == 1
    assert "x.gguf" in done.err
    assert "help:" in done.err


@pytest.mark.parametrize(
    "fault", ["width", "projector-type", "no-rope-sections", "truncated", "truncated-projector"]
)
def test_build_finds_every_fault_before_anything_is_written(mkmodelfile, package, fault):
    build_pair(package, fault=fault)
    done = mkmodelfile("build", package)
    assert done.code == 1, done.err
    assert "error MK4" in done.err
    assert "help:" in done.err
    assert not (package / "build").exists()


def test_a_foreign_end_token_is_an_error(mkmodelfile, package):
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write("end_token: <|im_end|>\n")
    done = mkmodelfile("build", package)
    assert done.code == 1
    assert "<|im_end|>" in done.err
    assert "mkmodelfile.yaml:4:" in done.err


def test_a_wrong_package_file(mkmodelfile, package):
    (package / "mkmodelfile.yaml").write_text("name: x\nmodle: y.gguf\nparameters: 5\n")
    done = mkmodelfile("build", package)
    assert done.code == 1
    path, *found = done.err.splitlines()
    assert path.endswith("mkmodelfile.yaml")
    assert [line.split(":")[0].strip() for line in found if " error " in line] == ["2", "3"]
    assert "did you mean `model`?" in done.err


@pytest.mark.parametrize("output_format", ["json", "github", "sarif", "junit"])
def test_the_findings_of_a_build_come_in_every_format(mkmodelfile, package, output_format):
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write("stop: ['<|user|>']\n")  # llama.cpp ends there anyway: MK328
    done = mkmodelfile("build", package, "--format", output_format)
    assert done.code == 0, done.err
    assert [path.name for path in package.glob("build/*/Modelfile")] == ["Modelfile"]
    assert "MK328" in done.out
    assert "MK328" not in done.err


def test_a_refused_build_is_a_report_too(mkmodelfile, package):
    build_pair(package, fault="width")
    done = mkmodelfile("build", package, "--format", "json")
    assert (done.code, done.err) == (1, "")
    data = json.loads(done.out)
    assert (data["command"], data["ok"]) == ("build", False)
    assert {d["code"][:3] for d in data["diagnostics"] if d["severity"] == "error"} == {"MK4"}
    assert not (package / "build").exists()


def test_a_missing_package_is_a_message_in_every_format(mkmodelfile, tmp_path):
    done = mkmodelfile("build", tmp_path / "none", "--format", "json")
    assert (done.code, done.out) == (2, "")
    assert "error MK501" in done.err


def test_check_bytes_only(mkmodelfile, package):
    done = mkmodelfile("check", package, "--bytes-only", "--html", package / "r.html")
    assert done.code == 0, done.out + done.err
    assert "bytes" in done.out
    assert "<details" in (package / "r.html").read_text()


@pytest.mark.parametrize("arguments", [[], ["--see"]])
class TestWithTheEngine:
    pytestmark = engine

    def test_check(self, mkmodelfile, package, arguments):
        done = mkmodelfile("check", package, *arguments, "--format", "json")
        assert done.code == 0, done.err
        cases = json.loads(done.out)["cases"]
        assert all("tokens" in c["summary"] for c in cases if not c["name"].startswith("image "))
        seen = {c["name"] for c in cases if c["summary"].startswith("says")}
        assert seen == ({"image red", "image green", "image blue"} if arguments else set())


def test_a_template_by_hand_that_is_off_by_a_newline_is_found(mkmodelfile, package):
    (package / "hand.gotmpl").write_text(
        "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>\n"
    )
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write("template: hand.gotmpl\nchat_template: gguf\n")
    done = mkmodelfile("check", package, "--bytes-only")
    assert done.code == 1
    assert "✗ question" in done.out


def test_golden_files_from_first_run_to_a_changed_template(mkmodelfile, package):
    assert mkmodelfile("test", package, "--no-tokens").code == 1
    assert mkmodelfile("test", package, "--no-tokens", "--update").code == 0
    assert mkmodelfile("test", package, "--no-tokens").code == 0
    text = (package / "mkmodelfile.yaml").read_text()
    (package / "mkmodelfile.yaml").write_text(text.replace("Be brief.", "Be short."))
    done = mkmodelfile("test", package, "--no-tokens")
    assert done.code == 1
    assert "-Be brief.<|user|>⏎" in done.out
    assert "+Be short.<|user|>⏎" in done.out
    xml = mkmodelfile("test", package, "--no-tokens", "--format", "junit").out
    assert "<failure" in xml


def test_the_test_command_needs_packages(mkmodelfile, tmp_path):
    done = mkmodelfile("test", tmp_path)
    assert done.code == 2
    assert "no package here" in done.err


@pytest.mark.parametrize(
    ("jinja", "says"),
    [
        ("{% for m in messages %}{{ m.content }" + "~" * 110, "cannot be rendered"),
        ("", "llama-server formats chats as ChatML"),
        (
            "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
            "puts Ollama's own 'chatml' in its place",
        ),
    ],
)
def test_inspect_says_what_reaches_the_model_without_a_template(mkmodelfile, tmp_path, jinja, says):
    build_pair(tmp_path, chat_template=jinja)
    out = mkmodelfile("inspect", tmp_path / "micro-glm4v.gguf").out
    assert says in " ".join(out.split())
    assert "by its own template" not in out


def test_a_build_for_a_hub_and_for_a_registry(mkmodelfile, package):
    hub = mkmodelfile("build", package, "--for", "hf")
    assert (hub.code, hub.out) == (0, f"{package / 'build/tiny/hf'}\n")
    assert (package / "build/tiny/hf/params").is_file()
    done = mkmodelfile("build", package, "--for", "oci", "--format", "json", "-o", package / "out")
    facts = json.loads(done.out)["facts"]
    assert facts["folder"] == str(package / "out")
    assert {f["name"]: f["size"] for f in facts["files"]} == {
        path.relative_to(package / "out").as_posix(): path.stat().st_size
        for path in (package / "out").rglob("*")
        if path.is_file()
    }
    assert facts["build"]["template"]["coverage"]["images"] == "exact"
    assert json.loads((package / "out/index.json").read_text())["schemaVersion"] == 2
    assert not (package / "build/tiny/Modelfile").exists()


def test_what_a_hub_cannot_serve_is_an_error_before_anything_is_written(mkmodelfile, package):
    with (package / "mkmodelfile.yaml").open("a") as file:
        file.write("quantize: q8_0\n")
    done = mkmodelfile("build", package, "--for", "hf")
    assert (done.code, done.out) == (1, "")
    assert "error MK540 not-on-hub" in done.err
    assert not (package / "build").exists()
    report = json.loads(mkmodelfile("build", package, "--for", "hf", "--format", "json").out)
    assert {d["code"] for d in report["diagnostics"]} == {"MK540"}


def test_a_directive_is_for_a_modelfile(mkmodelfile, package):
    done = mkmodelfile("build", package, "--for", "oci", "--projector-directive", "projector")
    assert done.code == 2
    assert "--for ollama" in done.err


def test_a_success_is_told_in_three_lines_and_in_full_with_verbose(mkmodelfile, package):
    # "<|observation|>" is a control token: a remark, MK321
    for words in (["build", package], ["check", package, "--bytes-only"]):
        done, full = mkmodelfile(*words), mkmodelfile(*words, "-v")
        lines = (done.out + done.err).splitlines()
        assert len(lines) == 3, lines
        assert "MK321" in done.out + done.err  # named, never silent
        assert "help:" not in done.out + done.err
        assert "info MK321" in full.out + full.err
        assert len((full.out + full.err).splitlines()) > 8


def test_a_failure_shows_what_failed(mkmodelfile, package):
    assert mkmodelfile("test", package, "--update", "--no-tokens").code == 0
    golden = sorted((package / "golden").glob("*.prompt"))
    golden[0].write_text(golden[0].read_text().replace("<|user|>", "<|usr|>", 1))
    line = ("test", package, "--no-tokens")
    done, full = mkmodelfile(*line), mkmodelfile(*line, "-v")
    assert (done.code, full.code) == (1, 1)
    assert (done.out.count("  ✗ "), done.out.count("  ✓ ")) == (1, 0)
    assert full.out.count("  ✓ ") >= len(golden) - 1
    assert done.out.splitlines()[-1] == full.out.splitlines()[-1]


@pytest.mark.parametrize("before", [True, False])
def test_quiet_leaves_the_result_alone(mkmodelfile, package, before):
    for words, lines in ((["build", package], 1), (["check", package, "--bytes-only"], 2)):
        done = mkmodelfile(*(["-q", *words] if before else [*words, "-q"]))
        assert (done.err, len(done.out.splitlines())) == ("", lines)


def test_programs_get_the_decisions_of_a_build(mkmodelfile, package):
    done = mkmodelfile("build", package, "--format", "json")
    facts = json.loads(done.out)["facts"]
    written = json.loads((package / "build/tiny/report.json").read_text())
    found = written.pop("diagnostics")
    assert facts["build"] == written
    assert [d["code"] for d in json.loads(done.out)["diagnostics"]] == [d["code"] for d in found]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["fit", "p"], "p/micro-glm4v.gguf: glm4, F32"),
        (["fit", "p", "--memory", "1KiB"], "p/micro-glm4v.gguf: error MK449"),
        (["check", "p", "--bytes-only", "--model", "cut.gguf"], "cut.gguf: error MK404"),
        (["check", "p", "--model", "none.gguf"], "none.gguf: error MK430 missing-file: was not found"),
        (["check", "p", "--projector", "p/micro-glm4v.gguf"], "p/micro-glm4v.gguf: error MK415"),
        (["build", "p", "-o", "cut.gguf"], "cut.gguf: error MK903 file-access: is a file, expected a folder"),
        (["build", "none"], "none: error MK501 package-unreadable: no such file or folder"),
        (["micro", "--describe", "p"], "p/golden/stand-in.yaml"),
        (["pull", "p"], "every file of the package is named by a path: nothing to fetch"),
        (["quantize", "none.gguf", "Q8_0"], "none.gguf: error MK402 gguf-unreadable: was not found"),
    ],
    ids=" ".join,
)
def test_files_are_named_as_the_user_named_them(line, said, tmp_path, mkmodelfile, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    pair = build_pair(tmp_path / "p")
    Path("p/mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\n")
    Path("cut.gguf").write_bytes(pair.model.read_bytes()[:3000])
    done = mkmodelfile(*line)
    whole = done.out + done.err
    assert any(row.startswith(said.replace("/", os.sep)) for row in whole.splitlines()), whole
    assert str(tmp_path) not in whole
