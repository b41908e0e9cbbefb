"""The page in a browser: filter, keyboard, light and dark, a phone's width, no network, accessibility."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.report import Case, Report, Status, html
from modelfile_kit.report.model import Chip, TokenPair
from tests.browser import complaints, look, overflow, requests, violations

selenium = pytest.importorskip("selenium", reason="selenium (the extra browser) is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

NEWLINE = Diagnostic("MK720", Severity.ERROR, "a newline is missing after '<|user|>'", help="write it")
MARKUP = "<img src='http://192.0.2.1/x.png' onerror='document.title=1'><script>document.title = 2</script>"
KINDS = ("control", "user-defined", "byte", "unknown", "unused", "undefined", "normal")


def pair(*extra: Chip) -> TokenPair:
    row = tuple(Chip(n, f"<{kind}>", kind) for n, kind in enumerate(KINDS))
    return TokenPair("Tokens", "prompt", "reference", (*row, Chip(-1, "image 0", "image")), (*row, *extra))


def report() -> Report:
    def case(name, status, prompt, reference, *found):
        data = {"prompt": prompt, "reference": reference}
        extra = () if prompt == reference else (Chip(9, "\n" + "long " * 60, "byte"),)
        return Case(
            name, status, "41 bytes", "as\ttext" * 40, tuple(found), data=data, tokens=(pair(*extra),)
        )

    cases = (
        case("question", Status.FAILED, "<|user|>Hi", "<|user|>\nHi", NEWLINE),
        case("two rivers", Status.PASSED, "The Ebro. " * 200, "The Ebro. " * 200),
        case("markup", Status.PASSED, MARKUP, MARKUP),
        Case("later", Status.SKIPPED, "needs tools"),
    )
    replies = [
        {
            "kind": kind,
            "read by": "PARSER qwen3",
            "writes": f"<t>{kind}</t>",
            "gets": "content: x",
            "read back": back,
        }
        for kind, back in (("thought", True), ("call", False))
    ]
    row = {"variant": "q8_0", "result": "ok", "why": "long " * 80}
    warning = Diagnostic("MK323", Severity.WARNING, "odd")
    facts = {"model": "a-very-long-name-of-a-file-" * 8 + ".gguf", "replies": replies, "note": "one\ntwo"}
    return Report("check", "tiny", cases, (warning,), facts, table=(row,))


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    """The address of the page, beside which another command's report is a section."""
    file = tmp_path_factory.mktemp("page") / "page.html"
    published = Report("publish", "tiny", (Case("stops", Status.PASSED, "ends"),))
    file.write_text(html.render(report(), published), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def opened(chromium, page):
    look(chromium)
    chromium.get("about:blank")
    requests(chromium), complaints(chromium)
    chromium.get(page)
    return chromium


def shown(driver):
    return [
        d.find_element(By.CSS_SELECTOR, ".name").text
        for d in driver.find_elements(By.CSS_SELECTOR, "details.case")
        if d.is_displayed()
    ]


def field(driver, name):
    return driver.find_element(By.ID, f"f-{name}")


ALL = ["question", "two rivers", "markup", "later", "stops"]


def test_the_filter_by_verdict_conversation_text_and_finding(opened):
    assert shown(opened) == ALL
    for name, keys, expected in (
        ("verdict", "failed", ["question"]),
        ("verdict", "skipped", ["later"]),
        ("name", "RIVERS", ["two rivers"]),
        ("text", "the ebro", ["two rivers"]),
        ("text", "192.0.2.1", ["markup"]),
        ("code", "MK720", ["question"]),
        ("name", "nothing of this name", []),
    ):
        field(opened, name).send_keys(keys)
        assert shown(opened) == expected
        assert opened.find_element(By.ID, "f-count").text == f"{len(expected)} of 5 shown"
        opened.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
        assert shown(opened) == ALL


def test_a_link_of_a_finding_opens_its_conversation_even_if_it_was_filtered_away(opened):
    field(opened, "name").send_keys("rivers")
    opened.find_element(By.LINK_TEXT, "question").click()
    assert shown(opened) == ALL
    focus = opened.switch_to.active_element
    assert focus.tag_name == "summary"
    assert "question" in focus.text


def test_the_keyboard_reaches_everything_in_order_and_leaves_it_again(opened):
    reach = (
        "window.reach = Array.from(document.querySelectorAll("
        "'a[href], button, input, select, summary, [tabindex=\"0\"]')).filter((e) => e.checkVisibility());"
        "return reach.length"
    )
    here = (
        "const s = getComputedStyle(document.activeElement);"
        "return [reach.indexOf(document.activeElement), s.outlineStyle, parseFloat(s.outlineWidth)]"
    )
    count = opened.execute_script(reach)
    assert count > 20
    for expected in range(count):
        opened.switch_to.active_element.send_keys(Keys.TAB)
        assert opened.execute_script(here) == [expected, "solid", 3]
    opened.switch_to.active_element.send_keys(Keys.TAB)
    assert opened.execute_script("return document.activeElement === document.body")


def test_the_arrow_keys_go_from_case_to_case_and_enter_opens_one(opened):
    summaries = opened.find_elements(By.CSS_SELECTOR, "details.case > summary")
    opened.execute_script("arguments[0].focus()", summaries[0])
    opened.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert opened.switch_to.active_element == summaries[1]
    case = summaries[1].find_element(By.XPATH, "..")
    assert case.get_attribute("open") is None
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    assert case.get_attribute("open") is not None
    opened.switch_to.active_element.send_keys(Keys.ARROW_UP)
    assert opened.switch_to.active_element == summaries[0]


def test_a_page_of_many_cases_lays_out_what_is_in_sight(chromium, tmp_path):
    """Of 300 opened cases laid out at once, the page would stand still for seconds."""
    many = Report("check", "tiny", tuple(replace(report().cases[0], name=f"case {n}") for n in range(30)))
    (tmp_path / "page.html").write_text(html.render(many), encoding="utf-8")
    look(chromium)
    chromium.get((tmp_path / "page.html").as_uri())
    chromium.find_element(By.ID, "f-open").click()
    last = chromium.find_element(By.CSS_SELECTOR, "details.case:last-child .sides")
    seen = "return arguments[0].checkVisibility({contentVisibilityAuto: true})"
    assert not chromium.execute_script(seen, last)
    chromium.execute_script("location.hash = document.querySelector('details.case:last-child').id")
    WebDriverWait(chromium, 20, 0.05).until(lambda d: d.execute_script(seen, last))
    place = "const r = document.activeElement.getBoundingClientRect(); return [r.top, innerHeight - r.bottom]"
    assert min(chromium.execute_script(place)) >= 0


def test_what_was_written_stays_text_and_nothing_is_fetched(opened, page):
    opened.find_element(By.ID, "f-open").click()
    assert opened.title == "check tiny: failed"
    assert MARKUP in opened.find_element(By.TAG_NAME, "main").text
    assert requests(opened) == [page]
    assert complaints(opened) == []


def test_the_policy_forbids_every_request(opened):
    class Heard(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self):
            type(self).asked += 1
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        told = opened.execute_async_script(
            "const [url, done] = arguments; const image = new Image();"
            "image.onload = () => done('loaded'); image.onerror = () =>"
            "fetch(url, {mode: 'no-cors'}).then(() => done('fetched'), () => done('forbidden'));"
            "image.src = url; navigator.sendBeacon(url);",
            url,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert (told, Heard.asked) == ("forbidden", 0)
    assert any("Content Security Policy" in line for line in complaints(opened))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_every_size_and_colour_is_accessible(opened, dark, width):
    look(opened, dark=dark, width=width)
    opened.find_element(By.ID, "f-open").click()
    assert overflow(opened) == 0
    assert violations(opened) == []
    paper = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 29)" if dark else "rgb(255, 255, 255)")


def test_prompt_and_reference_are_side_by_side_and_below_each_other_on_a_phone(opened):
    def places():
        sides = opened.find_elements(By.CSS_SELECTOR, "#case-1-1 .sides > section")[:2]
        return [(s.location["x"], s.location["y"]) for s in sides]

    (x, y), (other_x, other_y) = places()
    assert x < other_x
    assert y == other_y
    look(opened, width=360)
    (x, y), (other_x, other_y) = places()
    assert x == other_x
    assert y < other_y


def test_without_its_script_everything_is_there_but_the_filter(opened, page):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.get(page)
        assert not opened.find_element(By.ID, "filter").is_displayed()
        assert len(opened.find_elements(By.CSS_SELECTOR, "details.case")) == 5
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
