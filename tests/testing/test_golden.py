from dataclasses import replace

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.report.model import Status
from modelfile_kit.testing.golden import (
    RenderedConversation,
    TokenText,
    compare_golden,
    once_for_each_folder,
    visible_lines,
)

A = RenderedConversation(
    "a", prompt="<|user|>\nHi \n", vocabulary="v1", tokens=(TokenText(7, "<|user|>"), TokenText(8, "\n"))
)


def statuses(cases):
    return [(c.name, c.status) for c in cases]


def test_the_first_run_fails_and_an_update_makes_it_pass(tmp_path):
    assert statuses(compare_golden(tmp_path, [A])) == [("a", Status.FAILED)]
    [missing] = compare_golden(tmp_path, [A])[0].diagnostics
    assert missing.code == "MK910"
    assert "change" not in missing.help  # nothing has changed yet
    compare_golden(tmp_path, [A], update=True)
    assert (tmp_path / "a.prompt").read_bytes() == b"<|user|>\nHi \n"
    assert statuses(compare_golden(tmp_path, [A])) == [("a", Status.PASSED)]


def test_a_first_run_gives_one_finding_for_the_folder(tmp_path):
    others = [replace(A, id=name) for name in "bcd"]
    compare_golden(tmp_path, [A], update=True)
    one, none = once_for_each_folder(compare_golden(tmp_path, [A, others[0]]))
    assert [len(c.diagnostics) for c in one] == [0, 1]
    assert none == ()
    cases, [found] = once_for_each_folder(compare_golden(tmp_path, [A, *others]))
    assert [c.status for c in cases] == [Status.PASSED, *[Status.FAILED] * 3]
    assert not any(c.diagnostics for c in cases)
    assert (found.code, found.span.file) == ("MK910", str(tmp_path))
    assert found.message.startswith("3 conversations")


def test_a_lost_space_is_shown(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    case = compare_golden(tmp_path, [RenderedConversation("a", prompt="<|user|>\nHi\n")])[0]
    assert case.status is Status.FAILED
    assert "-Hi·⏎" in case.details
    assert "+Hi⏎" in case.details


def test_a_carriage_return_and_a_final_newline_count(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    for prompt in ("<|user|>\r\nHi \r\n", "<|user|>\nHi "):
        assert compare_golden(tmp_path, [RenderedConversation("a", prompt=prompt)])[0].status is Status.FAILED


def test_tokens_of_another_vocabulary_are_left_alone(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    other = RenderedConversation("a", prompt=A.prompt, vocabulary="v2", tokens=(TokenText(1, "x"),))
    assert compare_golden(tmp_path, [other])[0].status is Status.PASSED
    compare_golden(tmp_path, [other], update=True)
    assert statuses(compare_golden(tmp_path, [A])) == [("a", Status.PASSED)]
    changed = RenderedConversation("a", prompt=A.prompt, vocabulary="v2", tokens=(TokenText(2, "x"),))
    case = compare_golden(tmp_path, [changed])[0]
    assert case.status is Status.FAILED
    assert "-1 'x'" in case.details
    assert "+2 'x'" in case.details


def test_a_changed_prompt_drops_the_tokens_of_other_vocabularies(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    changed = RenderedConversation("a", prompt="other", vocabulary="v2", tokens=())
    compare_golden(tmp_path, [changed], update=True)
    assert '"v1"' not in (tmp_path / "a.tokens.json").read_text()


def test_a_refusal_is_golden_too(tmp_path):
    refused = RenderedConversation("tools", refused="does not support tools")
    compare_golden(tmp_path, [refused], update=True)
    assert compare_golden(tmp_path, [refused])[0].status is Status.PASSED
    case = compare_golden(tmp_path, [RenderedConversation("tools", prompt="x")])[0]
    assert case.summary == "the request is now accepted"


def test_a_golden_file_without_a_conversation(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    cases = compare_golden(tmp_path, [])
    assert statuses(cases) == [("a.prompt", Status.FAILED), ("a.tokens.json", Status.FAILED)]
    compare_golden(tmp_path, [], update=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "a b"])
def test_ids_stay_inside_the_folder(name):
    with pytest.raises(UsageError, match="file name"):
        RenderedConversation(name, prompt="")


def test_two_conversations_of_one_name(tmp_path):
    with pytest.raises(UsageError, match="'a'"):
        compare_golden(tmp_path, [A, A], update=True)
    assert not list(tmp_path.iterdir())


def test_a_broken_tokens_file_is_named(tmp_path):
    compare_golden(tmp_path, [A], update=True)
    (tmp_path / "a.tokens.json").write_text("[1]")
    with pytest.raises(UsageError) as caught:
        compare_golden(tmp_path, [A])
    assert "a.tokens.json" in str(caught.value)
    for text in ("[1]", "null", '{"v": 5}', '{"v": ["x"]}'):  # none of Python's own words
        (tmp_path / "a.tokens.json").write_text(text)
        with pytest.raises(UsageError, match="not a file of golden tokens: it holds other JSON"):
            compare_golden(tmp_path, [A])
    (tmp_path / "a.tokens.json").write_text('{"v": [')
    with pytest.raises(UsageError, match="line 1 column 8"):
        compare_golden(tmp_path, [A])


@pytest.mark.parametrize("number", ["Infinity", "NaN", "1e999", "1" + "0" * 5000, '"x"', "[]"])
def test_a_token_with_an_odd_id_is_named(tmp_path, number):
    (tmp_path / "a.prompt").write_bytes(b"x")
    (tmp_path / "a.tokens.json").write_text(f'{{"v": [[{number}, "a"]]}}')
    now = RenderedConversation("a", prompt="x", vocabulary="v", tokens=(TokenText(1, "a"),))
    with pytest.raises(UsageError, match="not a file of golden tokens"):
        compare_golden(tmp_path, [now])


def test_a_long_golden_file_is_shown_at_its_first_difference(tmp_path):
    """Comparing so many lines with each other would take for ever."""
    now = "x\n" * 99_999 + "now"
    lines = [str(n * 7919 % 5_000) for n in range(100_000)]
    for golden, words in (
        ("x\n" * 99_000 + "golden", "the first difference is at character 198,001"),
        ("\n".join(lines), "the first difference is at character 1"),
    ):
        (tmp_path / "a.prompt").write_text(golden)
        [case] = compare_golden(tmp_path, [RenderedConversation("a", prompt=now)])
        assert case.details.startswith(words) and len(case.details) < 2_000
    short = "\n".join(lines[:20_000])
    (tmp_path / "a.prompt").write_text(short)
    [case] = compare_golden(tmp_path, [RenderedConversation("a", prompt=short.replace("2919", "x", 1))])
    assert "in line 2" in case.details and "+x⏎" in case.details and "more lines" in case.details


def test_a_golden_file_without_end_is_not_read(tmp_path):
    with (tmp_path / "a.prompt").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UsageError, match="more than 67,108,864 bytes, expected a golden prompt"):
        compare_golden(tmp_path, [RenderedConversation("a", prompt="x")])


def test_visible_lines():
    assert visible_lines("a \n\tb\u3000\n") == ["a·⏎", "\\tb\\u3000⏎", "∎"]
