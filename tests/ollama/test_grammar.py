"""The Modelfile grammar and its values, by hand-made cases; the judge's are in test_recorded.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelfile_kit import ModelfileError, parse_modelfile
from modelfile_kit.ollama import grammar
from modelfile_kit.ollama.grammar import MAX_BYTES, Instruction, Modelfile, parse_all
from modelfile_kit.ollama.printable import drop_refused


def values(text, **options):
    return [(i.name, i.key, i.value) for i in parse_modelfile(text, **options).instructions]


def refusal(text, **options):
    with pytest.raises(ModelfileError) as caught:
        parse_modelfile(text, **options)
    return caught.value


def test_names_in_any_case_keys_and_roles():
    text = "from ./m.gguf\nParameter Stop <|end|>\nMESSAGE user  hi there \nSyStEm be brief"
    assert values(text) == [
        ("from", "", "./m.gguf"),
        ("parameter", "Stop", "<|end|>"),
        ("message", "user", "hi there"),
        ("system", "", "be brief"),
    ]


def test_lines_count_as_an_editor_does():
    text = 'FROM x\r\n\r\n# c\rSYSTEM """a\r\nb"""\n\nPARAMETER stop y'
    assert [i.line for i in parse_modelfile(text).instructions] == [1, 4, 7]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain words", "plain words"),
        ('"quoted "', "quoted "),
        ('"""one\n"two"\n"""', 'one\n"two"\n'),
        ('"a "b" c"', 'a "b" c'),
        ('""', ""),
        ("a#b", "a#b"),
        ("# not a comment", "# not a comment"),
        ("tab\there", "tab\there"),
        ("\\n stays", "\\n stays"),
        ("zero\u200bwidth\u3000gone", "zerowidthgone"),
    ],
)
def test_values(written, read):
    assert parse_modelfile(f"FROM x\nSYSTEM {written}\n").last("system") == read


def test_triple_quotes_end_a_value_at_a_line_end():
    error = refusal('FROM x\nSYSTEM """a"""\nb"""\n')
    assert error.code == "MK101"
    assert error.line == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('SYSTEM """a"""\nb {{ range .Messages }}{{ .Content }}{{ end }}"""\nFROM x\n', 2),
        ('FROM x\nTEMPLATE """{% for m in messages %}"""\n{{ m.content }}{% endfor %}"""\n', 3),
        ("FORM ./model.gguf\nTEMPLATE {{ .Prompt }}\n", 1),
    ],
)
def test_a_file_with_an_instruction_is_a_modelfile(text: str, line: int) -> None:
    error = refusal(text)
    assert (error.code, error.line) == ("MK101", line)


def test_what_was_dropped_is_noted():
    parsed = parse_modelfile('FROM x\nSYSTEM """a\u200bb\nc\u3000"""\n')
    assert [(d.rune, d.line, d.column, d.instruction) for d in parsed.dropped] == [
        ("\u200b", 2, 12, 1),
        ("\u3000", 3, 2, 1),
    ]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("FROM x\nFOO bar", "MK101", 2),
        ("FROM\n", "MK101", 2),
        ("FROM x\nMESSAGE tool hi", "MK102", 2),
        ("FROM x\nMESSAGE User hi", "MK102", 2),
        ('FROM x\nSYSTEM """open', "MK103", None),
        ("FROM x\nPARAMETER top-k 1", "MK103", None),
        ("FROM x\nPARAMETER stop", "MK103", None),
        ("SYSTEM x", "MK104", None),
        ("", "MK104", None),
        ("FROM x\r\nFOO bar", "MK101", 3),  # Ollama counts a CR LF as two
    ],
)
def test_refusals(text, code, line):
    error = refusal(text)
    assert (error.code, error.line) == (code, line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('FROM x\r\nSYSTEM "open\r\n\r\nmore\r\n', 2),
        ('FROM x\n\nSYSTEM """open\n"', 3),
        ("FROM x\nSYSTEM", 2),
    ],
)
def test_what_is_not_finished_is_said_with_the_line_where_it_begins(text, line):
    assert refusal(text).message.endswith(f"(line {line})")


def test_refusals_say_what_to_do():
    assert "FROM" in refusal("FORM x").help
    assert "0.12.0" in refusal("FROM x\nRENDERER y", target="0.11.0").message
    assert "second FROM" in refusal("FROM x\nPROJECTOR y", dialect=False).help
    assert "limit" in refusal(b"F" * (MAX_BYTES + 1)).message


def test_instructions_by_release():
    assert values("FROM x\nDRAFT y", target="0.23.1")[-1] == ("draft", "", "y")
    assert refusal("FROM x\nDRAFT y", target="0.22.0").code == "MK116"
    assert values("FROM x\nDRAFT y", target=">=0.20")[-1] == ("draft", "", "y")


def test_encodings():
    text = "FROM x\nSYSTEM é漢😀\n"
    for data in (
        text,
        text.encode(),
        b"\xef\xbb\xbf" + text.encode(),
        b"\xff\xfe" + text.encode("utf-16-le"),
        b"\xfe\xff" + text.encode("utf-16-be"),
    ):
        assert parse_modelfile(data).last("system") == "é漢😀"
    assert parse_modelfile(b"FROM x\nSYSTEM a\xff\xe2\x82b").last("system") == "a\ufffd\ufffdb"
    assert parse_modelfile(b"\xef\xbb\xbfFROM x\nSYSTEM a\xe2\x82b").last("system") == "a\ufffd\ufffdb"


def test_a_parameter_may_be_another_instruction():
    parsed = parse_modelfile("PARAMETER model x\nPARAMETER system hi\nPARAMETER stop y")
    assert [i.command for i in parsed.instructions] == ["from", "system", "parameter"]
    assert parsed.last("system") == "hi"


def test_projectors():
    written = parse_modelfile("FROM m\nPROJECTOR ./mmproj.gguf")
    commented = parse_modelfile("FROM m\n# PROJECTOR ./mmproj.gguf\nFROM ./mmproj.gguf")
    quoted = parse_modelfile('FROM m\n#projector "a b.gguf"\nFROM """a b.gguf"""')
    assert written.projectors == commented.projectors == ("./mmproj.gguf",)
    assert quoted.projectors == ("a b.gguf",)
    assert [i.value for i in commented.models] == ["m"]
    # A comment that does not stand before its own FROM says nothing.
    assert parse_modelfile("FROM m\n# PROJECTOR x\nFROM y").projectors == ()
    assert parse_modelfile("FROM m\n# PROJECTOR x\n").projectors == ()


def test_looking_things_up():
    parsed = parse_modelfile(
        "FROM a\nFROM b\nPARAMETER stop x\nPARAMETER stop y\nTEMPLATE one\nTEMPLATE two\nMESSAGE user hi"
    )
    assert [i.value for i in parsed.froms] == ["a", "b"]
    assert parsed.parameters("stop") == ("x", "y")
    assert parsed.last("template") == "two"
    assert parsed.last("license") is None
    assert [i.key for i in parsed.all("message")] == ["user"]


def test_writing_keeps_comments_in_place():
    text = "# head\nFROM x\n# PROJECTOR y\nFROM y\nSYSTEM a\n#tail\n"
    assert str(parse_modelfile(text)) == text


names = st.sampled_from(
    ["from", "license", "template", "system", "adapter", "renderer", "requires", "projector"]
)
texts = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.lists(st.tuples(names, texts), max_size=6))
@settings(max_examples=300)
def test_what_is_written_is_read_again(pairs):
    """Any value comes back as it was, or writing says why it cannot be written."""
    instructions = [Instruction("from", "", "x"), *(Instruction(n, "", v) for n, v in pairs)]
    modelfile = Modelfile(tuple(instructions))
    try:
        text = str(modelfile)
    except ModelfileError as e:
        assert e.code in ("MK118", "MK107")
        assert e.help
        return
    again = parse_modelfile(text)
    assert [(i.name, i.key, i.value) for i in again.instructions] == [
        (i.name, i.key, i.value) for i in instructions
    ]
    assert str(again) == text


@pytest.mark.parametrize("quote", ['"""', '"'])
def test_the_end_of_values_that_have_none_is_looked_for_once(monkeypatch, quote):
    read = 0

    def counted(piece):
        nonlocal read
        read += 1
        return drop_refused(piece)

    monkeypatch.setattr(grammar, "drop_refused", counted)
    _, refused = parse_all("FROM x\n" + f"SYSTEM {quote}a\n" * 500)
    assert [r.lines for r in refused] == [(n, n) for n in range(2, 502)]
    assert {r.error.code for r in refused} == {"MK103"}
    assert all(f"(line {r.lines[0]})" in r.error.message for r in refused)
    assert read < 5 * 500  # a line for each pair of them were 125,000
    assert all(r.error.__traceback__ is None for r in refused)  # it would hold the text once for each
    parsed, refused = parse_all(f'FROM x\nSYSTEM {quote}a\nSYSTEM """b"""\n' + f"LICENSE {quote}c\n" * 2)
    assert [i.value for i in parsed.instructions if i.name == "system"] == [
        'a\nSYSTEM """b' if quote == '"""' else 'a\nSYSTEM """b""'
    ]
    assert [r.lines for r in refused] == [(4, 4), (5, 5)]


def test_the_lines_of_many_unknown_instructions_are_counted_as_ollama_counts():
    _, refused = parse_all("FROM x\r\n" + "SYSTM x\r\n" * 3)
    # Ollama counts CR and LF each, up to and with the character after the name.
    assert [r.error.span.line for r in refused] == [3, 5, 7]
