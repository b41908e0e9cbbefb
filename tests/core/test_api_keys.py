from __future__ import annotations

import pytest

from modelfile_kit.core.api_keys import OLLAMA_KEY, OPENAI_KEY, require_private
from modelfile_kit.core.errors import UsageError

KEY = "sk-secret"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (OLLAMA_KEY, OPENAI_KEY):
        monkeypatch.setenv(kind.variable, KEY)
        monkeypatch.delenv(kind.hosts_variable, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://gpu:11434",
        "https://gpu:11434",
        "http://127.0.0.1:11434",
        "https://ollama.com.evil.example",
        "https://evil-ollama.com",
        "https://ollama.com@evil.example",
        "https://api.openai.com",
    ],
)
def test_a_key_is_not_for_others(url: str) -> None:
    assert OLLAMA_KEY.key_for(url) == ""


@pytest.mark.parametrize(
    ("key", "place"), [("sk-\u00e9", 4), ("sk a", 3), ("a\nb", 2), ("\u6f22", 1), ("a\x7f", 2)]
)
def test_what_no_header_can_hold_is_no_key(key: str, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OLLAMA_KEY.variable, key)
    with pytest.raises(UsageError, match=f"its character {place} is not") as e:
        OLLAMA_KEY.key_for("https://ollama.com")
    assert key not in str(e.value)


def test_a_key_is_for_the_host_that_gave_it() -> None:
    assert OLLAMA_KEY.key_for("https://ollama.com:443") == KEY
    assert OPENAI_KEY.key_for("https://api.openai.com/v1") == KEY
    assert OPENAI_KEY.key_for("https://gpu:8080") == ""


def test_servers_on_this_machine_get_openais_key_only() -> None:
    assert OPENAI_KEY.key_for("http://127.0.0.1:8080") == KEY
    assert OLLAMA_KEY.key_for("http://127.0.0.1:8080") == ""


@pytest.mark.parametrize("named", ["gpu", "GPU:11434", "other, gpu", "https://gpu:11434/"])
def test_a_host_that_was_named_gets_the_key(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY_HOST", named)
    assert OLLAMA_KEY.key_for("https://gpu:11434") == KEY
    assert OLLAMA_KEY.key_for("https://gpu.evil.example:11434") == ""


def test_another_port_of_a_named_host_is_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY_HOST", "gpu:11434")
    assert OLLAMA_KEY.key_for("https://gpu:11435") == ""


@pytest.mark.parametrize("url", ["http://gpu:11434", "http://ollama.com", "http://10.0.0.1:11434"])
def test_no_key_goes_over_plain_http_to_another_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY_HOST", "gpu, 10.0.0.1")
    with pytest.raises(UsageError, match="plain HTTP") as e:
        OLLAMA_KEY.key_for(url)
    assert e.value.code == "MK817"
    assert "https" in e.value.help
    assert KEY not in str(e.value)


def test_this_machine_and_https_are_private() -> None:
    for url in ("http://127.0.0.1:1", "http://[::1]:1", "https://gpu"):
        require_private(url, "it")


def test_a_named_host_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY_HOST", "gpu:port")
    with pytest.raises(UsageError, match="no host"):
        OLLAMA_KEY.key_for("https://gpu:1")


def test_no_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", " ")
    assert OLLAMA_KEY.key_for("http://ollama.com") == ""
