"""The page that says which kinds of replies come back, where the chat templates are that it is made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.replies import formats
from tests.replies.test_round_trip import CODER
from tools import reply_table


def corpus(folder: Path, **templates: str) -> Path:
    index = []
    for name, text in templates.items():
        (folder / f"{name}.jinja").write_text(text, encoding="utf-8")
        file = f"{name}.jinja"
        index.append({"id": name, "file": file, "bos_token": None, "eos_token": "<|im_end|>"})
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def test_a_row_for_each_template(tmp_path: Path) -> None:
    text = reply_table.page(corpus(tmp_path, coder=CODER, xml=formats.XML_CALLS, broken="{% for %}"))
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert rows["coder"].startswith("| coder | qwen3-coder | both |")
    assert "PARSER" in rows["coder"]
    assert rows["xml"].startswith("| xml |  | both |")
    assert "PARSER" not in rows["xml"]
    assert rows["answer"] == "| answer | 2 | 2 | 2 |"
    # nobody reads the calls of the second
    assert rows["call"] == "| call | 2 | 0 | 1 |"
    assert "- broken: the chat template cannot be read" in text


@pytest.mark.slow
def test_the_page_is_current(shared: Path) -> None:
    written = reply_table.PAGE.read_text(encoding="utf-8")
    assert written == reply_table.page(shared / "corpus"), "run `python -m tools.reply_table`"
