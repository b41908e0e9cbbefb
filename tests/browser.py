"""A headless Chromium for the tests of pages: Debian's `chromium` and `chromium-driver`, driven by selenium.

Where one of them is missing, tests are skipped and say which.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No word to the network from the browser itself, and no state from one test to the next.
_OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--lang=en",
)


def missing() -> str:
    """Why no browser can be driven here, "" where one can."""
    if not any(map(shutil.which, _BROWSERS)):
        return "no Chromium is installed (Debian: chromium)"
    if not shutil.which("chromedriver"):
        return "no chromedriver is installed (Debian: chromium-driver)"
    try:
        import selenium  # noqa: F401
        import selenium_axe_python  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed (the extra `browser`)"
    return ""


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests of a run."""
    if why := missing():
        pytest.skip(why)
    with browser(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """A browser with a profile of its own, ended at the end. profile: an empty folder."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = next(path for path in map(shutil.which, _BROWSERS) if path)
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


def look(driver: Chrome, *, dark: bool = False, width: int = 1200, height: int = 900) -> None:
    """A window of this size, in the light or the dark."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def violations(driver: Chrome) -> list[str]:
    """What axe-core finds wrong with the page as it is, a line for each element; best practices too."""
    import selenium_axe_python

    script = Path(selenium_axe_python.__file__).parent / "axe-core" / "axe.min.js"
    # By the debugger, as the page's own policy lets no script in.
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": script.read_text(encoding="utf-8")})
    # axe asks where everything is; what is laid out only in sight would be laid out anew for each question.
    laid_out = (
        "for (const e of document.querySelectorAll('*'))"
        " if (getComputedStyle(e).contentVisibility === 'auto') e.style.contentVisibility = 'visible'"
    )
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": laid_out})
    asked = {"expression": "axe.run().then(JSON.stringify)", "awaitPromise": True, "returnByValue": True}
    answer = driver.execute_cdp_cmd("Runtime.evaluate", asked)
    found = json.loads(answer["result"]["value"])
    assert found["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflow(driver: Chrome) -> int:
    """How many pixels wider than the window the page is."""
    script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(driver.execute_script(script))


def requests(driver: Chrome) -> list[str]:
    """The addresses that were asked for since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def complaints(driver: Chrome) -> list[Any]:
    """What the page wrote to the browser's console, errors of the policy among them."""
    return [entry["message"] for entry in driver.get_log("browser")]
