"""What is read off a template."""

from __future__ import annotations

from modelfile_kit.prover.conversations.features import (
    MARKERS_MAX,
    OTHER_ROLE,
    ROLES,
    ROLES_MAX,
    Features,
    features,
)
from modelfile_kit.prover.coverage import WatchedReference


def seen(template: str) -> Features:
    return features(WatchedReference(template, bos_token="", eos_token="").tree)


def test_roles_that_the_template_names() -> None:
    found = seen(
        "{% for m in messages %}{% if m.role == 'developer' or m['role'] in ['ipython', 'user'] %}{% endif %}"
        "{% endfor %}{{ messages | selectattr('role', 'equalto', 'critic') | list }}"
    )
    assert found.roles == (*ROLES, "developer", "ipython", "critic", OTHER_ROLE)


def test_roles_beyond_the_limit_are_counted() -> None:
    names = [f"r{n}" for n in range(ROLES_MAX + 3)]
    found = seen(f"{{% if messages[0].role in {names} %}}{{% endif %}}")
    assert found.roles == (*ROLES, *names[:ROLES_MAX], OTHER_ROLE)
    assert found.untried_roles == 3
    assert seen(f"{{% if messages[0].role in {names[:ROLES_MAX]} %}}{{% endif %}}").untried_roles == 0


def test_a_role_that_ollama_would_write_otherwise_is_none() -> None:
    assert "USER" not in seen("{% if messages[0].role == 'USER' %}{% endif %}").roles


def test_markers() -> None:
    found = seen(
        "{% set close = '</think>' %}{% for m in messages %}{% if '<a>' in m.content %}"
        "{{ m.content.split(close)[-1].lstrip('\\n') }}{{ m.content | replace('b', 'c') }}{% endif %}"
        "{{ m.content.startswith(('d', 'e')) }}{% endfor %}"
    )
    assert set(found.markers) == {"<a>", "</think>", "\n", "b", "c", "d", "e"}


def test_a_list_of_choices_is_no_marker() -> None:
    found = seen("{% if messages[0].content in ['x', 'y'] and messages[0].content != 'z' %}{% endif %}")
    assert found.markers == ()
    assert set(found.literals) == {"x", "y", "z"}


def test_markers_are_bounded() -> None:
    template = "".join(f"{{{{ 'm{i}' in messages[0].content }}}}" for i in range(50))
    assert len(seen(template).markers) == MARKERS_MAX


def test_keys_and_variables() -> None:
    found = seen("{{ messages[0]['role'] }}{{ messages[0].content | upper }}{{ enable_thinking }}")
    assert {"role", "content", "upper"} <= found.keys
    assert {"messages", "enable_thinking"} <= found.variables
    assert found.changes_case
    assert not seen("{{ messages[0].content }}").changes_case


def test_numbers_that_lengths_are_compared_with() -> None:
    found = seen(
        "{% if messages | length > 41 or loop.index == 2 or messages[0].content | length == 37 %}{% endif %}"
        "{% if 1000000 < messages | length %}{% endif %}"
    )
    assert set(found.numbers) == {41, 37}


def test_words_that_may_be_keys_come_after_other_markers() -> None:
    found = seen("{{ 'key' in m }}{{ '<a>' in m.content }}{{ 'word' in m.content }}{{ '</b>' in m.content }}")
    assert found.markers == ("<a>", "</b>", "key", "word")


def test_more_markers_are_rare_ones() -> None:
    found = seen("".join(f"{{{{ '<{i}>' in m.content }}}}" for i in range(12)))
    assert (len(found.markers), found.rare) == (10, ("<10>", "<11>"))
