"""What of a model's replies Ollama would read, from its GGUF alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modelfile_kit.building.replies_of_model import replies_of_model
from modelfile_kit.cli.main import run
from modelfile_kit.gguf_file import read_header
from modelfile_kit.micro import build_model, build_pair
from tests.replies import formats
from tests.replies.test_round_trip import CODER


def test_a_parser_reads_what_the_tags_do_not(tmp_path: Path, capsys: Any) -> None:
    path = build_model(tmp_path / "coder.gguf", chat_template=CODER)
    found = replies_of_model(read_header(path))
    assert found is not None
    assert not found.own.parser
    assert not found.own.read["call"]
    assert found.best.parser == "qwen3-coder"
    assert found.best.read["call"]
    assert "(not " in found.summary
    assert "by PARSER qwen3-coder (Ollama " in found.summary
    assert run(["inspect", str(path)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["replies"])
    assert line.endswith(found.summary)
    assert run(["inspect", str(path), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["cases"][0]["data"]["replies"]
    assert told["template"]["parser"] is None
    assert told["template"]["tools"] == "unread"
    assert told["best"]["parser"] == "qwen3-coder"
    assert told["best"]["tools"] == "exact"


def test_nobody_reads_it(tmp_path: Path) -> None:
    found = replies_of_model(read_header(build_model(tmp_path / "xml.gguf", chat_template=formats.XML_CALLS)))
    assert found is not None
    assert found.summary.endswith("no PARSER reads more")


def test_a_projector_has_no_replies(tmp_path: Path) -> None:
    projector = build_pair(tmp_path).projector
    assert projector is not None
    assert replies_of_model(read_header(projector)) is None


def test_a_chat_template_that_is_none(tmp_path: Path) -> None:
    path = build_model(tmp_path / "broken.gguf", chat_template="{% for %}")
    assert replies_of_model(read_header(path)) is None
