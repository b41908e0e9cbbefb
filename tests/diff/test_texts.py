from __future__ import annotations

import re

import pytest

from modelfile_kit.diff.texts import LINE, MAX_LINES, _cut_at_tags, unified


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", ["@@ -1,3 +1,3 @@", "  a", "- b", "+ B", "  c"]),
        ("a\n", "a", ["@@ -1,1 +1,1 @@", "- a", "+ a (no newline at the end)"]),
        ("a\n", "a \t\r\n", ["@@ -1,1 +1,1 @@", "- a", "+ a␣⇥␍"]),
        ("a\n", "a\n\n", ["@@ -1,1 +1,2 @@", "  a", "+ "]),
        ("", "x", ["@@ -1,0 +1,1 @@", "+ x (no newline at the end)"]),
        ("x\n", "", ["@@ -1,1 +1,0 @@", "- x"]),
    ],
)
def test_what_differs_is_seen(before, after, lines):
    assert unified(before, after, ("A", "B")) == ["--- A", "+++ B", *lines]


def test_equal_texts_have_no_lines():
    assert unified("a\nb", "a\nb") == []


def test_only_the_lines_around_a_difference_are_shown():
    many = [f"line {n}\n" for n in range(100)]
    other = [*many[:50], "new\n", *many[50:]]
    assert unified("".join(many), "".join(other))[2:] == [
        "@@ -49,4 +49,5 @@",
        "  line 48",
        "  line 49",
        "+ new",
        "  line 50",
        "  line 51",
    ]


def test_two_places_are_two_hunks():
    many = [f"{n}\n" for n in range(40)]
    other = ["x\n" if n in (5, 30) else line for n, line in enumerate(many)]
    heads = [line for line in unified("".join(many), "".join(other)) if line.startswith("@@")]
    assert heads == ["@@ -4,5 +4,5 @@", "@@ -29,5 +29,5 @@"]


def test_a_template_of_one_long_line_is_broken_behind_its_tags():
    before = "".join(f"{{% if a{n} %}}text {n}{{% endif %}}" for n in range(60))
    after = before.replace("text 31", "word 31")
    assert len(before) > 5 * LINE
    lines = unified(before, after)
    changed = [line for line in lines if line[0] in "-+"][2:]
    assert len(changed) == 2
    assert ["text 31" in changed[0], "word 31" in changed[1]] == [True, True]
    assert changed[0].startswith("- ↪")
    assert max(map(len, changed)) < 2 * LINE


def test_long_texts_are_not_compared_line_by_line():
    before, after = ("".join(f"{word}{n}\n" for n in range(MAX_LINES + 1)) for word in "ab")
    assert unified(before, after)[2:] == [
        f"@@ -1,{MAX_LINES + 1} +1,{MAX_LINES + 1} @@",
        f"  {MAX_LINES + 1:,} lines are replaced by {MAX_LINES + 1:,}",
    ]


@pytest.mark.parametrize("opening", ["{{", "{%", "{#", "{{ {% {#"])
def test_a_tag_that_never_closes_is_text_that_is_read_once(opening):
    """A search for its end from every one of them would take hours."""
    before = opening * 500_000
    assert unified(before, before + "x") == [
        "--- before",
        "+++ after",
        "@@ -1,1 +1,1 @@",
        f"- {before} (no newline at the end)",
        f"+ {before}x (no newline at the end)",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "a" * LINE + "{{ x }}{% y %}{# z #}b",
        "{%}" * 50 + "{% if a %}" * 20,
        "{{{" * 50 + " a }}}" + "{#}" * 9,
        "{{ '%}' }}" * 30 + "{{ never {% too" + "{# three #}" * 3,
    ],
)
def test_a_long_line_is_cut_at_the_tags_that_a_regular_expression_finds(line):
    tags = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})", re.DOTALL)
    assert list(_cut_at_tags(line)) == tags.split(line)
