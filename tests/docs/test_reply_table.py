"""The page that says which prompts and replies are right by which way, where its chat templates are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def record(folder: Path, **seen: dict[str, Any]) -> Path:
    """A record of what was seen of some of a corpus' templates, by name."""
    digests = {model.name: model.digest for model in reply_table.models(folder)}
    templates = {digests[name]: one for name, one in seen.items()}
    path = folder / "record.json"
    path.write_text(json.dumps({"ollama": "0.34.4", "engine": "llama.cpp 1", "templates": templates}))
    return path


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the tables, by what stands in their first cell."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("| "):
            found.setdefault(line.split(" | ")[0].strip("| "), []).append(line)
    return found


def seen(kinds: tuple[str, ...], **prompts: dict[str, str]) -> dict[str, Any]:
    return {"prompts": prompts, "counts": {}, "native": dict.fromkeys(kinds, True)}


EXACT = {"chat": "exact", "tools": "exact"}
READ = (
    *("answer", "answer beside tools", "call", "two calls", "text and call", "call with markup"),
    *("call with all types", "call without arguments"),
)


def test_a_row_for_each_template(tmp_path: Path) -> None:
    folder = corpus(tmp_path, coder=CODER, xml=formats.XML_CALLS, broken="{% for %}")
    text = reply_table.page(folder, record(folder))
    by = rows(text)
    prompts, replies = by["coder"]
    assert replies.startswith("| coder | qwen3-coder | TP |")
    assert " P " in replies
    assert prompts == "| coder |  |  |  |  | P |"  # nothing was recorded of its prompts
    assert by["xml"][1].startswith("| xml |  | TP |")
    # of two templates the tags read two answers, and no calls; nobody was asked natively
    assert by["answer"] == ["| answer | 2 | 2 | 2 | 0 | 0 | 2 | 2 |"]
    # nobody reads the calls of the second
    assert by["call"] == ["| call | 2 | 0 | 1 | 0 | 0 | 1 | 1 |"]
    assert "- broken: the chat template cannot be read" in text


def test_what_is_recorded_decides_as_a_build_does(tmp_path: Path) -> None:
    folder = corpus(tmp_path, coder=CODER, xml=formats.XML_CALLS)
    better = seen(READ, T=EXACT, N=EXACT)
    worse = seen(READ, T=EXACT, N={**EXACT, "tools": "partial"})
    for native, letters, auto in ((better, "TN", "N"), (worse, "Tn", "T")):
        by = rows(reply_table.page(folder, record(folder, xml=native)))
        assert by["xml"][0] == f"| xml |  | TN | {letters} |  | {auto} |"
        assert by["xml"][1].startswith("| xml |  | TPN |")
        natively = 1 if auto == "N" else 0
        assert by["call"] == [f"| call | 2 | 0 | 1 | 1 | 0 | 2 | {1 + natively} |"]


def test_the_record_holds_every_template(shared: Path) -> None:
    known = json.loads(reply_table.RECORD.read_text(encoding="utf-8"))["templates"]
    missing = [m.name for m in reply_table.models(shared / "corpus") if m.digest not in known]
    assert missing == [], "run `python -m tools.reply_table --record LLAMA_SERVER NAME`"


@pytest.mark.slow
def test_the_page_is_current(shared: Path) -> None:
    written = reply_table.PAGE.read_text(encoding="utf-8")
    assert written == reply_table.page(shared / "corpus"), "run `python -m tools.reply_table`"
