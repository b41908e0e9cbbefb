from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.diff.rendering import ByJinja, BySending, pair_of
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.prover.comparison import Clock

JINJA = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    "<{{ m.role }}>{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'image' %}<image>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}<a>"
)
GO = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}<a>"
HI = Conversation("hi", ({"role": "user", "content": "hi"},))


def go(text, bos=""):
    return BySending("a TEMPLATE", lambda clock: PromptTemplate(text, now=clock.today), bos_token=bos)


def look(before, after, conversation=HI):
    return pair_of(before, after, Clock()).look(conversation)


def test_of_two_chat_templates_every_byte_counts():
    seen = look(ByJinja(JINJA, "<s>"), ByJinja(JINJA, ""))
    assert (seen.before.text, seen.after.text, seen.same) == ("<s><user>hi<a>", "<user>hi<a>", False)


def test_between_a_chat_template_and_a_template_one_bos_does_not():
    assert look(ByJinja(JINJA, "<s>"), go(GO)).same
    assert look(go(GO), ByJinja(JINJA, "<s>")).same
    turned = look(go(GO.replace("<a>", "<b>")), ByJinja(JINJA, "<s>"))
    assert (turned.before.text, turned.after.text, turned.same) == ("<user>hi<b>", "<s><user>hi<a>", False)


def test_an_image_stands_where_the_chat_template_has_its_marker():
    image = Conversation("i", ({"role": "user", "content": "Qz", "images": 1},))
    assert look(ByJinja(JINJA), go(GO), image).same
    behind = GO.replace("{{ .Content }}", "{{ .Content }}<image>")
    assert not look(ByJinja(JINJA), go(behind), image).same


def test_a_refusal_of_one_side_is_a_difference_and_of_both_is_none():
    tool = Conversation("t", ({"role": "tool", "content": "x"},))
    seen = look(ByJinja(JINJA), go(GO), tool)
    assert (seen.same, seen.before.text, seen.before.why) == (False, None, "no tools")
    assert look(ByJinja(JINJA), ByJinja(JINJA + " "), tool).same
    offered = Conversation("o", HI.messages, ({"type": "function", "function": {"name": "f"}},))
    both = look(go(GO), go(GO + " "), offered)
    assert (both.same, both.rendered) == (True, False)


def test_a_packages_system_and_messages_come_first():
    own = ByJinja(JINJA, system="s", first=({"role": "user", "content": "u"},))
    assert look(own, own).before.text == "<system>s<user>u<user>hi<a>"
    asked = Conversation("s", ({"role": "system", "content": "t"}, *HI.messages))
    assert look(own, own, asked).before.text == "<user>u<system>t<user>hi<a>"


def test_a_bos_that_a_server_writes_is_taken_away():
    assert look(go("<s>" + GO, bos="<s>"), go(GO)).same
    assert not look(go("<s>" + GO), go(GO)).same


@pytest.mark.parametrize("sides", [(ByJinja(JINJA), ByJinja(JINJA)), (ByJinja(JINJA), go(GO))])
def test_branches_that_were_taken_are_known(sides):
    pair = pair_of(sides[0], sides[1], Clock())
    pair.look(HI)
    assert all(pair.taken)
    assert len(pair.taken) == len(pair.references) == len(pair.jinja)
