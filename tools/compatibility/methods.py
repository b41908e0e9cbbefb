"""Every method of Python's texts, lists and dictionaries that a template can call."""

from __future__ import annotations

from tools.compatibility.feature import Feature, body, calls, message, text, text_body

TEXTS: tuple[Feature, ...] = (
    text("capitalize", "s.capitalize()"),
    text("casefold", "s.casefold()"),
    text("center", "s.center(9)"),
    text("count", "s.count('a')"),
    text("encode", "s.encode()"),
    text("endswith", "s.endswith('a')"),
    text("endswith", "s.endswith(('a', 'b'))"),
    text("expandtabs", "s.expandtabs()"),
    text("find", "s.find('a')"),
    text("find", "s.find('a') == -1"),
    text("format", "'{}!'.format(s)"),
    text("format_map", "'{a}!'.format_map({'a': s})"),
    text("index", "(s ~ 'a').index('a')"),
    text("isalnum, isalpha, isidentifier", "s.isalnum()"),
    text("isascii", "s.isascii()"),
    text("isdigit, isdecimal, isnumeric", "s.isdigit()"),
    text("islower", "s.islower()"),
    text("isspace, isprintable", "s.isspace()"),
    text("isupper, istitle", "s.isupper()"),
    text("join", "', '.join(s.split(','))"),
    text("ljust", "s.ljust(9)"),
    text("lower", "s.lower()"),
    text("lstrip", "s.lstrip()"),
    text("lstrip", "s.lstrip('\\n')"),
    text("partition", "s.partition(',')[0]"),
    text("removeprefix", "s.removeprefix('a')"),
    text("removesuffix", "s.removesuffix('a')"),
    text("replace", "s.replace('a', 'b')"),
    text("replace", "s.replace('a', 'b', 1)"),
    text("replace, of an unknown text", "s.replace(m.role, 'b')"),
    text("rfind", "s.rfind('a') == -1"),
    text("rindex", "('a' ~ s).rindex('a')"),
    text("rjust", "s.rjust(9)"),
    text("rpartition", "s.rpartition(',')[2]"),
    text("rsplit", "s.rsplit(',', 1)[-1]"),
    text("rstrip", "s.rstrip()"),
    text("split", "s.split('</think>')[-1]"),
    text("split", "s.split(',')[0]"),
    text("split", "s.split(',')[1]"),
    text("split", "s.split(',', 1)[-1]"),
    text("split, at an unknown text", "s.split(m.role) | length"),
    text("split, at white space", "s.split()[0]"),
    text_body("split", "{% for part in s.split(',') %}<{{ part }}>{% endfor %}"),
    text("splitlines", "s.splitlines() | length"),
    text("startswith", "s.startswith('a')"),
    text("startswith", "s.startswith(('a', 'b'))"),
    text("strip", "s.strip()"),
    text("strip", "s.strip('\\n')"),
    text("swapcase", "s.swapcase()"),
    text("title", "s.title()"),
    text("translate, maketrans", "s.translate({97: 98})"),
    text("upper", "s.upper()"),
    text("zfill", "s.zfill(9)"),
)

LISTS: tuple[Feature, ...] = (
    message("append, clear, extend, insert, remove, reverse, sort", "[].append(m.role)"),
    message("copy", "[m.role].copy() | length"),
    message("count", "['user', 'system'].count(m.role)"),
    message("index", "['user', 'system', 'assistant', 'tool'].index(m.role)"),
    message("pop", "[m.role].pop()"),
)

DICTS: tuple[Feature, ...] = (
    message("copy", "m.copy().role"),
    message("fromkeys", "dict.fromkeys([m.role], 1)[m.role]"),
    message("get", "m.get('name', 'none')"),
    message("get", "m.get('content')"),
    calls("get", "f.arguments.get('city')"),
    calls("items", "f.arguments.items() | list | length"),
    body(
        "items",
        "{% for c in m.tool_calls or [] %}{% for k, v in c.function.arguments.items() %}"
        "<{{ k }}>{{ v }}{% endfor %}{% endfor %}",
        "tools",
    ),
    body(
        "keys",
        "{% for c in m.tool_calls or [] %}{{ c.function.arguments.keys() | list | length }}{% endfor %}",
        "tools",
    ),
    calls("pop", "f.arguments.pop('city')"),
    calls("update, clear, popitem, setdefault", "f.arguments.update({'city': 1})"),
    body(
        "values",
        "{% for c in m.tool_calls or [] %}{% for v in c.function.arguments.values() %}"
        "{{ v }},{% endfor %}{% endfor %}",
        "tools",
    ),
)
