"""Shared fixtures, and the rule that nothing is skipped where everything is there."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium  # noqa: F401
from tests.hub_server import HubServer, ModelScopeServer, hub_server
from tests.oracle.fixtures import oracle, oracle_for  # noqa: F401

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

# A shell starts what runs in the background with Ctrl-C ignored, and every child process would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No clock and no chance decides a result: a busy machine is no fault, and every run tries the same examples.
settings.register_profile(
    "the same everywhere", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("the same everywhere")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-fixtures",
        action="store_true",
        help="write what is compiled into tests/fixtures/compile (see tests/compiler/test_fixtures.py)",
    )


@pytest.fixture(scope="session", autouse=True)
def no_heartbeat() -> Iterator[None]:
    """Commands in this process do not say that they go on: how long they take here is no part of a test."""
    from modelfile_kit.cli.progress import Heartbeat

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Heartbeat, "start", lambda _: None)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party templates, conversations and vocabularies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared with third-party templates and vocabularies here")
    return SHARED


@pytest.fixture(scope="session")
def llama_cpp() -> None:
    """llama.cpp, for tests that load a file into it."""
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python (the extra align) is not installed")


@pytest.fixture(scope="session")
def libraries() -> None:
    """What reads a model's own tokenizer: the extra `tokenizers`."""
    for name in ("tokenizers", "sentencepiece", "tiktoken", "regex"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} (the extra tokenizers) is not installed")


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The micro model and its projector."""
    from modelfile_kit.micro import build_pair

    return build_pair(tmp_path_factory.mktemp("micro"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    report = yield
    # ../shared is not part of the project, so a run without it is still a whole run.
    if os.environ.get("MKMODELFILE_NO_SKIPS") and report.skipped and "../shared" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped although MKMODELFILE_NO_SKIPS is set: {report.longrepr[2]}"
    return report


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub of its own for one test (HF_ENDPOINT), an empty cache (HF_HOME), and nobody logged in."""
    home = tmp_path_factory.mktemp("hf-home")
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setenv("MODELFILE_KIT_FILES", str(home / "files"))
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def modelscope(hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelScopeServer]:
    """A stand-in for ModelScope (MODELSCOPE_DOMAIN), and nobody logged in."""
    server = ModelScopeServer()
    monkeypatch.setenv("MODELSCOPE_DOMAIN", server.url)
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    try:
        yield server
    finally:
        server.close()
