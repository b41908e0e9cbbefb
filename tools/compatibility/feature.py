"""A feature of Jinja2 or of Hugging Face's dialect, as a small chat template of our own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """name: as people call it; source: a whole chat template; shown: the part of it that matters.

    kind: the conversations that it is about (chat, tools, thinking, images).
    """

    name: str
    source: str
    shown: str
    kind: str = "chat"


_TEXT = "{% for m in messages %}{% if m.content is string %}{% set s = m.content %}"


def text(name: str, expression: str) -> Feature:
    """An expression over `s`, the text of a message without images."""
    return Feature(name, _TEXT + "[{{ " + expression + " }}]{% endif %}{% endfor %}", expression)


def message(name: str, expression: str, kind: str = "chat") -> Feature:
    """An expression over `m`, a message."""
    return Feature(name, "{% for m in messages %}[{{ " + expression + " }}]{% endfor %}", expression, kind)


def body(name: str, statements: str, kind: str = "chat") -> Feature:
    """Statements over `m`, a message."""
    return Feature(name, "{% for m in messages %}" + statements + "{% endfor %}", statements, kind)


def text_body(name: str, statements: str) -> Feature:
    """Statements over `s`, the text of a message `m` without images."""
    return Feature(name, _TEXT + statements + "{% endif %}{% endfor %}", statements)


def calls(name: str, expression: str) -> Feature:
    """An expression over `f`, the function of a tool call."""
    head = "{% for m in messages %}{{ m.role }}{% for c in m.tool_calls or [] %}{% set f = c.function %}"
    return Feature(name, head + "[{{ " + expression + " }}]{% endfor %}{% endfor %}", expression, "tools")


def tools(name: str, expression: str) -> Feature:
    """An expression over `t`, a tool's definition, in a template that shows calls too."""
    head = "{% for t in tools or [] %}[{{ " + expression + " }}]{% endfor %}{% for m in messages %}"
    rest = "{{ m.role }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}{% endfor %}"
    return Feature(name, head + rest, expression, "tools")


def whole(name: str, source: str, kind: str = "chat") -> Feature:
    """A chat template as it is."""
    return Feature(name, source, source, kind)
