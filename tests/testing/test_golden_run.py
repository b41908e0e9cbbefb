"""Golden files of a package whose conversations are all refused: nothing was tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.micro import build_model
from modelfile_kit.testing.golden_run import golden_cases

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
