"""Makes (template, data) pairs from a seed: Go's template language, its functions, and ways to be wrong.

The data is in the judge's form (tests/oracle/program/values.go); `wire.decode` makes the engine's of
it. A part of the templates is damaged afterwards, so that the refusals are compared too.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

STRINGS = (
    *(
        "",
        "a",
        "user",
        "assistant",
        "</think>",
        "<think>",
        "héllo",
        "日本語",
        "a b  c",
        "\n",
        " x ",
        "%d",
        "%s",
    ),
    *("0", "42", "-1", "true", "<a href='x'>&\"", "é", "\U0001f600", "\u2028", "tab\there", "\x00\x1f\x7f"),
    *("a/b?c=d&e f+g", "`raw`", "back\\slash", "\ufeff", "\u00ad\u200b", "line\r\nline", "{{.}}", "[img-0]"),
)
FIELDS = ("A", "B", "C", "S", "N", "L", "M", "X", "Role", "Content", "ToolCalls", "Nope", "é", "_u", "a1")
FUNCTIONS = (
    *("and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery"),
    *("eq", "ne", "lt", "le", "gt", "ge", "call", "json", "currentDate", "toTypeScriptType"),
)
VERBS = "vvvvTsdqxXbcoOtUeEfFgGpwzé%"
FLAGS = "+-# 0"
NUMBERS = (
    *("0", "1", "2", "3", "7", "-1", "+4", "10", "100", "1000000", "0x1F", "0b101", "0o17", "017", "1_000"),
    *(
        "1.5",
        "1e3",
        "1e6",
        "1e21",
        "1e-7",
        "-0.0",
        ".5",
        "1.",
        "0x1p4",
        "0x1.8p1",
        "1e400",
        "9223372036854775807",
    ),
    *(
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1i",
        "1+2i",
        "0i",
        "2.5e3",
        "'a'",
    ),
    *(
        "'\\n'",
        "'é'",
        "'\\u00e9'",
        "'\\x41'",
        "'\\''",
        "089",
        "0x",
        "1__0",
        "_1",
        "1_",
        "0x_1",
        "-0",
        "1e",
        "3.0",
    ),
    *("1e+5", "-2.50", "1.0e-3", "123456789.123", "0.1", "1+i", "1e2i", "'ab'", "''", "0b2", "0xg", "5i+1"),
)
TEXTS = (
    "",
    " ",
    "\n",
    "a",
    "text ",
    " \n x \n ",
    "{",
    "}",
    "}}",
    "é",
    "<|im_start|>",
    "- ",
    " -",
    "$x",
    "\t\r\n",
)


# Fields whose values have one kind, so that most calls get what they take.
KNOWN: dict[str, tuple[str, ...]] = {
    "string": ("S", "S1", "S2"),
    "int": ("I", "I1"),
    "float": ("F",),
    "bool": ("T", "Z"),
    "list": ("L", "LS", "LM"),
    "map": ("M", "MS"),
}


class Generator:
    """One pair after the other from one seed.

    wild: the share of operands and data whose kind is left to chance.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.vars: list[str] = ["$"]
        self.range_depth = 0
        self.names: list[str] = []
        self.kinds: dict[str, str] = {}
        self.wild = 0.1
        self.defining = False

    def pair(self) -> tuple[str, Any]:
        """A template and its data."""
        self.vars, self.range_depth, self.kinds = ["$"], 0, {}
        self.wild = self.pick((0.0, 0.01, 0.05, 0.5))
        self.names = [self.pick(("t", "u", "", "a b", "é"))] if self.chance(0.2) else []
        source = self.a_list(self.random.randint(1, 3))
        for name in self.names:
            source = self.define(name) + source if self.chance(0.5) else source + self.define(name)
        if self.chance(0.12):
            source = self.damage(source)
        return source, self.data()

    # Chance.

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, options: Any) -> Any:
        return self.random.choice(options)

    def one_of(self, *weighted: tuple[int, Callable[[], str]]) -> str:
        makers = [make for _, make in weighted]
        return str(self.random.choices(makers, [weight for weight, _ in weighted])[0]())

    # Data.

    def data(self) -> Any:
        if self.chance(0.04):
            return self.value(1)
        made = {name: self.value(2) for name in FIELDS if self.chance(0.5)}
        for kind, names in KNOWN.items():
            for name in names:
                made[name] = self.value(2) if self.chance(self.wild) else self.known(kind, name)
        return made

    def known(self, kind: str, name: str) -> Any:
        n = self.random.randint(0, 4)
        if name == "LM":
            return (
                {"$messages": [self.message() for _ in range(n)]}
                if self.chance(0.5)
                else [{"role": self.pick(("user", "tool")), "content": self.text()} for _ in range(n)]
            )
        makers: dict[str, Callable[[], Any]] = {
            "string": self.text,
            "int": lambda: {"$int": n},
            "float": self.number,
            "bool": lambda: self.chance(0.5),
            "list": lambda: (
                {"$strings": [self.pick(STRINGS) for _ in range(n)]}
                if name == "LS"
                else [self.text() if self.chance(0.7) else self.value(1) for _ in range(n)]
            ),
            "map": lambda: {
                self.pick(FIELDS): self.text() if name == "MS" else self.value(1) for _ in range(n)
            },
        }
        return makers[kind]()

    def value(self, depth: int) -> Any:
        kind = self.random.randint(0, 13 if depth else 7)
        if kind <= 2:
            return self.text()
        if kind <= 4:
            return self.number()
        if kind == 5:
            return self.chance(0.5)
        if kind == 6:
            return self.special()
        if kind == 7:
            return None if self.chance(0.5) else {"$int": self.random.randint(-2, 9)}
        if kind <= 10:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 4))]
        if kind == 11:
            return {"$messages": [self.message() for _ in range(self.random.randint(0, 3))]}
        return {self.pick(FIELDS): self.value(depth - 1) for _ in range(self.random.randint(0, 4))}

    def text(self) -> Any:
        if self.chance(0.08):
            return {"$b64": base64.b64encode(bytes(self.random.choices(range(256), k=4))).decode()}
        return self.pick(STRINGS) + (self.pick(STRINGS) if self.chance(0.3) else "")

    def number(self) -> Any:
        return self.pick((0, 1, 2, 3, 5, -1, 1.5, 1e6, 1e21, 1e-7, 123456.789, 2**53, -0.0, 0.1, 65, 1e20))

    def special(self) -> Any:
        n = self.random.randint(0, 5)
        return self.pick(
            (
                {"$int": n},
                {"$uint8": n + 60},
                {"$int64": -n},
                {"$uint64": "18446744073709551615"},
                {"$int8": -n},
                {"$uint": n},
                {"$float32": 0.1 * n},
                {"$float64": self.pick(("Inf", "-Inf", "NaN"))},
                {"$complex128": "1+2i"},
                {"$strings": [self.pick(STRINGS) for _ in range(n)]},
                {"$ints": list(range(n))},
                {"$floats": [0.5 * i for i in range(n)]},
                {"$bools": [i % 2 == 0 for i in range(n)]},
                {"$matrix": [list(range(i)) for i in range(n)]},
                {"$map[string]string": {self.pick(FIELDS): self.pick(STRINGS) for _ in range(n)}},
                {"$map[string]int": {self.pick(FIELDS): i for i in range(n)}},
                {"$map[string]bool": {self.pick(FIELDS): i > 1 for i in range(n)}},
                {"$map[int]string": {str(i - 1): "x" for i in range(n)}},
                {"$bytes": base64.b64encode(bytes(range(97, 97 + n))).decode()},
                {"$nil": self.pick(("map", "slice", "strings", "*int", "*message", "bytes"))},
                {"$*int": n},
                {"$*string": self.pick(STRINGS)},
                {"$*map[string]string": {"A": "x"}},
                {"$error": "oops"},
                {"$message": self.message()},
                {"$*message": self.message()},
            )
        )

    def message(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "role": self.pick(("user", "assistant", "System")),
            "content": self.pick(STRINGS),
        }
        if self.chance(0.3):
            arguments = {self.pick(("b", "a", "C")): self.pick(("x", 1, None, [1, "y"])) for _ in range(2)}
            made["tool_calls"] = [{"id": "7", "function": {"name": "f", "arguments": arguments}}]
        if self.chance(0.2):
            made["images"] = ["YWI=", ""]
        if self.chance(0.2):
            made["thinking"] = self.pick(STRINGS)
        return made

    # Templates.

    def a_list(self, depth: int) -> str:
        known = len(self.vars)
        made = "".join(self.node(depth) for _ in range(self.random.randint(1, 4)))
        del self.vars[known:]
        return made

    def node(self, depth: int) -> str:
        return self.one_of(
            (4, lambda: self.pick(TEXTS) if self.chance(0.7) else self.pick(STRINGS[:-2])),
            (10, lambda: self.action(self.pipe(2))),
            (3, self.declare),
            (2, self.assign),
            (1, self.comment),
            (3 if depth else 0, lambda: self.branch("if", depth)),
            (2 if depth else 0, lambda: self.branch("with", depth)),
            (4 if depth else 0, lambda: self.range(depth)),
            (2 if self.range_depth else 0, lambda: self.action(self.pick(("break", "continue")))),
            (1 if depth else 0, self.scan_loop),
            (1, self.template),
            (1 if depth else 0, lambda: self.block(depth)),
        )

    def action(self, inside: str) -> str:
        left = self.random.choices(("{{", "{{ ", "{{- ", "{{-\n"), (6, 6, 2, 0.3))[0]
        right = self.random.choices(("}}", " }}", " -}}", "\t-}}", "  -}}"), (6, 6, 2, 0.3, 0.3))[0]
        return left + inside + right

    def comment(self) -> str:
        return self.pick(("{{/* c */}}", "{{- /* c\n */ -}}", "{{/* a */ -}}", "{{/**/}}", "{{/* a */ }}"))

    def branch(self, word: str, depth: int) -> str:
        known = len(self.vars)
        made = self.action(f"{word} {self.condition()}") + self.a_list(depth - 1)
        while word in ("if", "with") and self.chance(0.2):
            made += self.action(f"else {word} {self.condition()}") + self.a_list(depth - 1)
        if self.chance(0.3):
            made += self.action("else") + self.a_list(depth - 1)
        del self.vars[known:]
        return made + self.action("end")

    def condition(self) -> str:
        if self.chance(0.15):
            pipe = self.pipe(2)
            return f"{self.new_var()} := {pipe}"
        return self.pipe(2)

    def range(self, depth: int) -> str:
        known = len(self.vars)
        over = (
            self.of(self.pick(("list", "list", "map", "int")), 1)
            if not self.chance(self.wild)
            else self.one_of(
                (4, lambda: self.field()),
                (2, lambda: str(self.random.randint(-1, 4))),
                (2, lambda: f"len {self.operand(1)}"),
                (1, lambda: ".ToolCalls"),
                (2, lambda: self.pipe(2)),
                (1, lambda: f"slice {self.operand(1)} {self.random.randint(0, 2)}"),
                (1, lambda: "(index .Messages 0).Function.Arguments.All"),
            )
        )
        names = self.random.randint(0, 2)
        if names and self.chance(0.85):
            over = ", ".join(self.new_var() for _ in range(names)) + " := " + over
        elif names and len(self.vars) > 1 and self.chance(0.9):
            over = ", ".join(self.pick(self.vars[1:]) for _ in range(names)) + " = " + over
        self.range_depth += 1
        made = self.action(f"range {over}") + self.a_list(depth - 1)
        self.range_depth -= 1
        if self.chance(0.25):
            made += self.action("else") + self.a_list(depth - 1)
        del self.vars[known:]
        return made + self.action("end")

    def scan_loop(self) -> str:
        """The byte loops that stand for Python's string methods."""
        s = self.of("string", 1)
        literal = self.pick(("a", "é", "</think>", "\\x80", "b", " ", "日", "\\xc3"))
        count = self.random.randint(0, 8)
        here = "(slice $s $i)"
        test = self.pick(
            (
                f'eq (printf "%.{count}s" {here}) "{literal}"',
                f'ne (slice {here} 0 1) "{literal}"',
                f"eq (index $s $i) {self.random.randint(32, 128)}",
                f'lt (printf "%.1s" {here}) "{literal}"',
                f'and (not (lt $i $n)) (eq (printf "%.1s" {here}) "{literal}")',
                f'eq (printf "%.1s" {here}) "{literal}" " " "h"',
                f"or (eq $i 0) (lt (len {here}) {count})",
            )
        )
        hit = self.pick(
            (
                f"{{{{$r = slice {here} 1}}}}",
                '{{$r = printf "%s%s" $r (slice (slice $s $i) 0 1)}}',
                "{{$r = slice $s $n $i}}{{$n = $i}}",
                '{{$n = len (printf "%*s." $i "")}}',
                f'{{{{$r = print $r (printf "%.2s" {here}) $i}}}}{{{{break}}}}',
                f"{{{{$r = slice $s 0 (len (slice $s (len {here})))}}}}",
                "{{continue}}",
            )
        )
        tail = self.pick(("", '{{$r = printf "%s-" $r}}', "{{$r = $r}}"))
        over = self.pick(("len $s", "len $s", "len (slice $s 0)", "3"))
        return (
            f'{{{{$s := {s}}}}}{{{{$r := ""}}}}{{{{$n := 0}}}}{{{{range $i := {over}}}}}'
            f"{{{{if {test}}}}}{hit}{{{{end}}}}{tail}{{{{end}}}}{{{{$r}}}}|{{{{$n}}}}"
        )

    def new_var(self) -> str:
        name: str = self.pick(("$x", "$y", "$i", "$é", "$x_1", "$a", "$b"))
        self.vars.append(name)
        self.kinds.pop(name, None)
        return name

    def declare(self) -> str:
        if self.chance(self.wild):
            pipe = self.pipe(2)
            return self.action(f"{self.new_var()} := {pipe}")
        kind = self.pick(tuple(KNOWN))
        pipe = self.of(kind, 2)
        name = self.new_var()
        self.kinds[name] = kind
        return self.action(f"{name} := {pipe}")

    def assign(self) -> str:
        if len(self.vars) == 1 and self.chance(0.95):
            return self.declare()
        if self.chance(self.wild):
            return self.action(f"{self.pick(self.vars)} = {self.pipe(2)}")
        name = self.pick(self.vars[1:] or self.vars)
        return self.action(f"{name} = {self.of(self.kinds.get(name, 'string'), 2)}")

    def template(self) -> str:
        if (not self.names and self.chance(0.9)) or (self.defining and self.chance(0.97)):
            return self.declare()  # a template that calls itself takes Go seconds to give up
        name = self.pick(self.names) if self.names and self.chance(0.95) else "none"
        dot = f" {self.pick(('$', '.', self.pipe(1)))}" if self.chance(0.8) else ""
        return self.action(f'template "{name}"{dot}')

    def block(self, depth: int) -> str:
        vars_, ranges = self.vars, self.range_depth
        self.vars, self.range_depth = ["$"], 0
        body = self.a_list(depth - 1)
        self.vars, self.range_depth = vars_, ranges
        name = f"b{self.random.randint(0, 9)}"
        return self.action(f'block "{name}" {self.pipe(1)}') + body + self.action("end")

    def define(self, name: str) -> str:
        self.vars, self.range_depth, self.defining = ["$"], 0, True
        body = self.a_list(1)
        self.defining = False
        return self.action(f'define "{name}"') + body + self.action("end")

    # Pipelines.

    def pipe(self, depth: int) -> str:
        if not self.chance(self.wild):
            made = self.any_of(depth) if self.chance(0.5) else self.call(depth)
            if self.chance(0.1):
                made += self.pick(
                    (" | print", "|printf `%v`", " | html", "| len | printf `%03d`", " | json", "|and true")
                )
            return made
        made = self.command(depth)
        while self.chance(0.15):
            made += self.pick((" | ", "|")) + self.piped(depth)
        return made

    def piped(self, depth: int) -> str:
        name = self.pick(FUNCTIONS)
        if name == "printf":
            return f"printf {self.format(1)}"
        return name + (f" {self.operand(depth - 1)}" if self.chance(0.2) else "")

    def command(self, depth: int) -> str:
        if depth and self.chance(0.6):
            return self.call(depth)
        return self.operand(depth)

    def of(self, kind: str, depth: int) -> str:
        """An operand of a kind."""
        if self.chance(self.wild):
            return self.operand(depth)
        known = [v for v in self.vars if self.kinds.get(v) == kind]
        return self.one_of(
            (4, lambda: "." + self.pick(KNOWN[kind]) if self.at_root() else "$." + self.pick(KNOWN[kind])),
            (4 if known else 0, lambda: self.pick(known)),
            (3 if depth > 0 and kind in _RESULTS else 0, lambda: f"({self.typed_call(kind, depth - 1)})"),
            (2 if kind in ("string", "int", "float", "bool") else 0, lambda: self.literal(kind)),
        )

    def at_root(self) -> bool:
        return self.range_depth == 0 and self.chance(0.5)

    def literal(self, kind: str) -> str:
        if kind == "string":
            return self.literal_string()
        if kind == "bool":
            return str(self.pick(("true", "false")))
        return str(self.pick(("0", "1", "2", "3") if kind == "int" else ("1.5", "0.0", "2.5e3")))

    def typed_call(self, kind: str, depth: int) -> str:
        """A call whose result is of a kind, with operands that suit it."""
        return str(self.pick(_RESULTS[kind])(self, depth))

    def any_of(self, depth: int) -> str:
        return self.of(self.pick(tuple(KNOWN)), depth)

    def comparison(self, depth: int) -> str:
        kind = self.pick(("string", "int", "float", "string"))
        name = self.pick(("eq", "ne", "lt", "le", "gt", "ge", "eq"))
        more = [self.of(kind, depth) for _ in range(self.random.randint(0, 2))] if name == "eq" else []
        return " ".join([name, self.of(kind, depth), self.of(kind, depth), *more])

    def and_or(self, depth: int) -> str:
        return " ".join(
            [self.pick(("and", "or")), *(self.any_of(depth) for _ in range(self.random.randint(1, 3)))]
        )

    def scan(self, depth: int) -> str:
        cut = f"(slice {self.of('string', 0)} {self.random.randint(0, 1)})"
        return f'printf "%.{self.random.randint(0, 3)}s" {cut if depth else self.of("string", 0)}'

    def pad(self, depth: int) -> str:
        flag = self.pick(("", "", "-", "0"))
        text, tail = self.pick(("", "x")), self.pick(("", ".", "ab", "é"))
        return f'len (printf "%{flag}*s{tail}" {self.of("int", 0)} "{text}")'

    def call(self, depth: int) -> str:
        if not self.chance(self.wild):
            return self.typed_call(self.pick(tuple(_RESULTS)), depth - 1)
        name = self.pick(FUNCTIONS)
        sub = depth - 1
        operands: dict[str, Callable[[], list[str]]] = {
            "printf": lambda: self.printf_arguments(sub),
            "index": lambda: [
                self.operand(sub),
                *(self.index(sub) for _ in range(self.random.randint(0, 2))),
            ],
            "slice": lambda: [
                self.operand(sub),
                *(self.index(sub) for _ in range(self.random.randint(0, 3))),
            ],
            "eq": lambda: [self.operand(sub) for _ in range(self.random.randint(1, 4))],
            **dict.fromkeys(("ne", "lt", "le", "gt", "ge"), lambda: [self.operand(sub), self.operand(sub)]),
            **dict.fromkeys(("not", "len", "json"), lambda: [self.operand(sub)]),
        }
        make = operands.get(name, lambda: [self.operand(sub) for _ in range(self.random.randint(0, 3))])
        arguments = make()
        if self.chance(0.03):
            arguments.append(self.operand(0))
        return " ".join([name, *arguments])

    def index(self, depth: int) -> str:
        return self.one_of(
            (6, lambda: str(self.random.randint(0, 4))),
            (1, lambda: self.literal_string()),
            (2, lambda: self.operand(depth)),
        )

    def printf_arguments(self, depth: int) -> list[str]:
        count = self.random.randint(0, 3)
        return [self.format(count), *(self.any_of(depth) for _ in range(count))]

    def format(self, count: int) -> str:
        if self.chance(0.05):
            return self.operand(0)
        parts = [self.pick(("", "a", " ", "%%", "é", "|")) for _ in range(count + 1)]
        made = parts[0] + "".join(self.directive(count) + part for part in parts[1:])
        made += self.directive(count) if self.chance(0.05) else "%" if self.chance(0.02) else ""
        return '"' + made + '"'

    def directive(self, count: int) -> str:
        made = "%" + "".join(self.random.choices(FLAGS, k=self.pick((0, 0, 0, 1, 1, 2))))
        made += self.argument_index(count)
        made += self.pick(("", "", "", "", "5", "12", "*", "1", "0", "40"))
        made += "9999" if self.chance(0.003) else ""
        if self.chance(0.35):
            made += (
                "." + self.argument_index(count) + self.pick(("", "0", "1", "2", "3", "8", "*", "20", "-1"))
            )
        made += self.argument_index(count)
        return made + self.pick(VERBS)

    def argument_index(self, count: int) -> str:
        if self.chance(0.95):
            return ""
        return self.pick(("[1]", "[2]", f"[{count}]", "[0]", "[9]", "[x]", "[", "[]", "[-1]", "[1"))

    def operand(self, depth: int) -> str:
        made = self.one_of(
            (6, self.field),
            (4, lambda: str(self.pick(self.vars))),
            (3, self.literal_string),
            (3, lambda: self.pick(NUMBERS[:12]) if self.chance(0.7) else self.pick(NUMBERS)),
            (1, lambda: self.pick(("true", "false"))),
            (1, lambda: "."),
            (1 if self.chance(0.3) else 0, lambda: "nil"),
            (5 if depth > 0 else 0, lambda: f"({self.pipe(depth - 1)})"),
            (1 if self.chance(0.2) else 0, lambda: self.pick(FUNCTIONS)),
            (1 if self.chance(0.1) else 0, lambda: f"(${self.pick('xyz')} := {self.operand(0)})"),
        )
        if self.chance(0.08) and made[-1:] not in ".0123456789":
            made += "." + self.pick(FIELDS)
        return made

    def field(self) -> str:
        return "".join("." + self.pick(FIELDS) for _ in range(self.random.choices((1, 2, 3), (8, 2, 1))[0]))

    def literal_string(self) -> str:
        if self.chance(0.1):
            return self.pick(
                (
                    "`raw`",
                    "`a\nb`",
                    '"\\u00e9"',
                    '"\\xff"',
                    '"\\n\\t\\\\"',
                    '"\\101"',
                    '"\\U0001F600"',
                    '"\\q"',
                )
            )
        text = self.pick(STRINGS).replace("\\", "\\\\").replace('"', '\\"')
        return '"' + text.replace("\n", "\\n").replace("\r", "\\r") + '"'

    # Damage.

    def damage(self, source: str) -> str:
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(source))
            to = min(len(source), at + self.random.randint(0, 3))
            how = self.random.randint(0, 3)
            if how == 0:
                source = source[:at] + source[to:]
            elif how == 1:
                source = source[:at] + self.pick(_FRAGMENTS) + source[at:]
            elif how == 2:
                source = source[:at] + source[at:to] * 2 + source[to:]
            else:
                source = source[:at] + self.pick(_FRAGMENTS) + source[to:]
        return source


_RESULTS: dict[str, tuple[Callable[[Generator, int], str], ...]] = {
    "string": (
        lambda g, d: " ".join(["printf", *g.printf_arguments(d)]),
        lambda g, d: " ".join(["print", *(g.any_of(d) for _ in range(g.random.randint(0, 3)))]),
        lambda g, d: " ".join(["println", *(g.any_of(d) for _ in range(g.random.randint(0, 2)))]),
        lambda g, d: f"{g.pick(('html', 'js', 'urlquery'))} {g.any_of(d)}",
        lambda g, d: f"json {g.any_of(d)}",
        lambda g, d: f"slice {g.of('string', d)}",
        lambda g, d: f"slice {g.of('string', d)} {g.random.randint(0, 2)}",
        lambda g, d: (
            f'slice (print {g.of("string", d)} "ab") {g.random.randint(0, 1)} {g.random.randint(1, 2)}'
        ),
        Generator.scan,
        lambda g, d: f'printf "%s%s" {g.of("string", d)} {g.of("string", d)}',
    ),
    "int": (
        lambda g, d: f"len {g.of(g.pick(('string', 'list', 'map')), d)}",
        lambda g, d: f'index (print "abc" {g.of("string", d)}) {g.random.randint(0, 3)}',
        Generator.pad,
    ),
    "bool": (
        Generator.comparison,
        Generator.comparison,
        lambda g, d: f"not {g.any_of(d)}",
        lambda g, d: (
            f'eq (printf "%.{g.random.randint(0, 2)}s" (slice {g.of("string", d)} 0)) {g.literal("string")}'
        ),
        lambda g, d: f'eq (index (print "<" {g.of("string", d)}) 0) 60',
    ),
    "float": (Generator.and_or,),
    "list": (
        lambda g, d: f"slice {g.of('list', d)}",
        lambda g, d: f"slice {g.of('list', d)} 0 {g.random.randint(0, 1)}",
    ),
    "map": (lambda g, d: f"and {g.of('map', 0)} {g.of('map', 0)}",),
}
_FRAGMENTS = (
    *(
        "{{",
        "}}",
        "{{-",
        "-}}",
        " -}}",
        "(",
        ")",
        "|",
        ",",
        ":=",
        "=",
        ":",
        ".",
        "$",
        "$x",
        '"',
        "`",
        "'",
        "\\",
    ),
    *(
        "/*",
        "*/",
        "{{end}}",
        "{{else}}",
        "{{if}}",
        "{{define",
        "{{break}}",
        " ",
        "\n",
        "\t",
        "0",
        "1",
        "é",
        "\u3000",
    ),
    *(
        "\udcff",
        "\x00",
        "@",
        "#",
        "~",
        "if",
        "end",
        "range",
        "nil",
        "true",
        "..",
        ".A.",
        "-",
        "+",
        "{{/*",
        "²",
        "٣",
    ),
)
