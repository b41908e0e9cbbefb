from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.micro import CHAT_TEMPLATE
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.prompt_judge import PromptJudge, with_images
from modelfile_kit.publish.served_model import ServedModel
from modelfile_kit.vision.colour_images import colour_probes

USER = {"role": "user", "content": "hi"}
SEEN = {"role": "user", "content": "What is this?", "images": 1}
GLM = "[gMASK]<sop>"


def judge(template=CHAT_TEMPLATE, *, capabilities=("completion", "vision"), projector="glm4v", **more):
    show = {
        "template": "t",
        "modelfile": "TEMPLATE t",
        "capabilities": capabilities,
        "projector_info": {"clip.projector_type": projector} if projector else {},
        **more,
    }
    return PromptJudge(Expectation(chat_template=template), ServedModel.from_show("m", show))


def codes(finding):
    return [d.code for d in finding.diagnostics]


def test_the_prompt_of_the_chat_template_is_right():
    found = judge().judge(Conversation("c", (USER,)), GLM + "<|user|>\nhi<|assistant|>\n")
    assert found.diagnostics == ()
    assert found.expected == GLM + "<|user|>\nhi<|assistant|>\n"


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        (GLM + "<|user|>\nhi<|assistant|>", "MK720"),
        (GLM + "<|user|>\nhi\n<|assistant|>\n", "MK720"),
        ("<|user|>\nhi<|assistant|>\n", "MK708"),
        (GLM + "<|user|>\nhi<|im_end|><|assistant|>\n", "MK302"),
        ("", "MK708"),
        (GLM + "<|user|>\nho<|assistant|>\n", "MK700"),
    ],
)
def test_every_other_prompt_is_wrong_with_the_code_of_its_cause(prompt, code):
    found = judge().judge(Conversation("c", (USER,)), prompt)
    assert codes(found) == [code]
    assert "'c'" in found.diagnostics[0].message
    assert found.diagnostics[0].help


def test_a_image_stands_where_the_chat_template_has_its_marks():
    conversation = Conversation("c", (SEEN,))
    right = GLM + "<|user|>\n[img-0]What is this?<|assistant|>\n"
    assert codes(judge().judge(conversation, right)) == []
    assert judge().judge(conversation, right).expected == right


def test_a_image_behind_its_words_is_said_as_such():
    found = judge().judge(Conversation("c", (SEEN,)), GLM + "<|user|>\nWhat is this?[img-0]<|assistant|>\n")
    assert codes(found) == ["MK521"]
    assert "after the place" in found.diagnostics[0].message


def test_the_marker_of_the_native_engine_is_a_image_too():
    prompt = GLM + "<|user|>\n<__ollama_media_e9a66122__>What is this?<|assistant|>\n"
    assert codes(judge().judge(Conversation("c", (SEEN,)), prompt)) == []


def test_image_marks_that_the_engine_writes_anyway():
    doubled = "<|begin_of_image|><|image|><|end_of_image|>[img-0]"
    found = judge().judge(
        Conversation("c", (SEEN,)), GLM + f"<|user|>\n{doubled}What is this?<|assistant|>\n"
    )
    assert codes(found) == ["MK250"]
    assert "<|begin_of_image|>" in found.diagnostics[0].message


def test_image_marks_in_the_words_of_the_user_are_his():
    said = {"role": "user", "content": "What does <|begin_of_image|> mean?", "images": 1}
    prompt = GLM + "<|user|>\n[img-0]What does <|begin_of_image|> mean?<|assistant|>\n"
    assert codes(judge().judge(Conversation("c", (said,)), prompt)) == []


def test_doubled_marks_are_seen_without_a_reference():
    found = judge(None).judge(Conversation("c", (SEEN,)), "<|begin_of_image|>[img-0]What is this?")
    assert codes(found) == ["MK250"]
    found = judge(None).judge(Conversation("c", (USER,)), "whatever")
    assert (codes(found), found.expected) == ([], None)
    assert found.note


def test_system_and_messages_of_the_model_come_first():
    # Ollama 0.33, server/routes.go, ChatHandler: SYSTEM, then the model's MESSAGEs, then the request's.
    mine = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    got = judge(system="S", messages=mine)
    assert [m["content"] for m in got.whole(Conversation("c", (USER,)))] == ["S", "a", "b", "hi"]
    own = {"role": "system", "content": "own"}
    assert [m["content"] for m in got.whole(Conversation("c", (own, USER)))] == ["a", "b", "own", "hi"]


def test_what_ollama_cannot_express_is_said():
    tools = Conversation("t", (USER,), ({"type": "function"},))
    assert "tools" in judge().cannot(tools)
    assert judge(capabilities=("tools",)).cannot(tools) == ""
    assert "thinking" in judge().cannot(Conversation("t", (USER,), think=True))
    assert "merges" in judge().cannot(Conversation("t", (USER, USER)))
    assert "see" in judge(projector=None, capabilities=()).cannot(Conversation("t", (SEEN,)))
    assert judge().cannot(Conversation("t", (SEEN,))) == ""


def test_thinking_that_the_server_switches_on_by_itself():
    template = "{{ messages[0].content }}{% if enable_thinking is defined %}!{% endif %}"
    able = judge(template, capabilities=("completion", "thinking"))
    assert codes(able.judge(Conversation("c", (USER,)), "hi!")) == []
    assert codes(able.judge(Conversation("c", (USER,)), "hi")) == []
    assert codes(judge(template).judge(Conversation("c", (USER,)), "hi!")) == ["MK700"]


def test_a_leading_bos_is_the_vocabularys_business():
    show = ServedModel.from_show("m", {"template": "t", "modelfile": "t"})
    meant = Expectation(chat_template="{{ bos_token }}{{ messages[0].content }}", bos_token="<s>")
    assert codes(PromptJudge(meant, show).judge(Conversation("c", (USER,)), "hi")) == []
    assert codes(PromptJudge(meant, show).judge(Conversation("c", (USER,)), "<s>hi")) == []
    assert PromptJudge(meant, show).judge(Conversation("c", (USER,)), "hi").expected == "<s>hi"
    assert codes(PromptJudge(meant, show).judge(Conversation("c", (USER,)), "<s><s>hi")) == ["MK325"]


def test_a_package_with_texts_of_its_own_brings_its_renderer():
    show = ServedModel.from_show("m", {"template": "t", "modelfile": "t"})
    meant = Expectation(
        chat_template="{{ messages[0].content }}", render=lambda m, **_: m[0]["content"] + "END"
    )
    assert codes(PromptJudge(meant, show).judge(Conversation("c", (USER,)), "hiEND")) == []
    assert codes(PromptJudge(meant, show).judge(Conversation("c", (USER,)), "hi")) == ["MK700"]


def test_a_conversation_that_the_template_refuses_cannot_be_compared():
    found = judge("{{ raise_exception('no') }}").judge(Conversation("c", (USER,)), "x")
    assert (codes(found), found.expected) == ([], None)
    assert "no" in found.note


def test_a_chat_template_that_does_not_compile_is_an_error():
    with pytest.raises(TemplateReferenceError):
        judge("{% if %}")


def test_counted_images_become_real_ones():
    probes = colour_probes()
    two = {"role": "user", "content": "x", "images": 2}
    filled = with_images((two, USER, {**USER, "images": [b"own"]}), probes)
    assert filled[0]["images"] == [probes[0].bytes, probes[1].bytes]
    assert filled[1] is USER
    assert filled[2]["images"] == [b"own"]
