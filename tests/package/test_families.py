"""Families: found, sound, recognised by facts, and their chat templates equal to the real ones."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import KitError, PackageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.huggingface import render_reference
from modelfile_kit.micro import CHAT_TEMPLATE, build_model
from modelfile_kit.package.families import (
    Family,
    families_folder,
    family_names,
    list_families,
    load_family,
    probe_conversations,
    recognise,
)
from tests.gguf_file.handmade import Typed, gguf, model

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
# Each family, and how its prompts begin.
FAMILIES = {"chatglm": "[gMASK]<sop>", "glm4": "[gMASK]<sop>", "glm4v": "[gMASK]<sop>"}

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="there is no ../shared/corpus with real chat templates here"
)


def corpus_template(name: str) -> str:
    return (CORPUS / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def corpus_conversations() -> list[Conversation]:
    data = json.loads((CORPUS / "conversations.json").read_text(encoding="utf-8"))
    return [Conversation.from_dict(c) for c in data]


def rendered(template: str, conversation: Conversation, **options: Any) -> str:
    return render_reference(
        template, conversation.messages, tools=conversation.tools, think=conversation.think, **options
    )


def test_the_families() -> None:
    assert family_names() == list(FAMILIES)
    assert [f.id for f in list_families()] == list(FAMILIES)
    assert families_folder().is_dir()


@pytest.mark.parametrize("name", FAMILIES)
def test_each_has_everything(name: str) -> None:
    family = load_family(name)
    assert family.title and family.architectures and family.tokens and family.turn_ends
    assert "FROM" in family.modelfile_template and "PROJECTOR" in family.modelfile_template
    if not family.vision.supported:
        assert family.vision.reason and family.vision.way_out


@pytest.mark.parametrize("name", FAMILIES)
def test_probe_conversations(name: str) -> None:
    family = load_family(name)
    probes = family.conversations()
    assert len({p.id for p in probes}) == len(probes) >= 7
    pictures = [p for p in probes if p.category == "images"]
    assert bool(pictures) == family.vision.supported
    for probe in probes:  # no two neighbours of one role: the server would merge them
        roles = [m["role"] for m in probe.messages]
        assert all(a != b for a, b in itertools.pairwise(roles)), probe.id
        assert rendered(family.chat_template, probe).startswith(FAMILIES[name])


def test_probes_of_an_unknown_model_have_no_pictures() -> None:
    assert probe_conversations(None, vision=True)
    assert {p.category for p in probe_conversations(None, vision=True)} == {"chat"}
    glm4v = load_family("glm4v")
    assert {p.category for p in probe_conversations(glm4v, vision=False)} == {"chat"}
    assert "images" in {p.category for p in probe_conversations(glm4v, vision=True)}


# The documented shapes of the prompts, written down by hand.
HELLO = (
    {"role": "system", "content": "S"},
    {"role": "user", "content": "U"},
    {"role": "assistant", "content": "A"},
)
PICTURE = ({"role": "user", "content": "What?", "images": 1},)


@pytest.mark.parametrize(
    ("name", "messages", "prompt"),
    [
        ("glm4v", HELLO, "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA<|assistant|>\n"),
        (
            "glm4v",
            PICTURE,
            "[gMASK]<sop><|user|>\n<|begin_of_image|><|image|><|end_of_image|>What?<|assistant|>\n",
        ),
        ("glm4", HELLO, "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA<|assistant|>"),
        ("glm4", HELLO[1:] + HELLO[:1], "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA<|assistant|>"),
        ("chatglm", HELLO, "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA<|assistant|>"),
        (
            "chatglm",
            PICTURE,
            "[gMASK]<sop><|user|>\n<|begin_of_image|><|endoftext|><|end_of_image|>What?<|assistant|>",
        ),
    ],
)
def test_prompt_shapes(name: str, messages: tuple[dict[str, Any], ...], prompt: str) -> None:
    assert render_reference(load_family(name).chat_template, messages) == prompt


def test_glm4v_without_generation_prompt() -> None:
    template = load_family("glm4v").chat_template
    text = render_reference(template, HELLO, add_generation_prompt=False)
    assert text == "[gMASK]<sop><|system|>\nS<|user|>\nU<|assistant|>\nA"


@needs_corpus
@pytest.mark.parametrize(
    "conversation", corpus_conversations() if CORPUS.is_dir() else [], ids=lambda c: c.id
)
def test_glm4v_is_the_real_one(conversation: Conversation) -> None:
    ours, real = load_family("glm4v").chat_template, corpus_template("GLM-4.1V-9B-Thinking")
    for generation in (True, False):
        assert rendered(ours, conversation, add_generation_prompt=generation) == rendered(
            real, conversation, add_generation_prompt=generation
        )


@needs_corpus
@pytest.mark.parametrize("name", ["glm4v"])
def test_glm4v_is_the_real_one_on_its_probes(name: str) -> None:
    for probe in load_family(name).conversations():
        assert rendered(load_family(name).chat_template, probe) == rendered(
            corpus_template("GLM-4.1V-9B-Thinking"), probe
        )


@needs_corpus
@pytest.mark.parametrize(
    "conversation",
    [c for c in corpus_conversations() if c.category != "images"] if CORPUS.is_dir() else [],
    ids=lambda c: c.id,
)
def test_chatglm_is_the_real_one(conversation: Conversation) -> None:
    # The real text template prints a list of parts as Python does, so pictures have no counterpart.
    ours, real = load_family("chatglm").chat_template, corpus_template("lib_glm4_9b")
    assert rendered(ours, conversation) == rendered(real, conversation)


@needs_corpus
def test_glm4_agrees_with_its_predecessor_where_both_write_the_same() -> None:
    # The 0414 models write empty turns and leave tool results out; the older ones the other way round.
    same = [
        c for c in corpus_conversations() if c.category == "chat" and all(m["content"] for m in c.messages)
    ]
    assert len(same) >= 6
    for conversation in same:
        prompt = rendered(load_family("glm4").chat_template, conversation)
        assert prompt == rendered(corpus_template("lib_glm4_9b"), conversation)
        assert prompt + "\n" == rendered(corpus_template("ut_ChatGLM4"), conversation)


def test_the_micro_model_is_of_glm4v(tmp_path: Path) -> None:
    header = read_header(build_model(tmp_path / "m.gguf"))
    found = recognise(header)
    assert found is not None
    assert found.family.id == "glm4v"
    assert any("<|image|>" in fact for fact in found.facts)


@pytest.mark.parametrize(
    ("options", "family"),
    [
        ({"chat_template": ""}, "glm4v"),  # the vocabulary alone tells
        ({"chat_template": CHAT_TEMPLATE.replace("[gMASK]<sop>", "")}, None),
        ({"fault": "text-llama"}, None),
        ({"fault": "no-rope-sections"}, "glm4v"),
    ],
)
def test_recognition(tmp_path: Path, options: dict[str, str], family: str | None) -> None:
    found = recognise(read_header(build_model(tmp_path / "m.gguf", **options)))
    assert (found and found.family.id) == family


def test_without_the_image_token_it_is_the_text_family(tmp_path: Path) -> None:
    path = build_model(tmp_path / "m.gguf")
    data = path.read_bytes()
    assert data.count(b"<|image|>") >= 1
    path.write_bytes(data.replace(b"<|image|>", b"<|1mage|>"))
    found = recognise(read_header(path))
    assert found is not None and found.family.id == "glm4"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(PackageError) as caught:
        load_family("glm-4v")
    assert "did you mean `glm4v`" in caught.value.help


def family_from(folder: Path, text: str) -> Family:
    (folder / "mine").mkdir()
    (folder / "mine" / "family.yaml").write_text(text, encoding="utf-8")
    return load_family("mine", folder)


GOOD = "id: mine\ntitle: Mine\narchitectures: [a]\nrecognise: {}\nturn_ends: []\nvision: {supported: true}\n"


def test_the_least_family(tmp_path: Path) -> None:
    family = family_from(tmp_path, GOOD)
    assert (family.title, family.vision.supported, family.conversations()) == ("Mine", True, [])
    with pytest.raises(PackageError, match=r"Modelfile\.j2 cannot be read"):
        _ = family.modelfile_template


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("turn_ends", "turn_end"), "unknown key `turn_end`"),
        (GOOD.replace("[a]", "a"), "`architectures` is not a list of texts"),
        (GOOD.replace("[a]", "[1]"), "`architectures` is not a list of texts"),
        (GOOD.replace("supported: true", "supported: maybe"), "`vision.supported` is not true or false"),
        (GOOD.replace("supported: true", "why: x"), "unknown key `vision.why`"),
        (GOOD.replace("id: mine", "id: other"), "`id` is 'other'"),
        (GOOD.replace("title: Mine\n", ""), "`title` is missing"),
        ("", "expected a mapping"),
        ("{", "not YAML"),
    ],
)
def test_a_faulty_family_yaml(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(KitError) as caught:
        family_from(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.span is not None


def test_glm_edge_is_not_glm_4v(tmp_path: Path) -> None:
    """Both have architecture chatglm; GLM-Edge's prompts begin without `[gMASK]<sop>` (llama-chat.cpp)."""
    tokens = ["[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|observation|>"]
    edge = "{% for item in messages %}<|{{ item['role'] }}|>\n<|begin_of_image|>{% endfor %}"
    for template, family in ((edge, None), ("[gMASK]<sop>{{ messages }}", "chatglm")):
        keys = {"tokenizer__chat_template": Typed("string", template)}
        path = tmp_path / "m.gguf"
        path.write_bytes(gguf(model("chatglm", tokens, [3] * len(tokens), **keys)))
        found = recognise(read_header(path))
        assert (found.family.id if found else None) == family
