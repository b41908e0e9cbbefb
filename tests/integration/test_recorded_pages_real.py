"""Pages whose recorded commands need a server show what they show now."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess
from tools import recorded

pytestmark = [pytest.mark.server, pytest.mark.engine]

ROOT = Path(__file__).parents[2]
PAGES = [n for n in recorded.PAGES if recorded.needs_server((ROOT / n).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", PAGES)
def test_what_was_recorded_is_what_is_shown(
    name: str,
    ollama_process: OllamaProcess,
    ollama_server: OllamaServer,  # removes the model afterwards
    llama_cpp: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OLLAMA_BIN", str(ollama_process.program))
    text = (ROOT / name).read_text(encoding="utf-8")
    now = recorded.recorded(text, ollama_process.url)
    again = f"OLLAMA_HOST=URL OLLAMA_BIN=PROGRAM python -m tools.recorded {name}"
    assert recorded.steady(now) == recorded.steady(text), again
