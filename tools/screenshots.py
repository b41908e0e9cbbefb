"""Images of the README: `python -m tools.screenshots` photographs the page of a check and that of `play`.

The package is the micro model with a TEMPLATE that lacks a newline, as in docs/tutorial.md. It takes the
extra `browser`, chromium and chromedriver; no clock and no network has a part in it.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from PIL import Image

from modelfile_kit.building.build import build
from modelfile_kit.cli.main import run
from modelfile_kit.micro import build_pair
from modelfile_kit.play.process import Player
from modelfile_kit.play.server import PlayServer
from modelfile_kit.play.subject import Asked
from tests.browser import browser, look, missing

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
MAX_BYTES = 150_000
COLOURS = 128  # enough for a page, and a quarter of the bytes
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


def photograph_check(driver: Chrome, folder: Path) -> None:
    """The page of a check, from its head to the tokens of the conversation whose prompt differs."""
    page = folder / "check.html"
    run(["-q", "check", "--html", str(page)])
    text = page.read_text(encoding="utf-8").replace(str(folder), "/home/me/my-model")
    page.write_text(text, encoding="utf-8")
    look(driver, width=1280, height=1180)
    driver.get(page.as_uri())
    keep(driver, "check.png")


def photograph_play(driver: Chrome, folder: Path) -> None:
    """The page of `play`, after a question was typed, an image added and a reply written."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    picture = folder / "screen.png"
    Image.new("RGB", (90, 160), (66, 133, 244)).save(picture)
    with Player(Asked(str(folder))) as player, PlayServer(0, player.facts, player.answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        look(driver, width=1280, height=900)
        driver.get(server.url)
        WebDriverWait(driver, 60).until(lambda d: d.execute_script("return document.body.dataset.answered"))
        box = driver.find_element(By.CSS_SELECTOR, "#messages textarea")
        box.clear()
        box.send_keys("What is on this screen?")
        driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(picture))
        driver.find_element(By.ID, "reply").send_keys("A search field.<|user|>")
        read = "return document.getElementById('replies').textContent.includes('search field.')"
        WebDriverWait(driver, 60).until(lambda d: d.execute_script(read))
        driver.execute_script("document.activeElement.blur()")
        keep(driver, "play.png")
        server.shutdown()


def keep(driver: Chrome, name: str) -> None:
    """Saves what the window shows."""
    image = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    out = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    data = out.getvalue()
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{name} has {len(data):,} bytes, more than {MAX_BYTES:,}")
    (IMAGES / name).write_bytes(data)


def main() -> int:
    """Writes docs/images/check.png and docs/images/play.png; returns the exit code."""
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        write_broken_package(folder)
        os.chdir(folder)  # so that the page names no folder
        with browser(folder / "profile") as driver:
            photograph_check(driver, folder)
            photograph_play(driver, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
