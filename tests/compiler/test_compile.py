"""Whole templates: what is written, claimed and refused."""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

import pytest

from modelfile_kit.compiler import compile_template
from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir import operations as numbers
from modelfile_kit.core.errors import KitError, TemplateReferenceError
from modelfile_kit.huggingface import render_reference
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.ollama.versions import Target
from tests.compiler.cases import check, check_refused, compiled, user

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def test_chatml_is_what_one_would_write_by_hand() -> None:
    found = compile_template(CHATML, eos_token="<|im_end|>")
    assert found.template == (
        "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
    )
    assert found.coverage == {"chat": "exact", "tools": "absent", "thinking": "absent", "images": "absent"}
    assert found.stop == ["<|im_end|>"]
    assert found.diagnostics == []


def test_branches_that_no_request_takes_are_gone() -> None:
    source = (
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{{ m.content | tojson }}"
        "{% endif %}{% if documents %}{{ documents }}{% endif %}{{ m.prefix }}{% endfor %}"
    )
    assert compiled(source).template == "{{ range .Messages }}{{ .Content }}\n{{- end }}"


def test_a_picture_is_the_tag_before_its_text() -> None:
    source = (
        "{% for m in messages %}<u>{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
        "{% if p.type == 'image' %}<|image|>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    )
    found = compiled(source)
    assert "Images" not in found.template
    assert found.coverage["images"] == "exact"


def test_a_trimmed_text_keeps_the_tags_of_its_pictures() -> None:
    from modelfile_kit.ollama.prompt import render_prompt

    source = (
        "{% for m in messages %}{% if m.content is string %}{{ m.content | trim }}{% else %}{% for p in m.content %}"
        "{% if p.type == 'image' %}<|image|>{% else %}{{ p.text | trim }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    )
    template = compiled(source).template
    assert render_prompt(template, [user("  a b ", images=2)]) == "[img-0][img-1]a b"
    assert render_prompt(template, [user("  a b ")]) == "a b"


def test_thinking_switch_and_tags() -> None:
    source = (
        "{% for m in messages %}{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}"
        "{{ m.content }}{% endfor %}{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
    )
    answer = {"role": "assistant", "content": "4", "thinking": "a sum"}
    for think in (True, False):
        check(source, [user("a")], [user("a"), answer, user("b")], think=think)
    from modelfile_kit.ollama.prompt import PromptTemplate

    tags = PromptTemplate(compiled(source).template).thinking_tags
    assert (tags.opening, tags.closing) == ("<think>", "</think>")


def test_a_chat_template_that_sets_the_thinking_switch_itself_has_none() -> None:
    """Ollama refuses `think` for it, and it would change nothing."""
    turns = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    found = compile_template("{% set enable_thinking = true %}{% if enable_thinking %}T{% endif %}" + turns)
    assert found.coverage["chat"] == "exact"
    assert found.coverage["thinking"] == "absent"


def test_what_a_modelfile_cannot_carry_is_written_as_go_strings() -> None:
    found = check("\u3000\u200b{{ '{{' }}{{ messages[0].content }}{", [user("a")])
    assert "\u3000" not in found.template and '"\\u3000"' in found.template


def test_the_construct_that_cannot_be_said_is_named_and_only_its_path_fails() -> None:
    source = "{% for m in messages %}{{ m.content }}\n{% if m.tool_calls %}{{ m.content | wordwrap }}{% endif %}{% endfor %}"
    found = check(source, [user("a")])
    [refused] = found.diagnostics
    assert (
        refused.code == "MK610" and "wordwrap" in refused.message and refused.span and refused.span.line == 2
    )
    assert found.coverage["chat"] == "exact" and found.coverage["tools"] == "partial"


def test_an_old_ollama_lacks_what_it_lacks() -> None:
    found = compiled("{{ messages[0].content | trim }}", target="0.5.5")
    assert "0.5.13" in found.diagnostics[0].message
    named = compiled("{% for m in messages %}{{ m.name }}{% endfor %}", target="0.9.0")
    assert "ToolName" not in named.template


ROLES = "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}{{ m.role }}{% endfor %}"


def test_what_the_chat_template_refuses_is_refused() -> None:
    refused = [user("a"), {"role": "tool", "content": "b"}]
    check_refused(ROLES, refused)
    check(ROLES, [user("a")], refused)
    with pytest.raises(AssertionError, match="every conversation was refused"):
        check(ROLES, refused)


TEXT_FIRST = (
    "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}{% for p in m.content %}"
    "{% if p.type == 'image' %}<image>{% endif %}{% endfor %}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        ("{{ m.content | upper }}", "chat"),
        ("{{ m.content.title() }}", "chat"),
        ("{{ m.content | capitalize }}", "chat"),
        ("{{ [m.content] }}", "chat"),
        ("{% for p in m.content.split(',') %}<{{ p }}>{% endfor %}", "chat"),
        ("{% for c in m.tool_calls or [] %}{{ c.function.arguments.city }}{% endfor %}", "tools"),
        ("{% for c in m.tool_calls or [] %}{{ c.function.arguments }}{% endfor %}", "tools"),
        (TEXT_FIRST, "images"),
    ],
)
def test_what_an_old_ollama_cannot_do_is_a_finding(shown: str, kind: str) -> None:
    """Ollama 0.5.5 has no loop over the bytes of a text; other kinds of conversations do not suffer."""
    source = shown if kind == "images" else "{% for m in messages %}{{ m.role }}" + shown + "{% endfor %}"
    found = compiled(source, target="0.5.5")
    assert {d.code for d in found.diagnostics if "0.5.13" in d.message} == {"MK610"}
    assert found.coverage[kind] == "partial"
    assert kind == "chat" or found.coverage["chat"] == "exact"


@pytest.mark.parametrize("source", ["{% if %}", "{{ a b }}", "{% for x in y %}"])
def test_a_source_that_is_no_template_is_refused_with_its_line(source: str) -> None:
    with pytest.raises(TemplateReferenceError) as e:
        compiled(source)
    assert e.value.span is not None


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(1999) %}{% for b in range(1999) %}x{% endfor %}{% endfor %}",
        "{% macro f(x) %}{{ f(x + 'a') }}{% endmacro %}{{ f(messages[0].content) }}",
        "{% macro f(x) %}{% for y in x %}{{ f(y) }}{{ f(y) }}{% endfor %}{% endmacro %}{{ f(messages) }}",
        "{{ 'x' * 100000000 }}",
    ],
)
def test_a_hostile_template_ends_in_a_finding(source: str) -> None:
    found = compiled(source)
    assert found.diagnostics
    assert len(found.template) < 100_000


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", 2),
        ("a\nb\n{{ 'x' * 10 ** 9 }}", 3),
        (
            "{% set ns = namespace(x='a') %}\n{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            2,
        ),
        ("{% set x = messages[0].content %}" + "\n{% set x = [x, x] %}" * 40, 19),
    ],
)
def test_a_chat_template_beyond_a_limit_is_refused_with_its_line_alone(source: str, line: int) -> None:
    """Nothing is proven of it, and nothing else is said."""
    found = compile_template(source)
    [told] = found.diagnostics
    assert told.code == "MK611" and told.message.startswith("too big to be compiled: ")
    assert told.span and told.span.line == line
    assert found.coverage["chat"] == "unsupported"


def test_an_error_of_the_compiler_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that makes up a function: what is compiled is refused with the line, never printed."""
    monkeypatch.setattr(numbers, "Remainder", lambda e, n: go.call(f"mod{n}", e))
    found = compile_template("{% for m in messages %}\n{{ loop.index % 2 }}{% endfor %}")
    [told] = found.diagnostics
    assert told.code == "MK657" and told.span and told.span.line == 2
    assert told.message == (
        "internal compiler error: the generated TEMPLATE is invalid (please report): "
        f"Ollama {Target()} has no function mod2"
    )
    assert set(found.coverage.values()) == {"unsupported", "absent"}
    assert "mod2 (" not in found.template
    with pytest.raises(KitError):
        render_prompt(found.template, [user("a")])


def test_a_long_list_of_constants_is_no_error_of_the_compiler() -> None:
    """Go's `eq` takes any number of values."""
    names = ", ".join(f"'a{n}'" for n in range(1200))
    source = "{% for m in messages %}{% if m.content in [" + names + "] %}x{% endif %}{% endfor %}"
    found = check(source, [user("a7")], [user("a1200")])
    assert found.coverage["chat"] == "exact"


def test_many_choices_in_a_row_are_too_many() -> None:
    source = "{% for m in messages %}" + "\n{{ 'a' if m.content else m.role }}b" * 600 + "{% endfor %}"
    [told] = compile_template(source).diagnostics
    assert told.code == "MK611" and "statements in a row" in told.message
    assert told.span and told.span.line and 1 < told.span.line < 600


def test_a_number_that_python_does_not_read_is_told() -> None:
    with pytest.raises(TemplateReferenceError, match="does not parse"):
        compile_template("{{ " + "9" * 5000 + " }}")


MANY = "9" * 30


@pytest.mark.parametrize(
    "expression",
    [
        f"'{{{'9' * 5000}}}'.format(messages[0].content)",
        f"'{{{MANY}}}'.format(messages[0].content)",
        f"range({MANY})|length",
        f"'a,b'.split(',', {MANY})[0]",
        f"'a'.replace('a', 'b', {MANY})",
        "1e400|int",
        f"'%c' % {MANY}",
    ],
)
def test_numbers_that_python_cannot_take(expression: str) -> None:
    """Hugging Face's rendering fails, so the TEMPLATE must not answer; and compiling is no crash."""
    source = f"{{{{ {expression} }}}}"
    messages = [{"role": "user", "content": "Hi"}]
    with pytest.raises(TemplateReferenceError):
        render_reference(source, messages)
    compiled = compile_template(source)
    with pytest.raises(KitError):
        render_prompt(compiled.template, messages)


def test_what_tells_two_failures_apart_is_kept() -> None:
    """One branch fails in Hugging Face's rendering too, the other is not supported; both end the request."""
    source = (
        "{% for m in messages if m.role != 'system' %}{% if 'e' in m.content %}{{ raise_exception('no e') }}"
        "{% else %}{% if loop.nextitem is defined %}y{% endif %}{% endif %}{% endfor %}"
    )
    found = compile_template(source)
    assert "MK657" not in {d.code for d in found.diagnostics}
    with pytest.raises(KitError, match="no e"):
        render_prompt(found.template, [{"role": "user", "content": "Hello"}])
    with pytest.raises(KitError, match=r"loop\.nextitem in this loop"):
        render_prompt(found.template, [{"role": "user", "content": "Hi"}])
