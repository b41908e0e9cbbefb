from __future__ import annotations

from modelfile_kit.diff.conversations import LENGTH_ON_SERVER, _of_go, conversations, features_of
from modelfile_kit.prover.conversations.features import OTHER_ROLE, ROLES

JINJA = "{% for m in messages %}{% if m.role == 'critic' and '<mark>' in m.content %}x{% endif %}{% endfor %}"
GO = '{{ range .Messages }}{{ if eq .Role "judge" }}{{ if eq (len .Content) 77 }}y{{ end }}{{ end }}{{ end }}'


def test_what_both_templates_look_at_is_tried():
    seen = features_of([JINJA], [GO])
    assert seen.roles == (*ROLES, "judge", "critic", OTHER_ROLE)
    assert seen.markers == ("<mark>",)
    assert seen.numbers == (77,)
    roles = {m["role"] for c in conversations("chat", seen, few=False) for m in c.conversation.messages}
    assert {"judge", "critic"} <= roles
    lengths = {
        len(m["content"]) for c in conversations("chat", seen, few=False) for m in c.conversation.messages
    }
    assert {76, 77, 78} <= lengths


def test_levels_of_thinking_only_where_a_template_has_them():
    thinks = [
        {c.conversation.think for c in conversations("thinking", features_of([], [text]), few=False)}
        for text in ("{{ .Think }}", "{{ .ThinkLevel }}")
    ]
    assert "high" not in thinks[0]
    assert "high" in thinks[1]


def test_a_server_is_asked_for_few_and_short_ones():
    seen = features_of([JINJA], [GO])
    for kind in ("chat", "thinking", "tools", "images"):
        some = list(conversations(kind, seen, few=True))
        assert 20 < len(some) < 80
        for candidate in some:
            assert sum(len(m["content"]) for m in candidate.conversation.messages) <= LENGTH_ON_SERVER


def test_a_template_that_does_not_compile_adds_nothing():
    assert features_of(["{% if %}", JINJA], []) == features_of([JINJA], [])


def test_texts_that_never_end_are_read_once():
    """An action may hold `}}` in a text, so that the first of both is no end."""
    template = '{{ if eq .Role "' + '\\"a' * 200_000 + '}}" }}x{{ end }}'
    assert _of_go(template) is not None
    assert _of_go("{{" * 400_000) is not None
    assert "tool" in _of_go('{{ if eq .Role "tool" }}{{ end }}').roles
