"""Pictures of the README: `python -m tools.screenshots [CHROMIUM]` photographs the page of a check.

The package is the micro model with a TEMPLATE that lacks a newline, as in docs/tutorial.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_pair

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SIZE = (1280, 1180)
CONVERSATIONS = [
    {"id": "screen", "messages": [{"role": "user", "content": "What is on this screen?", "images": 1}]},
    {
        "id": "settings",
        "messages": [
            {"role": "system", "content": "Answer in one sentence."},
            {"role": "user", "content": "Open the settings."},
            {"role": "assistant", "content": "The settings are open."},
            {"role": "user", "content": "Now go back."},
        ],
    },
]


def write_broken_package(folder: Path) -> None:
    """A package whose hand-written TEMPLATE lacks the newline after `<|user|>`."""
    build_pair(folder)
    file = folder / "mkmodelfile.yaml"
    file.write_text("name: tiny\nmodel: micro-glm4v.gguf\n")
    template = build(folder, write=False).template
    assert template is not None
    (folder / "by-hand.gotmpl").write_text(re.sub(r"<\|user\|>\n", "<|user|>", template))
    (folder / "golden").mkdir()
    (folder / "golden" / "conversations.json").write_text(json.dumps(CONVERSATIONS))
    file.write_text("name: tiny\nmodel: micro-glm4v.gguf\ntemplate: by-hand.gotmpl\nchat_template: gguf\n")


def photograph(chromium: str, page: Path, picture: Path, size: tuple[int, int] = SIZE) -> None:
    """A picture of a page in a browser without a window."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *(
                    chromium,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                ),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "--hide-scrollbars"),
                *(f"--screenshot={picture}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main(chromium: str = "chromium") -> None:
    """Writes docs/images/check.png."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "check.html"
        write_broken_package(Path(folder))
        os.chdir(folder)  # so that the page names no folder
        run(["-q", "check", "--html", str(page)])
        text = page.read_text(encoding="utf-8").replace(folder, "/home/me/my-model")
        page.write_text(text, encoding="utf-8")
        photograph(chromium, page, IMAGES / "check.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
