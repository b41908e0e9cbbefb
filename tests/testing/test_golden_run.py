"""Golden files of a package whose conversations are all refused: nothing was tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.gotemplate import LimitError
from modelfile_kit.micro import build_model
from modelfile_kit.report.model import Status
from modelfile_kit.testing import golden_run
from modelfile_kit.testing.golden_run import check_packages, golden_cases

TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
HI = [{"role": "user", "content": "Hi"}]
JINJA = "~" * 110 + "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


@pytest.mark.parametrize(("sound", "failed"), [(False, ["conversations"]), (True, [])])
def test_refusals_alone_are_no_success(tmp_path: Path, sound: bool, failed: list[str]) -> None:
    build_model(tmp_path / "m.gguf", chat_template=JINJA)
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: m.gguf\nprojector: none\ntarget: '0.33.0'\n")
    conversations = [{"id": "tools", "category": "tools", "messages": HI, "tools": [TOOL]}]
    conversations += [{"id": "plain", "category": "chat", "messages": HI}] if sound else []
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden/conversations.json").write_text(json.dumps(conversations))
    built = build(tmp_path)
    golden_cases(built, tokenizer=None, update=True)
    cases = golden_cases(built, tokenizer=None)
    assert [case.name for case in cases if case.status == "failed"] == failed
    assert {case.name for case in cases} >= {"tools"}
    assert [d.code for case in cases for d in case.diagnostics] == (["MK738"] if failed else [])


def write_package(folder: Path, chat_template: str) -> Path:
    folder.mkdir()
    (folder / "chat.jinja").write_text(chat_template)
    file = folder / "mkmodelfile.yaml"
    file.write_text("name: p\nmodel: m.gguf\nprojector: none\nchat_template: chat.jinja\n")
    return file


def test_a_chat_template_that_does_not_parse_fails_its_own_package_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packages = [
        write_package(Path(name), text) for name, text in (("a", JINJA), ("b", JINJA + "{% if"), ("c", JINJA))
    ]
    cases = check_packages(packages, micro=True, tokens=False, update=True)
    failed = [c for c in cases if c.status is Status.FAILED]
    assert [c.name for c in failed] == ["b/build"]
    [found] = failed[0].diagnostics
    assert (found.code, str(found.span)) == ("MK210", f"{Path('b/chat.jinja')}:1")
    assert {c.name.partition("/")[0] for c in cases} == {"a", "b", "c"}


def test_paths_of_findings_are_relative_where_the_package_was_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_package(Path("a"), JINJA)
    check_packages([file], micro=True, tokens=False, update=True)
    Path("a/golden/question.prompt").write_text("another")
    for named in (file, tmp_path / file):
        found = [d for c in check_packages([named], micro=True, tokens=False) for d in c.diagnostics]
        golden = named.parent / "golden"
        assert [(d.code, str(d.span)) for d in found] == [("MK912", str(golden / "question.prompt"))]


def test_a_model_that_is_missing_can_be_done_without(tmp_path: Path) -> None:
    file = write_package(tmp_path / "a", JINJA)
    [case] = check_packages([file], tokens=False)
    [found] = case.diagnostics
    assert (found.code, "--micro" in found.help) == ("MK430", True)


def test_a_limit_is_no_refusal_that_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_model(tmp_path / "m.gguf", chat_template=JINJA)
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: m.gguf\nprojector: none\ntarget: '0.33.0'\n")
    built = build(tmp_path)
    golden_cases(built, tokenizer=None, update=True)
    before = {p: p.read_bytes() for p in (tmp_path / "golden").iterdir()}
    assert before

    def stopped(*_: object, **__: object) -> str:
        raise LimitError("the template was stopped: it takes more than 9 steps")

    monkeypatch.setattr(golden_run, "render_prompt", stopped)
    for update in (False, True):
        cases = golden_cases(built, tokenizer=None, update=update)
        assert {(c.status, c.diagnostics[0].code) for c in cases} == {(Status.FAILED, "MK221")}
    assert {p: p.read_bytes() for p in (tmp_path / "golden").iterdir()} == before
