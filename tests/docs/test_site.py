"""The site is built from the pages without a warning, and what was recorded is still what a command shows."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="this system has no pseudo terminals")
from tools import recorded

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    find_spec("mkdocs") is None or find_spec("mkdocstrings") is None,
    reason="needs mkdocs-material and mkdocstrings (extra docs)",
)
@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(tmp_path / "site").as_posix() for path in tmp_path.glob("site/**/index.html")}
    assert {"index.html", "tutorial/index.html", "guides/trainers/index.html", "codes/index.html"} <= pages
    assert 'href="stylesheets/site.css"' in (tmp_path / "site/index.html").read_text(encoding="utf-8")
    api = (tmp_path / "site/api/index.html").read_text(encoding="utf-8")
    assert all(f'id="modelfile_kit.{name}"' in api for name in ("compile_template", "build", "Diagnostic"))
    architecture = (tmp_path / "site/modes/index.html").read_text(encoding="utf-8")
    assert 'href="../renderers/"' in architecture


def test_links_out_of_the_pages_lead_to_the_repository() -> None:
    from tools.site_hooks import REPOSITORY, on_page_markdown

    class Page:
        class file:  # noqa: N801
            src_uri = "codes/MK1xx.md"

    text = "[a](../modes.md) [b](../../SECURITY.md#x) [c](MK2xx.md) [d](https://e.example/../f)"
    assert on_page_markdown(text, Page()) == (
        f"[a](../modes.md) [b]({REPOSITORY}/SECURITY.md#x) [c](MK2xx.md) [d](https://e.example/../f)"
    )


def offline_pages() -> list[str]:
    """The recorded pages whose commands need no server."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in recorded.PAGES}
    assert all(map(recorded.is_recorded, texts.values()))
    return [name for name, text in texts.items() if not recorded.needs_server(text)]


@pytest.mark.engine
@pytest.mark.parametrize("name", offline_pages())
def test_what_was_recorded_is_what_is_shown(name: str, llama_cpp: None) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    again = f"python -m tools.recorded {name}"
    assert recorded.steady(recorded.recorded(text)) == recorded.steady(text), again


def test_a_page_that_is_stale_is_seen(tmp_path: Path) -> None:
    page = "Words.\n\n```console\n$ echo one; echo two >&2\nthree\n$ cd /\n$ pwd\n```\n\n```sh\nno\n```\n"
    now = recorded.recorded(page)
    assert now == page.replace("three", "one\ntwo").replace("$ pwd\n", "$ pwd\n.\n")
    assert recorded.steady(now) != recorded.steady(page)
    assert recorded.recorded(now) == now


def test_hidden_commands_are_typed_and_not_shown() -> None:
    page = "<!-- typed: echo hidden > file -->\n\n```console\n$ cat file\n```\n"
    assert recorded.recorded(page) == page.replace("$ cat file\n", "$ cat file\nhidden\n")
