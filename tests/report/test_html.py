import base64
import hashlib
import re
from html.parser import HTMLParser

from modelfile_kit.core.diagnostics import Diagnostic, Severity
from modelfile_kit.report import Case, Report, Status, html
from modelfile_kit.report.model import Chip, TokenPair

NEWLINE = Diagnostic("MK720", Severity.ERROR, "a newline is missing", help="write it")


def prompt_case(
    name="question", prompt="<a>Hi", reference="<a>\nHi", *, status=Status.FAILED, found=(NEWLINE,)
):
    ours = (Chip(5, "<a>", "control"), Chip(7, "Hi", "normal"))
    theirs = (ours[0], Chip(9, "\n", "byte"), ours[1])
    pair = TokenPair("Tokens", "prompt", "reference", ours, theirs)
    data = {"prompt": "<a>Hi", "reference": "<a>\nHi"}
    return Case(name, status, "differs", diagnostics=found, data=data, tokens=(pair,))


class Tags(HTMLParser):
    """Every tag and attribute of a page, and what is not closed."""

    VOID = ("meta", "input", "link", "br")

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.wrong = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_a_page_is_sound_and_names_nothing_on_the_network():
    tags = Tags(html.render(Report("check", "s", (prompt_case(),))))
    assert (tags.wrong, tags.open) == ([], [])
    asked = [(t, a) for t, a in tags.tags if {"src", "srcset", "data", "action", "ping"} & a.keys()]
    assert asked == []
    assert not [t for t, _ in tags.tags if t in ("link", "img", "iframe", "object", "embed", "base")]
    assert not [a for _, a in tags.tags if "style" in a or any(key.startswith("on") for key in a)]
    ids = [a["id"] for _, a in tags.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for t, a in tags.tags if t == "a" and a["href"].startswith("#")]
    assert {link[1:] for link in links} <= set(ids)


def test_the_policy_allows_what_the_page_has_and_nothing_else():
    page = html.render(Report("check", "s"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy
    for name in ("style", "script"):
        [text] = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_a_chip_has_text_id_and_kind():
    page = html.render(Report("check", "s", (prompt_case(),)))
    assert '<span class="token control" title="5, control">&lt;a&gt;<small>5 control</small></span>' in page
    assert '<span class="token byte differs" title="9, byte">⏎<small>9 byte</small></span>' in page
    assert '<span class="token normal" title="7">Hi<small>7</small></span>' in page
    for kind, shown in (("user-defined", "user defined"), ("unknown", "unknown")):
        case = Case("c", Status.PASSED, tokens=(TokenPair("T", "a", "b", (Chip(1, "x", kind),), ()),))
        assert f"<small>1 {shown}</small>" in html.render(Report("check", "s", (case,)))
    row = (Chip(-1, "image 0", "image"),)
    image = Case("c", Status.PASSED, tokens=(TokenPair("T", "a", "b", row, row),))
    assert '<span class="token image">image 0</span>' in html.render(Report("check", "s", (image,)))


def test_a_cause_is_told_once_with_links_to_its_conversations():
    cases = tuple(prompt_case(f"c{n}") for n in range(30))
    head = html.render(Report("check", "s", cases)).partition("<h2>Conversations</h2>")[0]
    assert head.count("a newline is missing") == 1
    assert "in 30 of 30: " in head
    assert '<a href="#case-1-1">c0</a>' in head
    assert "What it means" in head


def test_findings_of_one_case_that_want_the_same_are_told_once():
    found = tuple(
        Diagnostic("MK720", Severity.ERROR, f"missing after {n}", help="write it") for n in range(301)
    )
    body = html.render(Report("check", "s", (prompt_case(found=found),))).partition("<h2>Conversations</h2>")[
        2
    ]
    assert body.count("help: write it") == 1
    assert "<summary>300 more of this cause</summary>" in body
    assert [f"missing after {n}<" in body for n in (0, 1, 12, 13)] == [True, True, True, False]
    assert "… 288 more …" in body


def test_only_the_first_case_of_a_cause_is_open():
    trimmed = Diagnostic("MK721", Severity.ERROR, "trimmed")
    cases = (
        prompt_case("a"),
        prompt_case("b"),
        prompt_case("c", found=(NEWLINE, trimmed)),
        prompt_case("d", status=Status.PASSED, found=()),
    )
    opened = re.findall(
        r'<details class="case" id="case-1-(\d)"[^>]* open>', html.render(Report("x", "s", cases))
    )
    assert opened == ["1", "3"]


def test_the_same_report_gives_the_same_bytes_whatever_time_it_took():
    row = {"variant": "q8", "seconds": 1.5}
    one = Report("check", "s", (Case("c", Status.PASSED, seconds=0.5),), table=(row,))
    two = Report("check", "s", (Case("c", Status.PASSED, seconds=7.5),), table=({**row, "seconds": 9.0},))
    assert html.render(one) == html.render(two)


def test_a_page_of_several_commands_has_a_section_for_each():
    verified = Report("publish", "m", (Case("stops", Status.PASSED, "ends"),), facts={"server": "here"})
    page = html.render(verified, Report("check", "m", (prompt_case(),)))
    assert '<h1>publish <span>m</span>: <span class="failed">failed</span></h1>' in page
    assert 'href="#report-1">publish</a>: <span class="ok">ok</span>' in page
    assert 'href="#report-2">check</a>: <span class="failed">failed</span>' in page
    assert 'id="case-1-1"' in page
    assert 'id="case-2-1"' in page
    first, _, second = page.partition('id="report-2"')
    assert ("Kinds here" in first, "Kinds here" in second) == (False, True)


def test_thousands_of_prompts_give_a_bounded_page_that_says_what_it_leaves_out():
    text = "word " * 400
    passed = [
        Case(f"p{n}", Status.PASSED, data={"prompt": f"{n} {text}", "reference": f"{n} {text}"})
        for n in range(5_000)
    ]
    cases = (*passed, prompt_case("last"))
    page = html.render(Report("check", "s", cases))
    assert len(page) < html.MAX_DETAILS + 2_000_000
    assert "3,001 of 5,001 cases are not listed" in page
    assert "5000 passed" in page
    assert "a newline is missing" in page.partition("<h2>Conversations</h2>")[2]  # what failed stays
    long = [Case(f"p{n}", Status.PASSED, data={"prompt": "x" * 19_000}) for n in range(600)]
    page = html.render(Report("check", "s", tuple(long)))
    left_out = int(re.search(r"the prompts and tokens of (\d+) cases are not on this page", page)[1])
    assert page.count("left out, as the page would be too large") == left_out > 0
    assert len(page) < html.MAX_DETAILS + 200_000


def test_a_giant_prompt_is_cut():
    page = html.render(Report("check", "s", (Case("c", Status.PASSED, data={"prompt": "x" * 5_000_000}),)))
    assert len(page) < 100_000
    assert "characters left out" in page


def test_replies_of_variants_that_are_alike_are_shown_once():
    replies = [
        {"kind": "answer", "read by": "tags", "writes": "Hi", "gets": "content: Hi", "read back": True}
    ]
    facts = {tag: {"replies": replies} for tag in ("q4", "q8")}
    page = html.render(Report("check", "s", facts=facts))
    assert "Replies of q4" in page
    assert "Replies of q8" not in page
