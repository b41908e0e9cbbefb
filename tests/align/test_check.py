from __future__ import annotations

import json

import pytest

from modelfile_kit.align.check import PromptSources, check_prompts
from modelfile_kit.align.image_places import WRAPPERS, Wrapper
from modelfile_kit.core.conversation import Conversation, load_conversations
from modelfile_kit.core.diagnostics import Severity, Span
from modelfile_kit.core.errors import GoTemplateError, PromptError, TemplateReferenceError
from modelfile_kit.ollama.prompt import render_prompt
from tests.align.toy import Toy, info

# The shape of GLM's prompts, written for these tests.
JINJA = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for p in m.content %}{% if p.type == 'image' %}"
    "<|begin_of_image|><|image|><|end_of_image|>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
GO = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}{{ end }}<|assistant|>\n"

HI = Conversation("hi", ({"role": "user", "content": "Hi"},))
LONG = Conversation(
    "long",
    (
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi\n"},
        {"role": "assistant", "content": "Ho"},
        {"role": "user", "content": "Again"},
    ),
)
SEEN = Conversation("seen", ({"role": "user", "content": "What?", "images": 2},))
ALL = [HI, LONG, SEEN]


def check(template=GO, jinja=JINJA, conversations=ALL, tokenizer=None, **more):
    more.setdefault("wrapper", WRAPPERS["glm4v"])
    return check_prompts(PromptSources(template, jinja, **more), conversations, tokenizer=tokenizer)


def codes(report):
    return [d.code for d in report.all_diagnostics]


@pytest.mark.parametrize("tokenizer", [None, Toy()], ids=["bytes", "tokens"])
def test_equal_prompts(tokenizer):
    report = check(tokenizer=tokenizer)
    assert report.ok
    assert codes(report) == []
    assert report.counts() == {"ok": 3, "mismatch": 0, "refused": 0}
    assert all(c.alignment.equal for c in report.conversations)
    assert report.tokens == (tokenizer is not None)


def test_images_are_shown_with_ollamas_tags_on_both_sides():
    [seen] = check(conversations=[SEEN], tokenizer=Toy()).conversations
    assert seen.prompt == seen.reference == "[gMASK]<sop><|user|>\n[img-0][img-1]What?<|assistant|>\n"
    # head, user, newline; twice begin (18 bytes), the image, end (16 bytes); What?; assistant, newline
    assert seen.alignment.prompt_count == 4 + 2 * (18 + 1 + 16) + 5 + 2


def test_a_mismatch_has_its_place_its_tokens_and_its_cause():
    template = GO.replace("{{ .Content }}", "{{ .Content }}<|im_end|>\n")
    report = check(template, conversations=[HI], tokenizer=Toy())
    assert not report.ok
    [found] = report.conversations
    assert found.status == "mismatch"
    assert found.alignment.byte_difference.offset == len("[gMASK]<sop><|user|>\nHi<|")
    assert found.alignment.first_difference == 6
    [cause] = found.diagnostics
    assert cause.code == "MK323"
    assert "splits into 10 ordinary tokens" in cause.message
    assert "conversation 'hi'" in report.all_diagnostics[0].message


def test_the_system_text_of_the_package_is_on_both_sides():
    [hi] = check(conversations=[HI], system="Be brief.").conversations
    assert hi.prompt == hi.reference == "[gMASK]<sop><|system|>\nBe brief.<|user|>\nHi<|assistant|>\n"
    [long] = check(conversations=[LONG], system="Be brief.").conversations
    assert "Be brief." not in long.prompt  # the conversation has its own
    assert long.status == "ok"


def test_image_marks_in_the_template():
    template = GO.replace("{{ .Content }}", "{{ range .Images }}<|begin_of_image|>{{ end }}{{ .Content }}")
    assert set(codes(check(template, conversations=[SEEN]))) == {"MK250"}


def test_a_template_that_loses_the_text_loses_the_image():
    template = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ end }}<|assistant|>\n"
    [finding] = check(template, conversations=[SEEN]).conversations[0].diagnostics
    assert (finding.code, finding.severity) == ("MK249", Severity.ERROR)


WITHOUT_IMAGES = [
    "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}{% endfor %}",
    "{% for m in messages %}{{ m.content }}{% endfor %}",  # prints the list of parts as it is
]


@pytest.mark.parametrize("jinja", WITHOUT_IMAGES)
@pytest.mark.parametrize("tokenizer", [None, Toy()], ids=["bytes", "tokens"])
def test_a_chat_template_without_images(jinja, tokenizer):
    """Nothing says what is right, so nothing is wrong; the finding is told once, the text is compared."""
    again = Conversation("again", SEEN.messages)
    report = check(
        "{{ range .Messages }}{{ .Content }}{{ end }}",
        jinja,
        [HI, SEEN, again],
        tokenizer,
        place=Span("t.jinja"),
    )
    assert codes(report) == ["MK662"]
    assert (str(report.diagnostics[0].span), report.ok) == ("t.jinja", True)
    hi, *seen = report.conversations
    assert (hi.status, hi.uncompared) == ("ok", "")
    for one in seen:
        assert (one.status, one.reference, one.prompt) == ("refused", None, "[img-0][img-1]What?")
        assert "no images" in one.uncompared
    assert codes(check("{{ range .Messages }}{{ .Content }}{{ end }}", jinja, [HI])) == []


def test_an_image_of_which_the_chat_template_writes_another_text_each_time():
    """It has images, so this is an error; what helps is about the chat template, not about the TEMPLATE."""
    mark = "<|begin_of_image|><|image|><|end_of_image|>"
    numbered = JINJA.replace(mark, "Picture {{ loop.index }}: <image>")
    [finding] = check(jinja=numbered, conversations=[SEEN], wrapper=Wrapper()).all_diagnostics
    assert finding.code == "MK249"
    assert finding.help.startswith("the chat template has no one text for each image")


BOS_JINJA = "<s>{% for m in messages %}{{ m.content }}{% endfor %}"


@pytest.mark.parametrize(
    ("start", "jinja", "adds", "code"),
    [
        ("<s>", BOS_JINJA, False, None),
        ("", BOS_JINJA, True, None),
        ("<s>", BOS_JINJA, True, "MK325"),
        ("", BOS_JINJA, False, "MK702"),
        ("", BOS_JINJA[3:], True, "MK703"),
        ("<s>", BOS_JINJA[3:], False, "MK703"),
    ],
)
def test_one_leading_bos_is_the_vocabularys_matter(start, jinja, adds, code):
    template = start + "{{ range .Messages }}{{ .Content }}{{ end }}"
    report = check(template, jinja, [HI], Toy(info(add_bos=adds)), bos_token="<s>")
    assert codes(report) == ([code] if code else [])
    # what no Modelfile can change is no error
    assert report.ok == (code is None or (code == "MK703" and adds))
    assert report.conversations[0].alignment.equal == report.ok


def test_without_a_tokenizer_a_leading_bos_decides_nothing():
    assert check("{{ range .Messages }}{{ .Content }}{{ end }}", BOS_JINJA, [HI], bos_token="<s>").ok


def test_what_both_sides_refuse_or_one():
    refuses = "{{ raise_exception('no users here') }}"
    tools = Conversation("tools", HI.messages, ({"type": "function", "function": {"name": "f"}},))
    [both] = check(jinja=refuses, conversations=[tools]).conversations
    assert (both.status, both.diagnostics[0].code) == ("refused", "MK211")
    assert both.diagnostics[0].severity is Severity.INFO

    [ours] = check(conversations=[tools]).conversations
    assert (ours.status, ours.prompt, ours.reference is None) == ("refused", None, False)
    assert (ours.diagnostics[0].code, ours.diagnostics[0].severity) == ("MK730", Severity.WARNING)
    assert "does not support tools" in ours.diagnostics[0].message

    [theirs] = check(jinja=refuses, conversations=[HI]).conversations
    assert (theirs.status, theirs.reference) == ("refused", None)
    assert (theirs.diagnostics[0].code, theirs.diagnostics[0].severity) == ("MK211", Severity.INFO)
    assert "no users here" in theirs.diagnostics[0].message


def test_what_a_limit_of_the_kit_ends_is_refused_by_nobody():
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    [theirs] = check(jinja=endless, conversations=[HI]).conversations
    assert (theirs.diagnostics[0].code, theirs.diagnostics[0].severity) == ("MK212", Severity.WARNING)
    loop = "{{ range .Messages }}{{ end }}{{ range 9999 }}{{ range 9999 }}{{ end }}{{ end }}"
    [ours] = check(loop, conversations=[HI]).conversations
    assert (ours.diagnostics[0].code, ours.diagnostics[0].severity) == ("MK221", Severity.WARNING)
    for checked in (ours, theirs):
        assert checked.diagnostics[0].message.startswith("not compared: ")
        assert "refuses" not in checked.diagnostics[0].message


def test_without_a_reference_the_other_side_is_not_rendered():
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    loop = "{{ range .Messages }}{{ end }}{{ range 9999 }}{{ range 9999 }}{{ end }}{{ end }}"
    [found] = check(loop, jinja=endless, conversations=[HI]).conversations
    assert [d.code for d in found.diagnostics] == ["MK212"]


def test_a_plain_chat_that_ollama_refuses_is_an_error():
    report = check("{{ range .Messages }}{{ .Nothing }}{{ end }}", conversations=[HI])
    assert codes(report) == ["MK730"]
    assert not report.ok


def test_what_does_not_compile_is_raised():
    with pytest.raises(GoTemplateError):
        check("{{ range .Messages }}")
    with pytest.raises(TemplateReferenceError):
        check(jinja="{% for")


def test_texts_that_the_package_adds_are_one_warning():
    def expected(messages, *, tools=None, think=None):
        return (
            "[gMASK]<sop>"
            + "".join(f"<|{m['role']}|>\n{m['content']}</s>" for m in messages)
            + "<|assistant|>\n"
        )

    template = GO.replace("{{ .Content }}", "{{ .Content }}</s>")
    report = check(template, conversations=[HI, LONG], tokenizer=Toy(), expected=expected)
    assert report.ok
    assert report.counts()["ok"] == 2
    [added] = report.all_diagnostics
    assert (added.code, added.severity) == ("MK302", Severity.WARNING)
    # one after the turn of the first, one after each of the four of the second
    assert "'</s>'; 2 conversations; 1 tokens in conversation 'hi', 5 in all" in added.message
    # and without leave they are errors
    assert not check(template, conversations=[HI], tokenizer=Toy()).ok


def test_native_mode_checks_the_tokens_of_the_reference():
    report = check(None, conversations=ALL, tokenizer=Toy())
    assert codes(report) == ["MK523"]
    assert report.ok
    assert report.conversations[0].prompt == report.conversations[0].reference


def test_native_mode_compares_what_llama_server_renders():
    def engine(messages, *, tools=None, think=None):
        prompt = render_prompt(GO, messages)
        if len(messages) == 1:
            return prompt
        raise PromptError("no such conversation")

    report = check(None, conversations=[HI, LONG, SEEN], tokenizer=Toy(), native=engine)
    assert [c.status for c in report.conversations] == ["ok", "refused", "ok"]
    assert codes(report) == ["MK730"]
    wrong = check(None, conversations=[HI], native=lambda messages, **_: "[gMASK]<sop>")
    assert [c.status for c in wrong.conversations] == ["mismatch"]
    assert not wrong.ok


def test_tokens_of_another_models_template_are_named_once():
    jinja = JINJA.replace("[gMASK]<sop>", "<|im_start|>")
    report = check(GO.replace("[gMASK]<sop>", "<|im_start|>"), jinja, [HI, LONG], Toy())
    assert codes(report) == ["MK323"]
    assert report.ok


def test_the_report_is_plain_data():
    data = json.loads(json.dumps(check(tokenizer=Toy()).to_dict()))
    assert data["ok"] is True
    assert [c["id"] for c in data["conversations"]] == ["hi", "long", "seen"]


def test_glm_prompts_on_every_visible_conversation(shared):
    """The real chat template against a hand-written TEMPLATE; what Ollama cannot say is left out."""
    jinja = (shared / "corpus/templates/GLM-4.1V-9B-Thinking.jinja").read_text(encoding="utf-8")
    conversations = [
        c
        for c in load_conversations(shared / "corpus/conversations.json")
        if c.category in ("chat", "images")
        and {m["role"] for m in c.messages} <= {"system", "user", "assistant"}
    ]
    # The template drops what is not one of the three roles, and Ollama merges neighbours of one role.
    single = [
        c
        for c in conversations
        if all(a["role"] != b["role"] for a, b in zip(c.messages, c.messages[1:], strict=False))
    ]
    assert len(single) > 5
    report = check(GO, jinja, single, Toy(), wrapper=WRAPPERS["glm4v"])
    assert [(c.id, c.status) for c in report.conversations] == [(c.id, "ok") for c in single]


@pytest.mark.parametrize("wrapper", [Wrapper(), WRAPPERS["glm4v"]])
def test_the_wrapper_does_not_change_what_is_equal(wrapper):
    assert check(conversations=[SEEN], wrapper=wrapper).ok


def test_two_sides_that_refuse_everything_are_an_error():
    report = check(
        template='{{ template "no" . }}{{ .Messages }}',
        jinja="{{ raise_exception('no') }}",
        conversations=[HI],
    )
    assert (report.ok, report.counts()["refused"]) == (False, 1)
    assert "MK738" in codes(report)


def test_one_conversation_that_is_rendered_is_enough():
    jinja = "{% if messages|length > 1 %}{{ raise_exception('no') }}{% endif %}" + JINJA
    go = '{{ if gt (len .Messages) 1 }}{{ template "no" . }}{{ end }}' + GO
    report = check(template=go, jinja=jinja, conversations=[HI, LONG])
    assert report.counts() == {"ok": 1, "mismatch": 0, "refused": 1}
    assert "MK738" not in codes(report)
