"""Every way to serve a package with what is known of it, in report.json and in `check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.building import native_way
from modelfile_kit.building.build import Build, build
from modelfile_kit.building.native_way import NativeReplies
from modelfile_kit.building.ways import Way
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model
from modelfile_kit.prover.native import NativeProof
from modelfile_kit.replies.round_trip import RoundTrip
from tests.replies import formats
from tests.replies.test_round_trip import CODER

TOKENS = ["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>"]


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on every machine."""
    monkeypatch.setattr(native_way, "find_llama_server", lambda: None)
    nothing = NativeProof({"chat": "unknown"}, why_not="llama-server was not found on this machine")
    monkeypatch.setattr(native_way, "prove_native", lambda *_, **__: nothing)


def built(folder: Path, jinja: str, more: str = "") -> Build:
    build_model(folder / "m.gguf", chat_template=jinja, extra_tokens=TOKENS)
    (folder / "mkmodelfile.yaml").write_text(f"name: m\nmodel: m.gguf\nprojector: none\n{more}")
    return build(folder)


def ways(found: Build) -> dict[str, Way]:
    return {way.name: way for way in found.plan.ways}


def test_the_tags_and_the_parser_beside_each_other(tmp_path: Path) -> None:
    found = built(tmp_path, CODER)
    by = ways(found)
    assert [way.name for way in found.plan.ways if way.chosen] == ["go + PARSER"]
    # Ollama's tags look for JSON, this model writes XML
    assert by["go"].replies["call"] == "not read"
    assert by["go + PARSER"].replies["call"] == "read"
    assert by["go"].replies["answer"] == by["go + PARSER"].replies["answer"] == "read"
    assert by["go"].prompts == by["go + PARSER"].prompts
    report = json.loads((found.path.parent / "report.json").read_text(encoding="utf-8"))
    told = {way["way"]: way for way in report["ways"]}
    assert told["go + PARSER"]["reader"] == f"PARSER {found.plan.maker.parser}"
    assert told["go"]["reader"] == "the TEMPLATE's tags"
    assert told["go"]["replies"]["call"] == "not read"


def test_a_renderer_that_the_package_names(tmp_path: Path) -> None:
    names = "renderer: qwen3-vl-thinking\nparser: qwen3-vl-thinking\n"
    (way,) = built(tmp_path, formats.JSON_CALLS, names).plan.ways
    assert (way.name, way.chosen, way.notes) == ("renderer + PARSER", True, "RENDERER qwen3-vl-thinking")
    assert way.prompts["chat"] in ("exact", "partial", "unsupported")
    assert way.replies["call"] == "read"


def test_native_mode_without_an_engine_claims_nothing(tmp_path: Path) -> None:
    (way,) = built(tmp_path, formats.JSON_CALLS, "mode: native\n").plan.ways
    assert (way.name, way.chosen, way.prompts, way.replies) == ("native", True, {}, {})
    assert "prompts not proven" in way.summary
    assert "not seen" in way.summary


def test_a_hand_written_template(tmp_path: Path) -> None:
    (tmp_path / "t.gotmpl").write_text("{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}")
    (way,) = built(tmp_path, formats.JSON_CALLS, "template: t.gotmpl\n").plan.ways
    assert (way.name, way.chosen, way.prompts) == ("go", True, {})
    assert way.replies["answer"] == "read"


def test_what_is_not_seen_is_named() -> None:
    trip = RoundTrip("", (), engine="llama-server 9", unseen={"call": "why"})
    way = Way("native", True, {"chat": "exact"}, trip)
    assert way.replies == {"call": "not seen"}
    assert way.summary == (
        "chosen; prompts chat exact; replies read back: 0 of 1 by llama-server 9 (not call)"
    )
    assert NativeReplies().trip is None


def test_check_shows_the_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built(tmp_path, CODER)
    assert run(["check", str(tmp_path), "--bytes-only", "--format", "json"]) in (0, 1)
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert facts["way go + PARSER"].startswith("chosen; prompts chat exact")
    assert [way["way"] for way in facts["ways"]][:2] == ["go", "go + PARSER"]
