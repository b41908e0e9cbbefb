"""The page of `check`, `publish` and `verify`: which reports are on it, and what they say."""

from __future__ import annotations

import json
import re

import pytest

from modelfile_kit import read_header
from modelfile_kit.cli import verify_command
from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.publish.subject import Check
from modelfile_kit.publish.verify import VerifyReport
from tests.publish.fake_ollama import FakeOllama

HAND = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>\n"


def sections(page):
    return re.findall(r'<section class="report" id="[^"]*" aria-label="(\w+)">', page)


@pytest.fixture
def by_hand(package):
    """A package whose TEMPLATE lacks the newlines of the chat template."""
    (package / "hand.gotmpl").write_text(HAND, encoding="utf-8")
    with (package / "mkmodelfile.yaml").open("a", encoding="utf-8") as file:
        file.write("template: hand.gotmpl\nchat_template: gguf\n")
    return package


def test_a_finding_is_on_the_page_once_however_many_conversations_have_it(mkmodelfile, by_hand, tmp_path):
    file = tmp_path / "page.html"
    done = mkmodelfile("check", by_hand, "--bytes-only", "--html", file, "--format", "json")
    assert done.code == 1
    cases = json.loads(done.out)["cases"]
    having = [c for c in cases if any(d["code"] == "MK720" for d in c["diagnostics"])]
    assert len(having) > 5
    head, _, rest = file.read_text(encoding="utf-8").partition("<h2>Conversations</h2>")
    told = '<li class="cause error-cause"><strong class="error">error</strong> <a[^>]*>MK720'
    assert len(re.findall(told, head)) == 1
    assert f"in {len(having)} of {len(cases)}: " in head
    assert "the prompt that Ollama sends" in rest
    assert '<mark><span class="mark">⏎</span>' in rest


@pytest.mark.engine
def test_tokens_have_their_ids_and_kinds_on_the_page_and_programs_get_what_they_got(
    mkmodelfile, by_hand, tmp_path, llama_cpp
):
    file, again = tmp_path / "page.html", tmp_path / "again.html"
    done = mkmodelfile("check", by_hand, "--html", file, "--format", "json")
    plain = mkmodelfile("check", by_hand, "--format", "json")
    assert json.loads(done.out) == json.loads(plain.out)
    page = file.read_text(encoding="utf-8")
    vocabulary = Vocabulary.from_header(read_header(by_hand / "micro-glm4v.gguf"))
    user = vocabulary.id_of("<|user|>")
    assert f'title="{user}, control">&lt;|user|&gt;<small>{user} control</small>' in page
    assert '<span class="token image">image 0</span>' in page
    assert "Tokens: differences" in page
    mkmodelfile("check", by_hand, "--html", again)
    assert again.read_bytes() == file.read_bytes()


def test_a_publish_is_on_one_page_with_the_check(mkmodelfile, package, tmp_path, httpserver, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ollama, file = FakeOllama(httpserver), tmp_path / "page.html"
    line = ("publish", package, "--host", ollama.url, "--no-verify", "--html", file)
    done = mkmodelfile(*line, "--dry-run")
    assert done.code == 0, done.err
    assert "no: a dry run" in file.read_text(encoding="utf-8")
    done = mkmodelfile(*line)
    assert done.code == 0, done.err
    page = file.read_text(encoding="utf-8")
    assert sections(page) == ["publish", "check"]
    assert f"<dt>published</dt><dd>tiny on {ollama.url} (Ollama 0.33.0)</dd>" in page
    assert "the prompt that Ollama sends" in page
    done = mkmodelfile("publish", "--clean", "--host", ollama.url, "--html", file)
    assert (done.code, "--html has nothing to show" in done.err) == (2, True)


def test_a_verification_is_on_one_page_with_the_check(mkmodelfile, package, tmp_path, monkeypatch):
    found = Diagnostic("MK840", Severity.ERROR, "never stops")
    checks = (Check("stops", "fail", "writes on", (found,)), Check("images", "skip", "no image"))
    seen = VerifyReport("tiny", "http://gpu:11434", "0.34.4", False, checks)
    monkeypatch.setattr(verify_command, "verify", lambda *_, **__: seen)
    file = tmp_path / "page.html"
    done = mkmodelfile("verify", "tiny", "--package", package, "--html", file)
    assert done.code == 1, done.err
    page = file.read_text(encoding="utf-8")
    assert sections(page) == ["verify", "check"]
    assert "http://gpu:11434 (Ollama 0.34.4)" in page
    assert "never stops" in page
    assert "1 failed" in re.sub("<[^>]*>", "", page)
    done = mkmodelfile("verify", "tiny", "--html", file)
    assert sections(file.read_text(encoding="utf-8")) == ["verify"]


def test_a_page_that_cannot_be_written_is_told(mkmodelfile, package, tmp_path):
    done = mkmodelfile("check", package, "--bytes-only", "--html", tmp_path / "none" / "page.html")
    assert done.code == 2
    assert "none" in done.err
