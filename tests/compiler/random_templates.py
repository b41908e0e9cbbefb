"""Chat templates from a seed, in the manner of real models: the same seed gives the same template.

GRAMMAR says what can stand for each hole (`$text`), and how often. What comes out always parses, and is
mostly of what the compiler translates; the rest is there so that what it refuses is met as well.
"""

from __future__ import annotations

import random
import re
from collections import Counter

_HOLE = re.compile(r"\$([a-z_]+)")
# Inside so many of the same kind, only what holds none of them is chosen.
_EXPRESSION = ("text", "condition")
_NESTED = {
    "text": (_EXPRESSION, 3),
    "condition": (_EXPRESSION, 3),
    "statement": (("body", "statement"), 3),
    "effect": (("effect",), 1),
}

# Texts as they stand in templates: markers of many models, what begins inside itself, what escapes.
_LITERALS = (
    "<|im_end|>", "<|eot|>", "</s>", "[INST]", "[/INST]", "###", "</think>", "<think>", "<tool_call>", "user",
    "assistant", "tool", "Answer: ", "\\n", "\\n\\n", "\\n\\n\\n", "\\t", " ", "  ", ":", "::", "---", "aa",
    "aba", "a", "x y", ".", "é", "中", "0", "-", "{", "&", "%", "a\\nb\\na",
)  # fmt: skip

_SHOWN = {
    **dict.fromkeys(("loop.index", "loop.index0", "loop.length", "loop.revindex", "messages | length"), 3),
    **dict.fromkeys(("loop.index * 2 - 1", "loop.index0 // 2", "loop.index0 % 2", "ns.count", "ns.last"), 2),
    **dict.fromkeys(("7 // 2", "7 / 2", "-5 // 2", "2 ** 3", "1.50", "1e3", "1 + 1.5", "none", "true"), 1),
    **dict.fromkeys(("[1, 2]", "{'a': 1}", "nothing_like_it"), 1),
}

_FILTERS = {
    **dict.fromkeys(("upper", "lower", "capitalize", "title", "length", "string", "tojson", "trim"), 3),
    **dict.fromkeys(("first", "last", "safe", "escape", "int", "indent(2)", "replace('a', 'b')"), 2),
    **dict.fromkeys(("wordcount", "list", "reverse", "float(1)", "truncate(12)", "center(9)"), 1),
}

_TEXT = {
    "$content": 12,
    "$role": 2,
    "$literal": 2,
    "bos_token": 1,
    "$content | trim": 3,
    "($text) | trim": 2,
    "($text).$strip()": 2,
    "($text).$strip($literal)": 2,
    "($text).$strip('')": 1,
    "($text).split($literal)[$place]": 4,
    "($text).split($literal)[:-1] | join($literal)": 1,
    "($text).split($literal, 1)[-1]": 1,
    "($text).split($literal) | $of_pieces": 2,
    "($text).rsplit($literal, 1)[$end]": 1,
    "($text).partition($literal)[$part]": 1,
    "($text).rpartition($literal)[$part]": 1,
    "($text).replace($literal, $literal)": 3,
    "($text) | replace($literal, $literal)": 2,
    "($text).replace($literal, $literal, 1)": 1,
    "($text)[$slice]": 2,
    "($text) | $filter": 3,
    "($text).$method()": 2,
    "($text) | default($literal)": 1,
    "($text) | default($literal, true)": 1,
    "($text) ~ ($text)": 2,
    "($text) + ($text)": 2,
    "($text if $condition else $text)": 3,
    "($content or $text)": 1,
    "[$text, $text] | join($literal)": 1,
    "'%s-' % ($text)": 1,
    "'{}|'.format($text)": 1,
    "$literal ~ $shown": 2,
    "loop.cycle($literal, $literal)": 1,
    "(loop.previtem.content if loop.previtem is defined else $literal)": 1,
    "(loop.nextitem.content if not loop.last else $literal)": 1,
    "messages[$message_place].content": 1,
}

_CONDITION = {
    "$role $equal $a_role": 8,
    "$role in ['user', 'tool']": 1,
    "$content": 1,
    "loop.first": 2,
    "loop.last": 2,
    "not loop.first": 1,
    "not loop.last": 1,
    "loop.index0 % 2 == 0": 1,
    "loop.index0 is divisibleby(2)": 1,
    "loop.index $compare $number": 1,
    "loop.changed($role)": 1,
    "$neighbour is defined and $neighbour.role $equal $a_role": 1,
    "$literal in $content": 3,
    "$literal not in $content": 1,
    "($text).$begins($literal)": 2,
    "($text) $equal ($text)": 1,
    "$content | length $compare $number": 1,
    "$content.count($literal) $compare $number": 1,
    "$content.find($literal) $compare $number": 1,
    "$content[$end] == $literal": 1,
    "($text) | trim": 1,
    "$content is $kind": 2,
    "$m.$key is defined": 1,
    "$m.$key": 1,
    "$m.get('$key')": 1,
    "'$key' in $m": 1,
    "($condition $both $condition)": 3,
    "not ($condition)": 2,
    "messages | length $compare $number": 1,
    "messages[$message_place].role == $a_role": 1,
    "messages | selectattr('role', 'equalto', $a_role) | list | length > 0": 1,
    "tools": 1,
    "add_generation_prompt": 1,
    "enable_thinking is defined and enable_thinking": 1,
    "ns.flag": 1,
    "ns.count > 1": 1,
}

_STATEMENT = {
    "{{ $text }}": 9,
    "$raw_text": 3,
    "{% if $condition %}$gap$body$gap{% endif %}": 3,
    "{% if $condition %}$gap$body$gap{% else %}$gap$body$gap{% endif %}": 3,
    "{% if $condition %}$body{% elif $condition %}$gap$body{% else %}$body{% endif %}": 2,
    "{% if $refused %}{{ raise_exception($literal) }}{% endif %}": 1,
    "{% if $condition %}{{ raise_exception($literal) }}{% else %}$body{% endif %}": 1,
    "{% set said = $text %}{{ said }}": 2,
    "{% set said %}$body{% endset %}{{ said | trim }}": 1,
    "{% set ns.flag = $condition %}": 1,
    "{% set ns.count = ns.count + 1 %}": 1,
    "{% set ns.text = $text %}": 1,
    "{{ ns.count }}{{ ns.text }}": 1,
    "{% for piece in $content.split($literal) %}$between{{ $of_piece }}{% endfor %}": 2,
    "{% for line in ($text).split('\\n') if line %}{{ line }};{% endfor %}": 1,
    "$reasoning": 1,
    "$parts": 1,
    "$tool_calls": 1,
    "{% if loop.index0 > 2 %}{% break %}{% endif %}": 1,
    "{% if $condition %}{% continue %}{% endif %}": 1,
    "{# a note #}": 1,
    "{% raw %}{{ x }} {% endraw %}": 1,
    "{{ '{{' }}": 1,
}

_CALL_ARGUMENTS = {
    "{{ call.function.arguments | tojson }}": 4,
    "{{ call['function']['arguments'] | tojson(ensure_ascii=False) }}": 1,
    "{{ call.function.arguments | tojson(indent=2) }}": 1,
    "{% for k, v in call.function.arguments.items() %}<{{ k }}>{{ $argument }}{% endfor %}": 2,
    "{% for k, v in call.function.arguments | dictsort %}{{ k }}={{ $argument }};{% endfor %}": 1,
}

_TOOL_LIST = {
    "{{ tools | tojson }}": 2,
    "{{ tools | tojson(indent=4) }}": 1,
    "{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}": 3,
    "{% for tool in tools %}{{ tool.function.name }}: {{ tool.function.description }}\n{% endfor %}": 1,
    "{% for tool in tools %}{% for n, p in tool.function.parameters.properties.items() %}{{ n }}: $property;"
    "{% if n in tool.function.parameters.required %}*{% endif %}{% endfor %}{% endfor %}": 1,
}

# Macros that change a namespace, and the places in which a call of one can stand.
_EFFECTS = {
    "{% macro count() %}{% set ns.count = ns.count + 1 %}{% endmacro %}"
    "{% macro flip() %}{% set ns.flag = not ns.flag %}{% endmacro %}"
    "{% macro mark(x='', y='') %}{% set ns.text = x %}{{ $marked }}{% endmacro %}"
    "{% macro wrap(x) %}$around{{ caller() }}$around{% endmacro %}": 1,
}

_EFFECT_STATEMENT = {
    "{{ $effect }}": 3,
    "{{ $effect | trim }}": 1,
    "{{ $literal ~ $effect ~ (ns.flag | string) }}": 1,
    "{% if $effect == '' %}$looked{% endif %}": 3,
    "{% if $condition $both $effect == '' %}$looked{% else %}$looked{% endif %}": 2,
    "{% if $effect != '' %}{% elif $condition %}$looked{% endif %}": 1,
    "{{ $effect if $condition else $literal }}": 2,
    "{{ ($condition $both $effect) | string }}": 1,
    "{% set said = $effect %}{{ said }}": 1,
    "{% set said %}{{ $effect }}{% endset %}{{ said }}": 1,
    "{{ $literal | replace($literal, $effect) }}": 1,
    "{{ mark($effect, y='F' if ns.flag else 'G') }}": 1,
    "{{ [$effect, ns.count | string] | join($literal) }}": 1,
    "{% for piece in $content.split($literal) if $effect == '' %}{{ piece }}{% endfor %}": 1,
    "{% for piece in $content.split($literal) if not ns.flag %}{{ piece }}{{ $effect }}"
    "{% if loop.last %}.{% endif %}{% endfor %}": 1,
    "{% for piece in $content.split($literal) %}{% if piece == $literal %}{% break %}{% endif %}{{ $effect }}"
    "{% else %}$looked{% endfor %}": 1,
    "{% call wrap($role) %}{{ $effect }}$looked{% endcall %}": 2,
    "{% call wrap($effect) %}$looked{% endcall %}": 1,
    "{% with said = $effect %}$looked{% endwith %}": 1,
}

_LOOKED = {
    "{% if ns.flag %}$literal_text{% else %}$raw_text{% endif %}": 3,
    "{% if not ns.flag %}$literal_text{% endif %}": 1,
    "{% if ns.count > 1 %}$literal_text{% endif %}": 2,
    "{% if ns.text == $content %}$literal_text{% endif %}": 2,
    "{% if ns.text %}$literal_text{% endif %}": 1,
    "{{ ns.count }}": 1,
}

GRAMMAR: dict[str, dict[str, int]] = {
    # -- words of an expression
    "literal": {f"'{each}'": 2 for each in _LITERALS} | {'"\'"': 1, "'\"'": 1},
    "content": {"$m.content": 3, "$m['content']": 2, '$m["content"]': 1},
    "role": {"$m.role": 2, "$m['role']": 1},
    "a_role": {"'user'": 3, "'assistant'": 3, "'system'": 2, "'tool'": 1},
    "key": dict.fromkeys(("content", "role", "tool_calls", "name", "reasoning_content", "thinking"), 1),
    "kind": dict.fromkeys(("string", "defined", "none", "not none", "iterable", "mapping", "number"), 1),
    "refused": {
        "not loop.first and $role == 'system'": 1,
        "($role == 'user') != (loop.index0 % 2 == 0)": 1,
        "$literal in $content": 1,
    },
    "number": dict.fromkeys(("0", "1", "2", "3", "10", "-1"), 1),
    "compare": dict.fromkeys((">", "<", "==", ">=", "!="), 1),
    "equal": {"==": 3, "!=": 1},
    "both": {"and": 1, "or": 1},
    "begins": {"startswith": 1, "endswith": 1},
    "neighbour": {"loop.previtem": 1, "loop.nextitem": 1},
    "message_place": dict.fromkeys(("0", "-1", "loop.index0 - 1", "loop.index0"), 1),
    "strip": {"strip": 2, "lstrip": 1, "rstrip": 1},
    "place": {"0": 4, "-1": 4, "1": 1, "-2": 1},
    "end": {"0": 1, "-1": 1},
    "part": {"0": 1, "2": 1, "-1": 1},
    "slice": dict.fromkeys(("1:", ":-1", ":5", "2:7", "-3:", "1:-1", "::-1"), 1),
    "of_pieces": dict.fromkeys(("join('|')", "length", "first", "last", "map('trim') | join('+')"), 1),
    "method": dict.fromkeys(("upper", "lower", "title", "capitalize", "swapcase", "isdigit", "isspace"), 1),
    "filter": _FILTERS,
    "shown": _SHOWN,
    "text": _TEXT,
    "condition": _CONDITION,
    # -- what stands in the loop over the messages
    "statement": _STATEMENT,
    "body": {"$statement": 2, "$statement$gap$statement": 3, "$statement$gap$statement$gap$statement": 2},
    "gap": {"": 3, "\n": 2, "\n  ": 1, "\n\n": 1, " \n": 1},
    "raw_text": dict.fromkeys(("<|im_start|>", "<|start|>", "\n", "text ", " | ", "é"), 1),
    "between": {"": 1, "{% if not loop.first %}|{% endif %}": 1, "{{ loop.index }}": 1},
    "of_piece": {"piece": 3, "piece | trim": 1, "piece[:3]": 1},
    "reasoning": {
        "{% if $m.reasoning_content %}<think>{{ $m.reasoning_content }}</think>{% endif %}": 2,
        "{% set said = $content %}{% if '</think>' in said %}{% set said = said.split('</think>')[-1] %}"
        "{% endif %}{{ said | trim }}": 1,
    },
    "parts": {
        "{% if $m.content is string %}{{ $m.content }}{% else %}"
        "{% for part in $m.content %}{% if part.type == 'image' %}<|image|>"
        "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}": 1,
    },
    "tool_calls": {
        "{% if $m.tool_calls %}{% for call in $m.tool_calls %}<tool_call>{{ call.function.name }}$gap"
        "$call_arguments{% if not loop.last %}, {% endif %}</tool_call>{% endfor %}{% endif %}": 1,
    },
    "call_arguments": _CALL_ARGUMENTS,
    "argument": {"v": 1, "v | tojson": 2, "v if v is string else v | tojson": 1, "v | string": 1},
    # -- what stands around it
    "start": {"": 2, "{{ bos_token }}": 1},
    "system": {
        "{% if messages[0].role == 'system' %}{% set system = messages[0].content$trimmed %}"
        "{% set rest = messages[1:] %}"
        "{% else %}{% set system = $no_system %}{% set rest = messages %}{% endif %}"
        "{% if system %}<<SYS>>{{ system }}$gap{% endif %}": 1,
    },
    "trimmed": {"": 1, " | trim": 1, ".strip()": 1},
    "no_system": {"''": 1, "'You are helpful.'": 1, "none": 1},
    "tools": {
        "{% if tools %}<tools>$gap$tool_list</tools>{% endif %}": 3,
        "{% if tools is defined and tools is not none %}<tools>$tool_list$gap{% endif %}": 1,
    },
    "tool_list": _TOOL_LIST,
    "property": {"{{ p.type }}": 1, "{{ p.description | default('?') }}": 1, "{{ p | tojson }}": 1},
    "search": {
        "{% for q in messages %}{% if q.role == 'user' %}"
        "{% set ns.last = loop.index0 %}{% endif %}{% endfor %}": 1,
        "{% for q in messages[::-1] %}{% if q.role == 'user' and not ns.flag %}"
        "{% set ns.last = messages | length - loop.index %}{% set ns.flag = true %}"
        "{% endif %}{% endfor %}": 1,
    },
    "macro": {
        "{% macro show(x, y=$literal, z=none) %}$gap{{ $in_macro }}{% endmacro %}": 1,
    },
    "in_macro": dict.fromkeys(("x ~ y", "x | trim", "x if z else y"), 1),
    "macro_use": {
        "{{ show($content) }}": 2,
        "{{ show($content, z=$role) }}": 1,
        "{{ show(y=$literal, x=$role) | trim }}": 1,
    },
    "wrapper": {"{% macro wrap(x) %}<{{ x }}>{{ caller() }}$gap{% endmacro %}": 1},
    "wrapper_use": {"{% call wrap($role) %}{{ $text }}{% endcall %}": 1},
    # -- macros that change what is looked at later
    "effects": _EFFECTS,
    "effect": {
        "count()": 2,
        "flip()": 3,
        "mark($content)": 1,
        "mark($literal, $effect)": 1,
        "mark(y=$effect)": 1,
    },
    "effect_statement": _EFFECT_STATEMENT,
    "effects_use": {
        "$effect_statement$looked": 2,
        "$looked$effect_statement$looked": 1,
        "$effect_statement$gap$effect_statement$looked": 1,
    },
    "looked": _LOOKED,
    "marked": {"x": 1, "y": 1, "x ~ y": 1},
    "around": {"": 3, "{{ x }}": 1, "{{ $effect }}": 1, "{% if ns.flag %}{{ caller() }}{% endif %}": 1},
    "literal_text": {"{{ $literal }}": 1, "yes": 1, "no": 1},
    "chosen": {"": 8, " if $m.role != 'system'": 1, " if $m.content": 1},
    "turns": {"$messages": 12, "$messages[-3:]": 1, "$messages[:-1]": 1},
    "loop": {
        "{% for $m in $turns$chosen %}$gap$body$use$gap{% endfor %}": 8,
        "{% for $m in $turns$chosen %}{% generation %}$body$use{% endgeneration %}{% endfor %}": 1,
        "{% for $m in $turns$chosen %}$body$use{% else %}none{% endfor %}": 1,
    },
    "prompt": {
        "{% if add_generation_prompt %}$opening$no_thought{% endif %}": 6,
        "{% if add_generation_prompt and messages[-1].role != 'assistant' %}$opening{% endif %}": 1,
        "": 1,
    },
    "opening": dict.fromkeys(("<|assistant|>", "<|im_start|>assistant\n", "[/INST]"), 1),
    "no_thought": {
        "": 3,
        "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}": 1,
    },
}  # fmt: skip


class Generator:
    """Writes one template. used: each hole that was filled, and by which line of the grammar."""

    def __init__(self, rng: random.Random, grammar: dict[str, dict[str, int]] = GRAMMAR) -> None:
        self.rng = rng
        self.grammar = grammar
        self.used: set[tuple[str, str]] = set()
        self._inside: Counter[str] = Counter()
        # What is the same in the whole template, by the name of its hole.
        self._fixed = {"m": rng.choice(("message", "m", "msg")), "messages": "messages", "use": ""}

    def template(self) -> str:
        """A whole chat template."""
        head = self.fill("start") + "{% set ns = namespace(flag=false, count=0, last=-1, text='') %}"
        if self._chance(0.35):
            head += self.fill("system")
            self._fixed["messages"] = "rest"
        head += self.fill("tools") if self._chance(0.3) else ""
        head += self.fill("search") if self._chance(0.25) else ""
        if self._chance(0.3):
            kind = self.rng.choice(("macro", "macro", "wrapper", "effects", "effects", "effects"))
            head += self.fill(kind)
            self._fixed["use"] = self.fill(f"{kind}_use")
        gap = self.fill("gap")
        return self._spaced(head + gap + self.fill("loop") + gap + self.fill("prompt"))

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share

    def fill(self, hole: str) -> str:
        """What stands in a hole: a line of the grammar, with its own holes filled."""
        if hole in self._fixed:
            return self._fixed[hole]
        lines = self._lines(hole)
        [line] = self.rng.choices(list(lines), weights=list(lines.values()))
        self.used.add((hole, line))
        self._inside[hole] += 1
        filled = _HOLE.sub(lambda found: self.fill(found[1]), line)
        self._inside[hole] -= 1
        return filled

    def _lines(self, hole: str) -> dict[str, int]:
        """Those that may be chosen: deep inside others, only such as do not go deeper."""
        lines = self.grammar[hole]
        kind, most = _NESTED.get(hole, ((), 0))
        if sum(self._inside[each] for each in kind) <= most:
            return lines
        return {line: n for line, n in lines.items() if not set(_HOLE.findall(line)) & set(kind)}

    def _spaced(self, template: str) -> str:
        """With tags that take the space beside them away, and now and then with other ends of lines."""
        left = re.sub(r"\{[{%](?!-)", lambda tag: tag[0] + "-" * self._chance(0.5), template)
        both = re.sub(r"(?<![-}])[}%]\}", lambda tag: "-" * self._chance(0.25) + tag[0], left)
        return both.replace("\n", "\r\n") if self._chance(0.04) else both


def random_template(seed: str) -> str:
    """The chat template of a seed."""
    return Generator(random.Random(seed)).template()
