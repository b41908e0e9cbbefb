"""Items: their places, and how error messages show them."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, LimitError, parse
from modelfile_kit.gotemplate.parse import lexer
from modelfile_kit.gotemplate.parse.lexer import WORDS, Item, Lexer, Token


def _items(source: str, *, comments: bool = False) -> list[tuple[Item, str]]:
    scanner = Lexer(source, comments=comments)
    found = []
    while True:
        token = scanner.next_item()
        found.append((token.type, token.value))
        if token.type in (Item.EOF, Item.ERROR):
            return found


_L, _R = (Item.LEFT_DELIM, "{{"), (Item.RIGHT_DELIM, "}}")
_EOF = (Item.EOF, "")


@pytest.mark.parametrize(
    ("source", "items"),
    [
        ("", [_EOF]),
        ("a {{.B}} c", [(Item.TEXT, "a "), _L, (Item.FIELD, ".B"), _R, (Item.TEXT, " c"), _EOF]),
        ("a \n {{- 3 -}} \n c", [(Item.TEXT, "a"), _L, (Item.NUMBER, "3"), _R, (Item.TEXT, "c"), _EOF]),
        (" {{- 3}}", [_L, (Item.NUMBER, "3"), _R, _EOF]),
        ("{{-3}}", [_L, (Item.NUMBER, "-3"), _R, _EOF]),
        ("{{3  -}} x", [_L, (Item.NUMBER, "3"), _R, (Item.TEXT, "x"), _EOF]),
        ("a{{/* b */}}c", [(Item.TEXT, "a"), (Item.TEXT, "c"), _EOF]),
        (
            "{{if $x := .A.B | len}}",
            [
                *(_L, (Item.IF, "if"), (Item.VARIABLE, "$x"), (Item.DECLARE, ":=")),
                *(
                    (Item.FIELD, ".A"),
                    (Item.FIELD, ".B"),
                    (Item.PIPE, "|"),
                    (Item.IDENTIFIER, "len"),
                ),
                *(_R, _EOF),
            ],
        ),
        ("{{$", [_L, (Item.VARIABLE, "$"), (Item.ERROR, "unclosed action")]),
        (
            "{{. true nil 'a' 1+2i}}",
            [
                *(_L, (Item.DOT, "."), (Item.BOOL, "true"), (Item.NIL, "nil")),
                *((Item.CHAR_CONSTANT, "'a'"), (Item.COMPLEX, "1+2i"), _R, _EOF),
            ],
        ),
        ("{{(1)}}", [_L, (Item.LEFT_PAREN, "("), (Item.NUMBER, "1"), (Item.RIGHT_PAREN, ")"), _R, _EOF]),
        ('{{"a}}"`b}}`}}', [_L, (Item.STRING, '"a}}"'), (Item.RAW_STRING, "`b}}`"), _R, _EOF]),
        ("{{é٣,=}}", [_L, (Item.IDENTIFIER, "é٣"), (Item.CHAR, ","), (Item.ASSIGN, "="), _R, _EOF]),
    ],
)
def test_items(source, items):
    assert _items(source) == items


def test_comments_are_kept_when_asked_for():
    assert _items("a {{- /* b */ -}} c", comments=True) == [
        (Item.TEXT, "a"),
        (Item.COMMENT, "/* b */"),
        (Item.TEXT, "c"),
        _EOF,
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{/*", "unclosed comment"),
        ("{{/* */ }}", "comment ends before closing delimiter"),
        ("{{", "unclosed action"),
        ("{{(}}", "unclosed left paren"),
        ("{{)", "unexpected right paren"),
        ("{{a;}}", "bad character U+003B ';'"),
        ("{{.a²}}", "bad character U+00B2 '²'"),
        ("{{\x01}}", "unrecognized character in action: U+0001"),
        ("{{\udcff}}", "unrecognized character in action: U+FFFD '\ufffd'"),
        ("{{a:b}}", "expected :="),
        ('{{"a\n"}}', "unterminated quoted string"),
        ("{{'a", "unterminated character constant"),
        ("{{`a", "unterminated raw quoted string"),
        ("{{1x}}", 'bad number syntax: "1x"'),
        ("{{1+2}}", 'bad number syntax: "1+2"'),
    ],
)
def test_errors(source, message):
    assert _items(source)[-1] == (Item.ERROR, message)


def test_lines_and_places():
    scanner = Lexer("a\nb{{- \n .C\n}}\n\nd")
    places = []
    while (token := scanner.next_item()).type is not Item.EOF:
        places.append((token.type, token.pos, token.line))
    assert places == [
        (Item.TEXT, 0, 1),
        (Item.LEFT_DELIM, 3, 2),
        (Item.FIELD, 9, 3),
        (Item.RIGHT_DELIM, 12, 4),
        (Item.TEXT, 14, 4),
    ]


@pytest.mark.parametrize(
    ("source", "spaced"),
    [
        ("{{ .A.B .C}}", [False, True, False, True, False]),
        ("{{.A\n\t.B\r\n}}", [False, False, True, True]),
        ("{{é 1.5 `a` }}", [False, False, True, True, True]),
        ("{{.A -}} x", [False, False, False, False]),
        ("{{.A  -}}", [False, False, True]),
        ("{{- .A}}", [False, False, False]),
        ("{{-  .A}}", [False, True, False]),
        ("{{ ( 1 ) }}{{.}}", [False, True, True, True, True, False, False, False]),
    ],
)
def test_blanks_before_items(source, spaced):
    scanner = Lexer(source)
    found = []
    while (token := scanner.next_item()).type is not Item.EOF:
        found.append(token.spaced)
    assert found == spaced


def test_break_is_a_name_where_a_function_has_it():
    scanner = Lexer("{{break}}")
    scanner.without_keyword("break")
    assert [scanner.next_item().type for _ in range(2)][1] is Item.IDENTIFIER


def test_too_many_items(monkeypatch):
    monkeypatch.setattr(lexer, "MAX_ITEMS", 5)
    with pytest.raises(LimitError, match="more than 5 items"):
        _items("{{1 2 3 4 5 6}}")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Item.EOF, "", "EOF"),
        (Item.END, "end", "<end>"),
        (Item.ERROR, "unclosed action", "unclosed action"),
        (Item.TEXT, "ten bytes.é", '"ten bytes."...'),
        (Item.FIELD, ".A", '".A"'),
    ],
)
def test_items_as_messages_show_them(kind, value, shown):
    assert str(Token(kind, 0, value, 1)) == shown


@pytest.mark.parametrize("word", [w for w, kind in WORDS.items() if kind > Item.KEYWORD and w != "nil"])
def test_keywords_are_no_operands(word):
    with pytest.raises(GoTemplateError, match=f"unexpected <{word}> in command"):
        parse("{{ $x := " + word + " }}")
