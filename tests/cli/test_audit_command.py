from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.audit.journal import JOURNAL
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_model

GOOD = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("a", "b"):
        (tmp_path / "models" / name).mkdir(parents=True)
        build_model(tmp_path / "models" / name / f"{name}.gguf", chat_template=GOOD, fault="text-llama")
    return tmp_path / "models"


def test_an_audit_that_was_broken_off_goes_on(models: Path, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("pyarrow.parquet", reason="the extra dask is not installed")
    out = tmp_path / "out"
    command = ["audit", str(models), "--jobs", "1", "--output", str(out)]
    assert run([*command, "--parquet"]) == 0
    table, page = (out / "audit.parquet").read_bytes(), (out / "audit.html").read_bytes()
    lines = (out / JOURNAL).read_text().splitlines(keepends=True)
    assert len(lines) == 2
    (out / JOURNAL).write_text(lines[0] + lines[1][:30])
    assert run([*command, "--parquet"]) == 0
    assert (out / "audit.parquet").read_bytes() == table
    assert (out / "audit.html").read_bytes() == page
    assert len((out / JOURNAL).read_text().splitlines()) == 3
    assert run([*command, "--again"]) == 0
    assert "  codes: none\n" in capsys.readouterr().out
    assert len((out / JOURNAL).read_text().splitlines()) == 5


def test_every_model_is_a_case(models: Path, tmp_path: Path, capsys: Any) -> None:
    (models / "cut.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    assert run(["audit", str(models), "--jobs", "1", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(Path(case["name"]).name, case["status"]) for case in found["cases"]] == [
        ("a.gguf", "passed"),
        ("b.gguf", "passed"),
        ("cut.gguf", "failed"),
    ]
    assert found["cases"][0]["data"]["chat"] == "exact"
    assert run(["audit", str(models), "--jobs", "1", "--fail-on", "never"]) == 0
    text = capsys.readouterr().out
    assert "2 ok, 1 failed" in text
    assert "cut.gguf" in text


@pytest.mark.parametrize("arguments", [["x.gguf", "--parquet"], ["x.gguf", "--again"], []])
def test_wrong_usage(arguments: list[str]) -> None:
    assert run(["audit", *arguments]) == 2
