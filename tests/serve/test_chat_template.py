"""A chat template with the package's own messages in it, rendered by Hugging Face's rules."""

from __future__ import annotations

import pytest

from modelfile_kit import render_reference
from modelfile_kit.serve.chat_template import with_first_messages

# A leading line end, which a tag in front of it must not take away.
PLAIN = "\n{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
ASKED = [{"role": "user", "content": "Hi"}]
NASTY = 'Say "no" to {{ x }} and {% y %}\\n, line\nend, 中文, \t tab'


@pytest.mark.parametrize("system", ["Be brief.", NASTY])
def test_the_system_text_comes_first(system):
    whole = with_first_messages(PLAIN, system)
    expected = render_reference(PLAIN, [{"role": "system", "content": system}, *ASKED])
    assert render_reference(whole, ASKED) == expected
    assert system in expected


def test_a_system_message_of_the_request_takes_its_place():
    whole = with_first_messages(PLAIN, "Be brief.")
    own = [{"role": "system", "content": "Be long."}, *ASKED]
    assert render_reference(whole, own) == render_reference(PLAIN, own)


def test_the_packages_messages_follow_the_system_text():
    first = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    whole = with_first_messages(PLAIN, "S", first)
    assert render_reference(whole, ASKED) == "\n[system] S\n[user] a\n[assistant] b\n[user] Hi\n"
    assert render_reference(with_first_messages(PLAIN, "", first), ASKED) == (
        "\n[user] a\n[assistant] b\n[user] Hi\n"
    )


def test_nothing_to_add():
    assert with_first_messages(PLAIN, "") == PLAIN
