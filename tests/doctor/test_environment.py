"""What is there passes, what is missing is skipped with the way to get it, what is broken fails."""

import importlib.metadata
import importlib.util
import shutil

import pytest
from packaging.requirements import Requirement

from modelfile_kit.core.errors import UsageError
from modelfile_kit.doctor import environment
from modelfile_kit.report.model import Status


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch, tmp_path):
    """No server, no programs and a cache of our own, unless a test says otherwise."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    monkeypatch.delenv("MKMODELFILE_LLAMA_SERVER", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    # a port that nothing listens on: port 9 is never given to a program by chance
    monkeypatch.setattr("modelfile_kit.core.ollama_host.DEFAULT_PORT", 9)


def without_llama_cpp(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "llama_cpp" else real(name, *more)
    )


def case(name, cases):
    return next(c for c in cases if c.name == name)


def test_a_bare_machine_is_no_broken_one(monkeypatch):
    without_llama_cpp(monkeypatch)
    cases = environment.examine()
    assert [c.name for c in cases if c.status is Status.FAILED] == []
    skipped = [c.name for c in cases if c.status is Status.SKIPPED]
    assert skipped == ["llama.cpp", "Ollama program", "Ollama server", "llama-server", "Go"]
    helps = {c.name: c.diagnostics[0].help for c in cases if c.diagnostics}
    assert "MKMODELFILE_LLAMA_SERVER" in helps["llama-server"]
    assert helps["llama.cpp"].startswith('pip install "modelfile-kit[align]" after a C++ compiler')
    assert helps["Ollama server"].endswith("then `ollama serve`")


def test_a_llama_server_takes_the_place_of_llama_cpp_python(monkeypatch, tmp_path):
    without_llama_cpp(monkeypatch)
    program = tmp_path / "llama-server"
    program.write_text("")
    monkeypatch.setenv("MKMODELFILE_LLAMA_SERVER", str(program))
    found = case("llama.cpp", environment.examine())
    assert found.status is Status.PASSED
    assert str(program) in found.summary


def test_with_a_compiler_there_is_only_the_extra_to_install(monkeypatch):
    without_llama_cpp(monkeypatch)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "llama-server" else f"/bin/{name}")
    cases = environment.examine()
    assert case("llama.cpp", cases).diagnostics[0].help == 'pip install "modelfile-kit[align]"'
    assert case("Ollama server", cases).diagnostics[0].help == "ollama serve"
    assert case("Ollama program", cases).summary == "/bin/ollama"
    assert case("Go", cases).status is Status.PASSED


@pytest.mark.parametrize(
    ("version", "lacks"),
    [("0.33.0", []), ("0.12.6", ["Jinja"]), ("0.5.7", ["range", "rendered", "Jinja"])],
)
def test_the_server_and_what_it_is_too_old_for(httpserver, version, lacks):
    httpserver.expect_request("/api/version").respond_with_json({"version": version})
    found = case("Ollama server", environment.examine(httpserver.url_for("")))
    assert found.status is Status.PASSED
    assert found.summary.startswith(f"{version} at http://")
    said = " ".join(d.message for d in found.diagnostics)
    assert [word for word in ("range", "rendered", "Jinja") if word in said] == lacks


def test_a_server_that_was_named_has_to_answer(monkeypatch):
    found = case("Ollama server", environment.examine("127.0.0.1:9"))
    assert (found.status, found.diagnostics[0].code) == (Status.FAILED, "MK802")
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    assert case("Ollama server", environment.examine()).status is Status.FAILED


def test_a_cache_that_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    found = case("cache", environment.examine())
    assert (found.status, found.diagnostics[0].code) == (Status.FAILED, "MK905")
    assert "XDG_CACHE_HOME" in found.diagnostics[0].help


def test_a_package_that_was_taken_away(monkeypatch):
    def version(name):
        if name == "httpx":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1"

    required = ["httpx>=0.27", "click>=8", "llama-cpp-python>=0.3; extra == 'align'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: required)
    monkeypatch.setattr(importlib.metadata, "version", version)
    found = case("modelfile-kit", environment.examine())
    assert found.status is Status.FAILED
    assert found.diagnostics[0].help == "pip install httpx"


def test_a_package_for_another_python_is_not_missed():
    required = [
        "click>=8.1",
        "tomli>=2.0.1; python_version < '3.11'",
        'a>=1; python_version >= "3.13"',
        "b; python_version <= '3.10'",
        "c!=2; python_version != '3.12'",
        "d; extra == 'align'",
    ]
    for minor in range(10, 14):
        marked = [Requirement(line) for line in required]
        known = {"python_version": f"3.{minor}", "extra": ""}
        meant = [r.name for r in marked if r.marker is None or r.marker.evaluate(known)]
        assert list(environment._names(required, (3, minor))) == meant


def test_one_broken_part_does_not_hide_the_others(monkeypatch):
    def broken():
        raise UsageError("the folder of model families is missing from this installation", help="reinstall")

    monkeypatch.setattr("modelfile_kit.doctor.environment.list_families", broken)
    monkeypatch.setattr(environment, "_python", lambda: 1 / 0)
    cases = environment.examine()
    assert case("families", cases).diagnostics[0].help == "reinstall"
    assert "ZeroDivisionError" in case("Python", cases).diagnostics[0].message
    assert case("cache", cases).status is Status.PASSED


@pytest.mark.engine
def test_llama_cpp_is_loaded_in_a_process_of_its_own():
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
    found = case("llama.cpp", environment.examine())
    assert found.status is Status.PASSED
    assert "llama-cpp-python" in found.summary
