"""Statements, operators, literals, `loop` and globals."""

from __future__ import annotations

from tools.compatibility.feature import Feature, body, calls, message, text, text_body, whole

STATEMENTS: tuple[Feature, ...] = (
    whole("for", "{% for m in messages %}{{ m.role }}{% endfor %}"),
    whole("for … if", "{% for m in messages if m.role == 'user' %}{{ m.role }}{% endfor %}"),
    whole("for … else", "{% for m in messages if m.role == 'tool' %}T{% else %}none{% endfor %}"),
    whole(
        "for … else, with break",
        "{% for m in messages %}{% if m.role == 'tool' %}{% break %}{% endif %}T{% else %}none{% endfor %}",
    ),
    whole("for over a slice", "{% for m in messages[1:] %}{{ m.role }}{% endfor %}"),
    whole("for backwards", "{% for m in messages[::-1] %}{{ m.role }}{% endfor %}"),
    whole("for over range", "{% for i in range(messages | length) %}{{ messages[i].role }}{% endfor %}"),
    whole("for … recursive", "{% for m in messages recursive %}{{ m.role }}{% endfor %}"),
    whole(
        "loop(…) of a recursive for",
        "{% for t in tools or [] %}{% for k, p in t.function.parameters.properties.items() recursive %}"
        "{{ k }}{% if p.properties %}({{ loop(p.properties.items()) }}){% endif %}{% endfor %}{% endfor %}"
        "{% for m in messages %}{{ m.content }}{% endfor %}",
    ),
    text_body("for over a text", "{% for c in s %}<{{ c }}>{% endfor %}"),
    body("break", "{% if m.role == 'user' %}{% break %}{% endif %}{{ m.role }}"),
    body("continue", "{% if m.role == 'user' %}{% continue %}{% endif %}{{ m.role }}"),
    text_body("if, elif, else", "{% if s %}A{% elif m.role == 'user' %}B{% else %}C{% endif %}"),
    message("inline if", "'A' if m.role == 'user' else 'B'"),
    body("set", "{% set x = m.role ~ ':' %}{{ x }}"),
    text_body("set, unpacking", "{% set a, b = m.role, s %}{{ b ~ a }}"),
    body("set block", "{% set x %}<{{ m.role }}>{% endset %}{{ x }}"),
    body("set block with a filter", "{% set x | trim %} {{ m.role }} {% endset %}{{ x }}"),
    whole(
        "namespace",
        "{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% if m.role == 'user' %}"
        "{% set ns.n = ns.n + 1 %}{% set ns.last = m.content %}{% endif %}{% endfor %}"
        "{{ ns.n }}{{ ns.last }}",
    ),
    whole(
        "namespace, a list that grows",
        "{% set ns = namespace(l=[]) %}{% for m in messages %}{% set ns.l = ns.l + [m.role] %}{% endfor %}"
        "{{ ns.l | join(',') }}",
    ),
    text_body(
        "macro", "{% macro f(x, y='!') %}<{{ x }}{{ y }}>{% endmacro %}{{ f(m.role) }}{{ f(s, y='?') }}"
    ),
    body("macro, varargs", "{% macro f() %}{{ varargs[0] }}{% endmacro %}{{ f(m.role) }}"),
    body("macro, kwargs", "{% macro f() %}{{ kwargs.a }}{% endmacro %}{{ f(a=m.role) }}"),
    whole(
        "macro that calls itself",
        "{% macro f(x) %}{% if x is mapping %}{% for k, v in x.items() %}{{ k }}={{ f(v) }};{% endfor %}"
        "{% else %}{{ x }}{% endif %}{% endmacro %}{% for m in messages %}{% for c in m.tool_calls or [] %}"
        "{{ f(c.function.arguments) }}{% endfor %}{% endfor %}",
        "tools",
    ),
    body(
        "call of a macro that calls itself",
        "{% macro f(x) %}{{ caller() }}{% if x is mapping %}{% for k, v in x.items() %}"
        "{% call f(v) %}{{ k }}{% endcall %}{% endfor %}{% endif %}{% endmacro %}{% for m in messages %}"
        "{% for c in m.tool_calls or [] %}{% call f(c.function.arguments) %}{{ c.function.name }}"
        "{% endcall %}{% endfor %}{% endfor %}",
        "tools",
    ),
    body("call", "{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}{{ m.role }}{% endcall %}"),
    body(
        "call with arguments",
        "{% macro f() %}{{ caller(1) }}{% endmacro %}{% call(n) f() %}{{ n }}{% endcall %}",
    ),
    body("filter block", "{% filter trim %} {{ m.role }} {% endfilter %}"),
    body("with", "{% with x = m.role %}{{ x }}{% endwith %}"),
    body("generation", "{% generation %}{{ m.role }}{% endgeneration %}"),
    body("raw", "{% raw %}{{ as it is }}{% endraw %}"),
    body("comment", "{# nothing #}{{ m.role }}"),
    body("print", "{% print m.role %}"),
    text_body("whitespace control", "  {%- if s -%}  {{ m.role }}  {%- endif +%}  "),
    body("autoescape", "{% autoescape false %}{{ m.role }}{% endautoescape %}"),
    whole("block", "{% block a %}{{ messages[0].role }}{% endblock %}"),
    whole("include", "{% include 'other' %}"),
    whole("import", "{% import 'other' as o %}{{ o }}"),
    whole("from … import", "{% from 'other' import o %}{{ o }}"),
    whole("extends", "{% extends 'other' %}"),
    whole("do", "{% do messages %}"),
)

OPERATORS: tuple[Feature, ...] = (
    text("+ of numbers", "s | length + 1"),
    text("+ of texts", "'<' + s + '>'"),
    whole("+ of lists", "{% for m in [{'role': 'x'}] + messages %}{{ m.role }}{% endfor %}"),
    text("-", "s | length - 1"),
    text("*", "(s | length) * 2"),
    text("* of texts", "'ab' * (s | length)"),
    text("/", "(s | length) / 2"),
    text("//", "(s | length) // 2"),
    text("%", "(s | length) % 2"),
    text("% of texts", "'<%s>' % s"),
    text("% of texts, widths", "'%9s %-9s %.2s %03d' % (s, s, s, s | length)"),
    text("% of texts, fractions", "'%.1f' % (s | length)"),
    text("**", "(s | length) ** 2"),
    text("- before", "-(s | length)"),
    text("+ before", "+(s | length)"),
    text("~", "s ~ 1 ~ none ~ true"),
    text("==", "s == 'a'"),
    text("!=", "s != 'a'"),
    text("< of numbers", "s | length < 3"),
    text("< of texts", "s < 'b'"),
    text("chained comparison", "1 < s | length < 4"),
    text("in, a text", "'a' in s"),
    message("in, a list", "m.role in ['user', 'system']"),
    message("in, a message", "'tool_calls' in m", "tools"),
    text("not in", "'a' not in s"),
    message("and, or", "m.name or m.role"),
    text("not", "not s"),
    message(".attribute", "m.role"),
    message("['key']", "m['role']"),
    whole("[0]", "{{ messages[0].role }}"),
    whole("[-1]", "{{ messages[-1].role }}"),
    whole("[n], worked out", "{% for m in messages %}{{ messages[loop.index0 - 1].role }}{% endfor %}"),
    text("[0] of a text", "s[0]"),
    text("[a:b] of a text", "s[1:3]"),
    text("[:-n] of a text", "s[:-1]"),
    text("[::-1] of a text", "s[::-1]"),
    whole("[a:b] of a list", "{% for m in messages[1:-1] %}{{ m.role }}{% endfor %}"),
    text("list literal", "[s, 'a'] | length"),
    text("list, printed", "[s, 1, none]"),
    text("tuple literal", "(s, 'a')[0]"),
    text("dict literal", "{'a': s}.a"),
    text("dict, printed", "{'a': s}"),
    message("number literals", "[1, 1_000, 0x1F, 1.5, 2e3] | sum"),
    text("text literals", "'\\n\"' ~ \"\\t'\" ~ s"),
    message("call with *", "'{} {}'.format(*[m.role, 'x'])"),
)

LOOP: tuple[Feature, ...] = (
    *(
        message(name, f"loop.{name}")
        for name in ("index", "index0", "revindex", "revindex0", "first", "last")
    ),
    *(message(name, f"loop.{name}") for name in ("length", "depth", "depth0")),
    message("cycle", "loop.cycle('a', 'b')"),
    message("changed", "loop.changed(m.role)"),
    message("previtem", "loop.previtem.role if loop.previtem is defined else 'none'"),
    message("nextitem", "loop.nextitem.role if loop.nextitem is defined else 'none'"),
)

GLOBALS: tuple[Feature, ...] = (
    message("messages", "messages | length"),
    message("add_generation_prompt", "add_generation_prompt"),
    message("bos_token", "bos_token"),
    message("eos_token", "eos_token"),
    message("tools", "tools is none", "tools"),
    message("documents", "documents is none"),
    message("enable_thinking", "enable_thinking is defined and enable_thinking", "thinking"),
    message("thinking", "thinking is defined and thinking", "thinking"),
    message("a name nobody gives", "builtin_tools is defined"),
    whole("range", "{% for i in range(3) %}{{ i }}{{ messages[0].role }}{% endfor %}"),
    message("dict", "dict(a=m.role).a"),
    message("namespace", "namespace(a=m.role).a"),
    body(
        "raise_exception",
        "{% if m.role == 'system' %}{{ raise_exception('no ' ~ m.role) }}{% endif %}{{ m.role }}",
    ),
    message("strftime_now", "strftime_now('%Y-%m-%d')"),
    message("strftime_now, weekday", "strftime_now('%A')"),
    message("strftime_now, day of the year", "strftime_now('%j')"),
    message("strftime_now, week", "strftime_now('%U')"),
    message("strftime_now, time of day", "strftime_now('%H:%M')"),
    message("cycler", "cycler('a', 'b').next()"),
    message("joiner", "joiner(',')()"),
    message("lipsum", "lipsum(1)"),
)

_CALLS = "{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}"
SHAPES: tuple[Feature, ...] = (
    message("role", "m.role"),
    message("content, a text", "m.content if m.content is string else ''"),
    body(
        "content, parts with images",
        "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
        "{% if p.type == 'image' %}<image>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}",
        "images",
    ),
    body(
        "content, images after the text",
        "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
        "{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}{% for p in m.content %}"
        "{% if p.type == 'image' %}<image>{% endif %}{% endfor %}{% endif %}",
        "images",
    ),
    message("reasoning_content", "m.reasoning_content if m.reasoning_content else ''", "thinking"),
    calls("tool_calls, name", "f.name"),
    calls("tool_calls, arguments as a dictionary", "f.arguments.city"),
    calls(
        "tool_calls, arguments as a text", "f.arguments if f.arguments is string else f.arguments | tojson"
    ),
    body("tool_calls, id", "{% for c in m.tool_calls or [] %}{{ c.id }}{% endfor %}", "tools"),
    body(
        "tool results, tool_call_id",
        _CALLS + "{% if m.role == 'tool' %}{{ m.tool_call_id }}{% endif %}",
        "tools",
    ),
    body("tool results, name", _CALLS + "{% if m.role == 'tool' %}{{ m.name }}{% endif %}", "tools"),
)
