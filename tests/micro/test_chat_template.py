from __future__ import annotations

import itertools
from typing import Any

import pytest

from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import CHAT_TEMPLATE

ROLES = ("system", "user", "assistant", "tool", "observation")
TEXTS = ("", "a", " b \n", "é\n\n", "{{ x }}<|user|>")


def conversations():
    for (r1, r2), (t1, t2) in itertools.product(
        itertools.product(ROLES, repeat=2), itertools.product(TEXTS, repeat=2)
    ):
        yield [{"role": r1, "content": t1}, {"role": r2, "content": t2}]
    for count, text in itertools.product((1, 2), TEXTS):
        yield [{"role": "user", "content": text, "images": count}]
    parts = [{"type": "image"}, {"type": "text", "text": " t\n"}, {"type": "video"}, {"type": "other"}]
    for some in itertools.permutations(parts, 3):
        yield [{"role": "user", "content": list(some)}]
    yield [{"role": "user", "content": [{"type": "file", "image": 1}, {"type": "image", "video": 1}]}]
    yield [{"role": "assistant", "content": "x", "metadata": "m"}]


def test_renders_what_glm_4_1v_renders(shared):
    real = (shared / "corpus" / "templates" / "GLM-4.1V-9B-Thinking.jinja").read_text(encoding="utf-8")
    for messages, prompt in itertools.product(conversations(), (True, False)):
        ours, theirs = (
            render_reference(template, messages, add_generation_prompt=prompt)
            for template in (CHAT_TEMPLATE, real)
        )
        assert ours == theirs, messages


def test_the_prompt_of_a_picture():
    """As GLM-4.1V's model card shows it."""
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What colour?", "images": 1},
    ]
    assert render_reference(CHAT_TEMPLATE, messages) == (
        "[gMASK]<sop><|system|>\nBe brief.<|user|>\n"
        "<|begin_of_image|><|image|><|end_of_image|>What colour?<|assistant|>\n"
    )


@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("lstrip", [True, False])
def test_no_environment_changes_it(trim, lstrip):
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    template = ImmutableSandboxedEnvironment(trim_blocks=trim, lstrip_blocks=lstrip).from_string(
        CHAT_TEMPLATE
    )
    turns = [{"role": r, "content": f" {r}\n"} for r in ("system", "user", "assistant", "user")]
    assert template.render(messages=turns, add_generation_prompt=True) == (
        "[gMASK]<sop><|system|>\n system\n<|user|>\n user\n<|assistant|>\n assistant\n<|user|>\n user\n"
        "<|assistant|>\n"
    )
