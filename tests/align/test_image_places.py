from __future__ import annotations

import json

import pytest

from modelfile_kit.align.image_places import (
    WRAPPERS,
    Wrapper,
    place_prompt,
    place_reference,
    reference_mark,
    unit_of,
)
from modelfile_kit.huggingface import Reference

GLM = "<|begin_of_image|><|image|><|end_of_image|>"


def template(mark):
    return (
        "{% for m in messages %}<|{{ m.role }}|>{% if m.content is string %}{{ m.content }}{% else %}"
        "{% for p in m.content %}{% if p.type == 'image' %}" + mark + "{% else %}{{ p.text }}{% endif %}"
        "{% endfor %}{% endif %}{% endfor %}"
    )


@pytest.mark.parametrize("mark", [GLM, "<start_of_image>", "<image>\n", "[IMG]"])
def test_the_mark_is_what_the_template_writes(mark):
    assert reference_mark(Reference(template(mark))) == mark


@pytest.mark.parametrize(
    "chat_template",
    [
        template(""),
        template("<image {{ loop.index }}>"),
        "{% for m in messages %}{{ m.content }}{% endfor %}{{ raise_exception('no') }}",
        "always the same",
    ],
    ids=["nothing", "numbered", "refused", "constant"],
)
def test_no_mark_can_be_made_out(chat_template):
    assert reference_mark(Reference(chat_template)) is None


def test_marks_of_real_templates(shared):
    index = {e["id"]: e for e in json.loads((shared / "corpus/index.json").read_text(encoding="utf-8"))}
    expected = {
        "GLM-4.1V-9B-Thinking": GLM,
        "lib:qwen2.5vl:latest": "<|vision_start|><|image_pad|><|vision_end|>",
        "lib:gemma3:270m": "<start_of_image>",
        "unsloth-mistral-Devstral-Small-2507": "[IMG]",
    }
    for ident, mark in expected.items():
        entry = index[ident]
        text = (shared / "corpus" / entry["file"]).read_text(encoding="utf-8")
        assert reference_mark(Reference(text)) == mark, ident


@pytest.mark.parametrize(
    ("mark", "wrapper", "unit"),
    [
        (GLM, WRAPPERS["glm4v"], GLM),
        ("Image: " + GLM + "\n", WRAPPERS["glm4v"], GLM),
        ("<start_of_image>", WRAPPERS["gemma3"], "<start_of_image>"),
        ("<image>\n", Wrapper(), "<image>"),
    ],
)
def test_the_unit_leaves_the_templates_own_text_outside(mark, wrapper, unit):
    assert unit_of(mark, wrapper) == unit


def test_prompt_is_cut_at_its_tags():
    placed = place_prompt("a[img-0]b[img-1]c", 2)
    assert (placed.segments, placed.problem) == (("a", "b", "c"), "")


def test_a_tag_that_a_user_typed_is_text():
    # Ollama replaces the first [img-0] only, and no [img-7] where there is no eighth image
    placed = place_prompt("[img-0]what is [img-0] or [img-7]?", 1)
    assert placed.segments == ("", "what is [img-0] or [img-7]?")
    assert place_prompt("what is [img-0]?", 0).segments == ("what is [img-0]?",)


def test_a_image_without_a_place():
    assert "image 2 of 2 has no [img-1]" in place_prompt("[img-0]", 2).problem


def test_images_in_another_order():
    assert "another order" in place_prompt("[img-1][img-0]", 2).problem


def test_reference_is_shown_with_ollamas_tags():
    placed = place_reference(f"a{GLM}b{GLM}c", GLM, 2)
    assert (placed.text, placed.segments) == ("a[img-0]b[img-1]c", ("a", "b", "c"))


def test_reference_with_another_number_of_marks():
    assert "1 of 2" in place_reference(f"a{GLM}b", GLM, 2).problem
    assert place_reference("a", None, 1).problem
    assert place_reference(f"a{GLM}", GLM, 0).segments == (f"a{GLM}",)
