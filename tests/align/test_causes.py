from __future__ import annotations

import pytest

from modelfile_kit.align.causes import PromptPair, explain, split_tokens
from modelfile_kit.align.image_places import Wrapper
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.runtime.tokenizer import spell_out
from tests.align.toy import Toy

GLM = Wrapper("<|begin_of_image|>", "<|end_of_image|>")


def spell(text):
    return spell_out(text, Toy())


def user(text):
    return {"role": "user", "content": text}


def system(text):
    return {"role": "system", "content": text}


def codes(prompt, reference, *messages, **more):
    return [d.code for d in explain(PromptPair(prompt, reference, messages, **more))]


HEAD = "[gMASK]<sop>"
HI = "<|user|>\nHi"
ASK = "<|assistant|>\n"

# name, prompt, reference, messages, code
ROWS = [
    ("crlf", f"{HEAD}<|user|>\r\nHi{ASK}", f"{HEAD}{HI}{ASK}", [user("Hi")], "MK722"),
    ("decomposed", "cafe\u0301", "caf\u00e9", [user("x")], "MK723"),
    ("ideographic blank dropped", "你好世界", "你好\u3000世界", [], "MK118"),
    ("zero width joiner dropped", "\U0001f468\U0001f469", "\U0001f468\u200d\U0001f469", [], "MK118"),
    ("thinking tag missing", f"{HI}{ASK}", f"{HI}{ASK}<think>\n", [user("Hi")], "MK724"),
    ("thinking tag added", f"{HI}{ASK}<think>\n", f"{HI}{ASK}", [user("Hi")], "MK724"),
    ("end token that is none", f"{HI}<|im_end|>\n{ASK}", f"{HI}{ASK}", [user("Hi")], "MK323"),
    ("end token that is one", f"{HI}</s>{ASK}", f"{HI}{ASK}", [user("Hi")], "MK302"),
    ("generation prompt", f"{HEAD}{HI}", f"{HEAD}{HI}{ASK}", [user("Hi")], "MK248"),
    (
        "system lost",
        f"{HEAD}{HI}{ASK}",
        f"{HEAD}Be kind.{HI}{ASK}",
        [system("Be kind."), user("Hi")],
        "MK205",
    ),
    ("role token", f"{HEAD}\nHi{ASK}", f"{HEAD}{HI}{ASK}", [user("Hi")], "MK708"),
    ("trimmed", f"<|user|>\nHi{ASK}", f"<|user|>\n  Hi{ASK}", [user("  Hi")], "MK721"),
    ("not trimmed", f"<|user|>\n  Hi{ASK}", f"<|user|>\nHi{ASK}", [user("  Hi")], "MK721"),
    ("newline missing", f"{HEAD}<|user|>Hi{ASK}", f"{HEAD}{HI}{ASK}", [user("Hi")], "MK720"),
    ("newline too many", f"{HEAD}{HI}{ASK}\n", f"{HEAD}{HI}{ASK}", [user("Hi")], "MK720"),
    ("newline at the start", f"\n{HEAD}{HI}", f"{HEAD}{HI}", [user("Hi")], "MK720"),
    ("default text", f"{HEAD}{HI}{ASK}", f"{HEAD}You are GLM.{HI}{ASK}", [user("Hi")], "MK727"),
    ("anything else", f"{HEAD}{HI}{ASK}", f"{HEAD}<|user|>\nHo{ASK}", [user("Hi")], "MK700"),
]


@pytest.mark.parametrize(
    ("prompt", "reference", "messages", "code"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_each_cause_by_its_code(prompt, reference, messages, code):
    assert codes(prompt, reference, *messages, spell=spell) == [code]


@pytest.mark.parametrize(
    ("prompt", "reference", "messages", "code"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_each_has_a_message_of_one_line_and_help(prompt, reference, messages, code):
    for d in explain(PromptPair(prompt, reference, messages, spell=spell)):
        assert d.severity is Severity.ERROR
        assert d.message
        assert "\n" not in d.message
        assert d.help


def test_equal_texts_have_no_cause():
    assert explain(PromptPair(HEAD, HEAD)) == ()


def test_several_causes_at_once_are_all_named():
    prompt = f"{HEAD}<|user|>\r\nHi<|im_end|>\n"
    assert set(codes(prompt, f"{HEAD}{HI}{ASK}", user("Hi"), spell=spell)) >= {"MK722"}
    prompt = f"{HI}<|im_end|>\n<|assistant|>\nHo<|im_end|>\n{HI}\r\n{ASK}"
    reference = f"{HI}<|assistant|>\nHo{HI}\n{ASK}"
    assert set(codes(prompt, reference, user("Hi\n"), spell=spell)) == {"MK323", "MK722"}


def test_the_same_cause_is_said_once_with_its_count():
    prompt = f"{HI}<|im_end|>\n<|assistant|>\nHo<|im_end|>\n{HI}<|im_end|>\n{ASK}"
    reference = f"{HI}<|assistant|>\nHo{HI}{ASK}"
    [found] = explain(PromptPair(prompt, reference, [user("Hi")], spell))
    assert found.code == "MK323"
    assert found.message.endswith("(3 times)")
    assert "splits into 10 ordinary tokens" in found.message
    assert "60:'<' 124:'|' 105:'i' 109:'m'" in found.message


def test_an_end_token_without_a_vocabulary_is_only_one_that_the_reference_lacks():
    assert codes(f"{HI}<|im_end|>\n{ASK}", f"{HI}{ASK}", user("Hi")) == ["MK302"]


def test_image_marks_twice():
    prompt = f"<|user|>\n<|begin_of_image|>[img-0]<|end_of_image|>What?{ASK}"
    reference = f"<|user|>\n[img-0]What?{ASK}"
    found = explain(PromptPair(prompt, reference, [user("What?")], spell, GLM))
    assert [d.code for d in found] == ["MK250", "MK250"]
    assert "<|begin_of_image|>" in found[0].message
    assert "<|end_of_image|>" in found[1].message


def test_system_prompt_moved_and_repeated():
    moved = explain(PromptPair("AB. x Be kind.", "Be kind. AB. x", [system("Be kind.")]))
    assert {d.code for d in moved} == {"MK725"}
    assert any("another place" in d.message or "moved" in d.message for d in moved)
    [again] = explain(PromptPair(f"Be kind.{HI}Be kind.", f"Be kind.{HI}", [system("Be kind.")]))
    assert (again.code, "repeated" in again.message) == ("MK207", True)


def test_dropped_characters_come_with_the_go_string_that_carries_them():
    [found] = explain(PromptPair("你好世界", "你好\u3000世界"))
    assert '{{ "\\u3000" }}' in found.help


def test_template_tokens_that_fall_apart_are_a_warning():
    [found] = split_tokens(PromptPair("", "<|user|>\nHi<|im_end|>\n", [user("Hi")], spell))
    assert (found.code, found.severity) == ("MK323", Severity.WARNING)
    assert "<|im_end|>" in found.message
    assert "10 ordinary tokens" in found.message


def test_a_users_text_is_not_the_templates():
    assert (
        split_tokens(PromptPair("", "<|user|>\nWhat is <|im_end|>?", [user("What is <|im_end|>?")], spell))
        == ()
    )


def test_without_a_vocabulary_nothing_is_said_of_tokens():
    assert split_tokens(PromptPair("", "<|im_end|>")) == ()
