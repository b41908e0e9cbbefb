"""The page of play in a browser: typing, keyboard, sharing, light and dark, a phone, accessibility."""

from __future__ import annotations

import json
from threading import Thread

import pytest

from modelfile_kit.core.conversation import conversations_from
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.play.process import Player
from modelfile_kit.play.server import PlayServer
from modelfile_kit.play.subject import Asked
from tests.browser import complaints, look, overflow, requests, violations

selenium = pytest.importorskip("selenium", reason="selenium (the extra browser) is not installed")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

JINJA = (
    "{% if tools %}<|tools|>{{ tools | length }}{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>"
)
HAND = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"


@pytest.fixture(scope="module")
def server(chromium, good, tmp_path_factory):
    """A package whose TEMPLATE, written by hand, lacks what the chat template has."""
    folder = tmp_path_factory.mktemp("play")
    (folder / "chat.jinja").write_text(JINJA)
    (folder / "hand.gotmpl").write_text(HAND)
    (folder / "mkmodelfile.yaml").write_text(
        f"name: odd\nmodel: {good / 'micro-glm4v.gguf'}\nchat_template: chat.jinja\ntemplate: hand.gotmpl\n"
    )
    with Player(Asked(str(folder))) as player, PlayServer(0, player.facts, player.answer) as made:
        Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield made
        made.shutdown()


def answered(driver, conversation=None, reply=""):
    """Waits until the page shows the answer to this conversation, or to any."""
    wanted = conversation and json.dumps(conversation, separators=(",", ":"), ensure_ascii=False) + reply
    script = "return document.body.dataset.answered ?? ''"
    WebDriverWait(driver, 30, 0.05).until(
        lambda d: d.execute_script(script) == wanted if wanted else d.execute_script(script)
    )


def one(content, **more):
    return {"messages": [{"role": "user", "content": content}], **more}


@pytest.fixture
def page(chromium, server):
    look(chromium, width=1300)
    chromium.get("about:blank")
    requests(chromium), complaints(chromium)
    chromium.get(server.url)
    answered(chromium, one("Hi"))
    return chromium


def at(driver, name):
    return driver.find_element(By.ID, name)


def prompts(driver):
    """The texts of the columns, without the marks of line ends."""
    script = (
        "return Array.from(document.querySelectorAll('#texts section')).map((s) => ["
        "s.querySelector('h3 span').textContent, "
        "Array.from(s.querySelector('pre').querySelectorAll(':scope > span, :scope > mark'))"
        ".map((e) => { const c = e.cloneNode(true); c.querySelectorAll('.mark').forEach((m) => m.remove());"
        " return c.textContent; }).join('')])"
    )
    return dict(driver.execute_script(script))


def first_box(driver):
    return driver.find_element(By.CSS_SELECTOR, "#messages textarea")


def test_what_is_typed_is_rendered_as_render_renders_it(page):
    typed = 'Say "Grüße 🙂" & <b>this</b>'
    box = first_box(page)
    box.clear()
    page.execute_cdp_cmd("Input.insertText", {"text": typed})
    answered(page, one(typed))
    messages = [{"role": "user", "content": typed}]
    assert prompts(page) == {
        "chat template (Hugging Face)": render_reference(JINJA, messages),
        "TEMPLATE": render_prompt(HAND, messages),
    }
    assert at(page, "verdict").text == "TEMPLATE: differs"
    assert [m.text for m in page.find_elements(By.CSS_SELECTOR, "#texts mark")] == ["⏎"]
    assert "MK720" in at(page, "findings").text


def test_roles_tools_think_and_images_reach_the_prompt(page, tmp_path):
    page.find_element(By.CSS_SELECTOR, "button[data-role=system]").click()
    page.switch_to.active_element.send_keys("Be brief.")
    answered(
        page, {"messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}]}
    )
    assert "<|system|>\nBe brief." in prompts(page)["chat template (Hugging Face)"]
    page.find_element(By.CSS_SELECTOR, "[aria-label='remove message 2']").click()
    at(page, "example-tool").click()
    tools = json.loads(at(page, "tools").get_attribute("value"))
    answered(page, one("Hi", tools=tools))
    assert prompts(page)["chat template (Hugging Face)"].startswith("<|tools|>1")
    at(page, "tools").send_keys("x")
    WebDriverWait(page, 10).until(lambda d: "no JSON" in at(d, "tools-wrong").text)
    page.execute_script("tools.value = ''; tools.dispatchEvent(new Event('input'))")
    answered(page, one("Hi"))
    Select(at(page, "think")).select_by_value("high")
    answered(page, one("Hi", think="high"))
    Select(at(page, "think")).select_by_value("")
    from PIL import Image

    picture = tmp_path / "red.png"
    Image.new("RGB", (8, 8), "red").save(picture)
    page.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(picture))
    answered(page, {"messages": [{"role": "user", "content": "Hi", "images": 1}]})
    assert page.find_element(By.CSS_SELECTOR, ".images img").get_attribute("src").startswith("blob:")
    assert "[img-0]" in prompts(page)["TEMPLATE"]


@pytest.mark.engine
def test_findings_that_want_the_same_are_one(page):
    for role in ("assistant", "user"):
        page.find_element(By.CSS_SELECTOR, f"#adding [data-role={role}]").click()
    boxes = page.find_elements(By.CSS_SELECTOR, "#messages textarea[rows]")
    boxes[-1].send_keys("Again")
    wait = WebDriverWait(page, 30, 0.05)
    wait.until(lambda d: "more of this cause" in at(d, "findings").text)
    [cause] = page.find_elements(By.CSS_SELECTOR, "#findings > ul > li.error-cause")
    assert cause.text.count("help:") == 1
    cause.find_element(By.TAG_NAME, "summary").click()
    assert len(cause.find_elements(By.CSS_SELECTOR, "details li.said")) >= 2
    assert violations(page) == []


def test_tokens_are_chips_with_id_and_kind(page, llama_cpp):
    rows = [section.text.split() for section in page.find_elements(By.CSS_SELECTOR, "#tokens section")]
    assert len(rows) == 2
    assert page.find_elements(By.CSS_SELECTOR, "#tokens .token.control small")[0].text.endswith("control")
    [differs] = page.find_elements(By.CSS_SELECTOR, "#tokens .differs")
    assert differs.text.startswith("⏎")


def test_a_reply_is_shown_as_it_is_read(page):
    at(page, "reply").send_keys("Yes.<|user|>")
    answered(page, one("Hi"), "Yes.<|user|>")
    read = at(page, "replies").text
    assert "read by the TEMPLATE's tags" in read
    assert "content\nYes." in read
    assert "control tokens that no client gets: <|user|>" in read


def test_a_link_holds_the_conversation_and_a_test_is_what_a_package_takes(page, server):
    first_box(page).send_keys(" Zürich 🙂")
    answered(page, one("Hi Zürich 🙂"))
    at(page, "copy-link").click()
    link = at(page, "copied-text").get_attribute("value")
    assert link == page.current_url
    at(page, "copy-test").click()
    [test] = conversations_from([json.loads(at(page, "copied-text").get_attribute("value"))], default_id="x")
    assert (test.id, test.messages) == ("hi-z-rich", ({"role": "user", "content": "Hi Zürich 🙂"},))
    page.get("about:blank")
    page.get(link)
    answered(page, one("Hi Zürich 🙂"))
    assert first_box(page).get_attribute("value") == "Hi Zürich 🙂"
    at(page, "clear").click()
    answered(page, one("Hi"))


@pytest.mark.parametrize(
    "fragment", ["#x", "#e30", "#bnVsbA", "#" + "A" * 100_000, "#eyJtZXNzYWdlcyI6W251bGxdfQ", "#%F0%9F"]
)
def test_a_link_of_another_kind_is_not_taken(page, server, fragment):
    page.get("about:blank")
    page.get(server.url + fragment)
    answered(page, one("Hi"))


def test_markup_that_is_typed_stays_text(page):
    attack = "<img src=x onerror=document.title=1><script>document.title=2</script>"
    first_box(page).send_keys(attack)
    at(page, "reply").send_keys(attack)
    answered(page, one("Hi" + attack), attack)
    assert page.title == "play odd"
    assert page.find_elements(By.CSS_SELECTOR, "#results img, #results script") == []
    assert attack in at(page, "texts").text
    assert complaints(page) == []


def test_nothing_is_asked_of_another_server(page, server):
    asked = {url for url in requests(page) if not url.startswith(("chrome:", "data:", "blob:"))}
    assert {url.partition("#")[0].removeprefix(server.url) for url in asked} == {
        *("", "page.css", "play.css", "main.js", "editor.js", "results.js", "state.js", "dom.js"),
        *("facts", "answer"),
    }


def test_the_keyboard_adds_writes_removes_and_never_loses_its_place(page):
    page.find_element(By.CSS_SELECTOR, "button[data-role=assistant]").send_keys(Keys.ENTER)
    page.switch_to.active_element.send_keys("Yes.")
    two = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes."}]}
    answered(page, two)
    page.find_element(By.CSS_SELECTOR, "[aria-label='remove message 2']").send_keys(Keys.ENTER)
    answered(page, one("Hi"))
    assert page.switch_to.active_element == first_box(page)
    here = (
        "const s = getComputedStyle(document.activeElement);"
        "return [document.activeElement.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]"
    )
    url = page.current_url
    page.get("about:blank")
    page.get(url)
    answered(page, one("Hi"))
    seen = []
    for _ in range(60):
        ActionChains(page).send_keys(Keys.TAB).perform()
        tag, style, width = page.execute_script(here)
        if tag == "BODY":
            break
        seen.append(tag)
        label = page.execute_script("return document.activeElement.className + document.activeElement.id")
        assert (style, width) == ("solid", 3) or "visually-hidden" in label
    else:
        pytest.fail("the Tab key does not leave the page")
    assert {"A", "BUTTON", "SELECT", "TEXTAREA", "INPUT"} <= set(seen)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1300, 360])
def test_every_size_and_colour_is_accessible(page, dark, width):
    look(page, dark=dark, width=width)
    for role in ("assistant", "tool", "system"):
        page.find_element(By.CSS_SELECTOR, f"button[data-role={role}]").click()
        page.execute_cdp_cmd("Input.insertText", {"text": "long " * 8})
    at(page, "reply").send_keys("Yes.")
    at(page, "copy-test").click()
    WebDriverWait(page, 20).until(lambda d: "Yes." in at(d, "replies").text)
    assert overflow(page) == 0
    assert violations(page) == []
    paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 29)" if dark else "rgb(255, 255, 255)")


def test_a_server_that_is_gone_is_told(page, server):
    token = page.execute_script("return document.querySelector('meta[name=play-token]').content")
    assert token == server.token
    before, server.token = server.token, "another"
    try:
        first_box(page).send_keys("x")
        WebDriverWait(page, 20).until(lambda d: "no answer" in at(d, "verdict").text)
        assert "load it again" in at(page, "verdict").text
    finally:
        server.token = before
