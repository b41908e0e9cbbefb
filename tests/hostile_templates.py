"""Two hundred chat templates that make much of little: values that double, loops in loops, paths that multiply.

Each is for all ways that a template is read: compiled, proven, rendered. What they take is measured by
`benchmarks/hostile.py`.
"""

# ruff: noqa: E501 - templates are long lines
from __future__ import annotations

# Prints the turns, so that there is something to prove.
TURNS = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"


def _again(start: str, step: str, shown: str = "{{ ns.x }}", times: str = "range(99)") -> str:
    """A value that a loop makes of itself."""
    return (
        f"{{% set ns = namespace(x={start}) %}}\n"
        f"{{% for i in {times} %}}{{% set ns.x = {step} %}}{{% endfor %}}\n{shown}" + TURNS
    )


def _of_messages(start: str, step: str, shown: str = "{{ ns.x }}") -> str:
    """The same with a step for each message: how many there are is not known when it is compiled."""
    return (
        f"{{% set ns = namespace(x={start}) %}}\n"
        f"{{% for m in messages %}}{{% set ns.x = {step} %}}{{% endfor %}}\n{shown}" + TURNS
    )


def _written_out(start: str, step: str, shown: str = "{{ x }}", times: int = 60) -> str:
    """The same without a loop: the step stands there many times."""
    return f"{{% set x = {start} %}}" + f"\n{{% set x = {step} %}}" * times + shown + TURNS


def _for_each(inner: str, depth: int, over: str = "messages") -> str:
    """Loops in loops."""
    names = [f"v{n}" for n in range(depth)]
    return "".join(f"{{% for {n} in {over} %}}" for n in names) + inner + "{% endfor %}" * depth + TURNS


def _flags(count: int, test: str, shown: str = "") -> str:
    """Many switches, each of which a message can turn."""
    names = ", ".join(f"f{n}=false" for n in range(count))
    turned = "".join(
        f"{{% if {test.replace('N', str(n))} %}}{{% set ns.f{n} = true %}}{{% endif %}}\n"
        for n in range(count)
    )
    told = "".join(f"{{% if ns.f{n} %}}{n}{{% endif %}}" for n in range(count))
    return (
        f"{{% set ns = namespace({names}) %}}{{% for m in messages %}}\n{turned}{shown}{{% endfor %}}{told}"
        + TURNS
    )


def _many(count: int, piece: str, between: str = "") -> str:
    """A piece many times, `N` being its number."""
    return between.join(piece.replace("N", str(n)) for n in range(count))


GROWING = {
    "list in list": _again("[1]", "[ns.x, ns.x]"),
    "list in list, not printed": _again("[1]", "[ns.x, ns.x]", ""),
    "list in list, its length": _again("[1]", "[ns.x, ns.x]", "{{ ns.x | length }}"),
    "list in list as JSON": _again("[1]", "[ns.x, ns.x]", "{{ ns.x | tojson }}"),
    "list in list compared": _again("[1]", "[ns.x, ns.x]", "{{ ns.x == [ns.x] }}"),
    "list in list as a test": _again("[1]", "[ns.x, ns.x]", "{% if ns.x %}a{% endif %}"),
    "list in list of three": _again("[1]", "[ns.x, ns.x, ns.x]"),
    "tuple in tuple": _again("(1,)", "(ns.x, ns.x)"),
    "tuple as key": _again("(1,)", "(ns.x, ns.x)", "{{ {ns.x: 1} }}"),
    "dictionary in dictionary": _again("{}", "{'a': ns.x, 'b': ns.x}"),
    "dictionary as JSON": _again("{}", "{'a': ns.x, 'b': ns.x}", "{{ ns.x | tojson(indent=4) }}"),
    "dictionary in a list": _again("{}", "[{'a': ns.x}, {'a': ns.x}]"),
    "lists added": _again("[1]", "ns.x + ns.x"),
    "lists added, the last": _again("[1]", "ns.x + ns.x", "{{ ns.x[-1] }}"),
    "lists multiplied": _again("[1]", "ns.x * 9"),
    "texts added": _again("'x'", "ns.x + ns.x"),
    "texts added, not printed": _again("'x'", "ns.x + ns.x", ""),
    "texts joined by ~": _again("'x'", "ns.x ~ ns.x"),
    "texts multiplied": _again("'x'", "ns.x * 9"),
    "text by %": _again("'x'", "'%s%s' % (ns.x, ns.x)"),
    "text by the filter format": _again("'x'", "'%s%s' | format(ns.x, ns.x)"),
    "text by the method format": _again("'x'", "'{0}{0}'.format(ns.x)"),
    "text by join": _again("'x'", "[ns.x, ns.x] | join(ns.x)"),
    "text by the method join": _again("'x'", "ns.x.join([ns.x, ns.x, ns.x])"),
    "text by replace": _again("'x'", "ns.x | replace('x', 'xx')"),
    "text by the method replace": _again("'x'", "ns.x.replace('', 'x')"),
    "text by tojson": _again("'\"'", "ns.x | tojson"),
    "text by escape": _again("'&'", "ns.x | string | forceescape | string"),
    "text by indent": _again("'a\\nb\\n'", "(ns.x ~ ns.x) | indent(40)"),
    "text by center": _again("'x'", "ns.x | center(2 * (ns.x | length))"),
    "text by ljust": _again("'x'", "ns.x.ljust(3 * (ns.x | length))"),
    "text by a set block": "{% set x = 'x' %}" + "\n{% set x %}{{ x }}{{ x }}{% endset %}" * 60 + "{{ x }}" + TURNS,
    "text of a list of itself": _again("'x'", "[ns.x, ns.x] | string"),
    "number squared": _again("3", "ns.x * ns.x"),
    "number to its power": _again("3", "ns.x ** ns.x"),
    "number by shifting texts": _again("9", "(ns.x ~ ns.x) | int"),
    "number as a fraction": _again("1.5", "ns.x * ns.x"),
    "list by map": _again("['x']", "(ns.x + ns.x) | map('upper') | list"),
    "list by split": _again("'a b'", "(ns.x ~ ' ' ~ ns.x).split() | join(' ')"),
    "list by sorting": _again("[2, 1]", "(ns.x + ns.x) | sort"),
    "list by unique": _again("['x']", "(ns.x + [ns.x | length | string]) | unique | list", times="range(1500)"),
    "list by batch": _again("[1]", "[ns.x, ns.x] | batch(1) | list"),
    "list by items": _again("{'a': 1}", "{'a': ns.x | items | list, 'b': ns.x | items | list}"),
    "namespace in itself": "{% set ns = namespace() %}\n{% set ns.a = [ns, ns] %}{{ ns.a }}" + TURNS,
    "namespace in a namespace": _again("namespace(a=1)", "namespace(a=ns.x, b=ns.x)"),
    "list by dict": _again("{}", "dict(a=ns.x, b=ns.x)"),
    "pairs by zip of itself": _again("['a']", "(ns.x | map('list') | list) + ns.x"),
    "slices of itself": _again("[1, 2]", "ns.x[1:] + ns.x + ns.x[:-1]"),
    "reversed onto itself": _again("[1]", "ns.x + (ns.x | reverse | list)"),
    "value or itself": _again("[1]", "[ns.x or 1, ns.x and ns.x]"),
}  # fmt: skip

UNROLLED = {
    "written out, list in list": _written_out("[1]", "[x, x]"),
    "written out, lists added": _written_out("[1]", "x + x"),
    "written out, texts added": _written_out("'x'", "x + x"),
    "written out, texts of a message": _written_out("messages[0].content", "x + x"),
    "written out, texts of a message by ~": _written_out("messages[0].content", "x ~ '-' ~ x"),
    "written out, list of messages": _written_out("messages", "[x, x]"),
    "written out, messages added": _written_out("messages", "x + x", "{{ x | length }}"),
    "written out, a message's text trimmed": _written_out("messages[0].content", "(x ~ x) | trim"),
    "written out, replaced": _written_out("messages[0].content", "x | replace('a', x)", times=30),
    "written out, replaced by text": _written_out("messages[0].content", "x.replace('a', 'aa').replace('b', 'bb')"),
    "written out, choices": _written_out("messages[0].content", "(x ~ 'a') if x == 'b' else (x ~ 'c')", times=40),
    "written out, choices of lists": _written_out("[1]", "[x, x] if messages[0].content == 'b' else [x]", times=40),
    "written out, choices of numbers": _written_out("1", "(x + 1) if messages[x].content else (x + 2)", times=40),
    "written out, defaults": _written_out("messages[0].name", "x | default(x ~ 'a')", times=40),
    "written out, truths": _written_out("messages[0].content", "x and (x ~ 'a') or (x ~ 'b')", times=40),
    "written out, split and joined": _written_out("messages[0].content", "x.split('a') | join('b')", times=40),
    "written out, split pieces": _written_out("messages[0].content", "x.split('a')[0] ~ x.split('a')[-1]", times=30),
    "written out, upper and lower": _written_out("messages[0].content", "(x | upper) ~ (x | lower)", times=30),
    "written out, lengths": _written_out("messages | length", "x * x + x", times=60),
    "written out, rests": _written_out("messages | length", "(x * 7 + 3) % 1009", times=60),
    "written out, slices": _written_out("messages", "x[1:]", "{% for m in x %}{{ m.content }}{% endfor %}"),
    "written out, selections": _written_out("messages", "x | selectattr('content') | list", "{% for m in x %}{{ m.content }}{% endfor %}"),
    "written out, JSON of JSON": _written_out("messages[0].content", "x | tojson"),
    "written out, JSON of messages": _written_out("messages", "[x, x | tojson]", times=30),
    "written out, dictionaries": _written_out("{'a': messages[0].content}", "{'a': x, 'b': x}"),
    "written out, set blocks of turns": "{% set x = messages[0].content %}" + "\n{% set x %}{% if x %}{{ x }}{% else %}a{% endif %}{{ x }}{% endset %}" * 30 + "{{ x }}" + TURNS,
}  # fmt: skip

OF_MESSAGES = {
    "each message, list in list": _of_messages("[1]", "[ns.x, ns.x]"),
    "each message, list in list printed there": "{% set ns = namespace(x='a') %}\n{% for m in messages %}{% set ns.x = [ns.x, ns.x] %}{{ ns.x }}{% endfor %}",
    "each message, dictionary in itself": _of_messages("{}", "{'a': ns.x, 'b': m}"),
    "each message, lists added": _of_messages("[1]", "ns.x + ns.x", "{{ ns.x | length }}"),
    "each message, texts added": _of_messages("'x'", "ns.x + ns.x"),
    "each message, texts replaced": _of_messages("'x'", "ns.x | replace('x', 'xx')"),
    "each message, contents added": _of_messages("''", "ns.x ~ m.content ~ ns.x"),
    "each message, contents in a list": _of_messages("[]", "ns.x + [m.content, ns.x | length]"),
    "each message, numbers squared": _of_messages("3", "ns.x * ns.x"),
    "each message, numbers to their power": _of_messages("3", "ns.x ** 3"),
    "each message, a choice of types": _of_messages("1", "[ns.x] if ns.x is string else (ns.x | string)"),
    "each message, a choice of lists": _of_messages("[]", "ns.x + ([m.content] if m.role == 'user' else [ns.x])"),
    "each message, namespace in namespace": _of_messages("namespace(a=1)", "namespace(a=ns.x)"),
    "each message, everything before": _of_messages("[]", "messages[:loop.index] + ns.x", "{{ ns.x | length }}"),
    "each message, JSON of itself": _of_messages("'a'", "ns.x | tojson"),
    "each message, split of itself": _of_messages("'a b'", "(ns.x ~ ' ' ~ ns.x).split(' ') | join(' ')"),
    "each message, twenty values in turn": "{% set ns = namespace(" + _many(20, "vN=N", ", ") + ") %}\n{% for m in messages %}" + _many(20, "{% set ns.vN = [ns.vM, m.content] %}").replace("vM", "v0") + "{% endfor %}{{ ns.v19 }}",
    "each message, values passed on": "{% set ns = namespace(" + _many(20, "vN=N", ", ") + ") %}\n{% for m in messages %}" + "".join(f"{{% set ns.v{n} = ns.v{(n + 1) % 20} ~ ns.v{(n + 7) % 20} %}}" for n in range(20)) + "{% endfor %}{{ ns.v19 }}",
}  # fmt: skip

LOOPS = {
    "loops in loops of numbers": "{% for a in range(1999) %}{% for b in range(1999) %}x{% endfor %}{% endfor %}" + TURNS,
    "empty loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}" + TURNS,
    "filtered loops": "{% for a in range(99999) if a > 99999 %}{% endfor %}\n" * 12 + TURNS,
    "a loop over a long text": "{% for c in 'x' * 99999 %}{{ c }}{% endfor %}" + TURNS,
    "a loop over a list of lists": "{% for c in [[1] * 999] * 999 %}{% for d in c %}{{ d }}{% endfor %}{% endfor %}" + TURNS,
    "loops over messages, six deep": _for_each("{{ v5.content }}", 6),
    "loops over messages, forty deep": _for_each("{{ v39.content }}", 40),
    "loops over messages, each asking all": _for_each("{% if v7.role == v0.role %}{{ v3.content }}{% endif %}", 8),
    "loops over tools, eight deep": _for_each("{{ v7.function.name }}", 8, "tools or []"),
    "loops over the letters of a message": _for_each("{{ v3 }}", 4, "messages[0].content"),
    "loops over split texts": _for_each("{{ v3 }}", 4, "messages[0].content.split('a')"),
    "loops over ranges of lengths": _for_each("x", 5, "range(messages | length)"),
    "loops over ranges of contents": _for_each("x", 3, "range(messages[0].content | length)"),
    "loops one after the other": "{% for m in messages %}{{ m.content }}{% endfor %}\n" * 300,
    "loops with breaks": "{% for m in messages %}" + "{% if m.content == 'a' %}{% break %}{% endif %}\n" * 60 + "{% endfor %}" + TURNS,
    "loops with continues": "{% for m in messages %}" + _many(60, "{% if m.content == 'N' %}{% continue %}{% endif %}{{ N }}\n") + "{% endfor %}",
    "a range of a huge number": "{% for i in range(10 ** 12) %}x{% endfor %}" + TURNS,
    "a range of a huge step": "{{ range(0, 10 ** 18, 3) | list | length }}" + TURNS,
    "a recursive loop": "{% for m in messages recursive %}{{ m.content }}{{ loop(messages) }}{% endfor %}",
    "a recursive loop, twice": "{% for m in messages recursive %}{{ loop([m]) }}{{ loop([m, m]) }}{% endfor %}",
    "a recursive loop of lists": "{% for m in [[[[messages]]]] recursive %}{{ loop(m) if m is not mapping else m.content }}{% endfor %}",
    "cycles": "{% for m in messages %}{{ loop.cycle(" + _many(2000, "'aN'", ", ") + ") }}{% endfor %}",
    "neighbours": "{% for m in messages %}" + "{% if loop.previtem is defined and loop.nextitem is defined and loop.previtem.role == loop.nextitem.role %}{{ loop.changed(m.role) }}{% endif %}\n" * 30 + "{% endfor %}",
    "batches of messages": "{% for a in messages | batch(2) %}{% for b in a | batch(2) %}{% for c in b %}{{ c.content }}{% endfor %}{% endfor %}{% endfor %}",
    "groups of messages": "{% for a, b in messages | groupby('role') %}{% for c, d in b | groupby('content') %}{{ a }}{{ c }}{% endfor %}{% endfor %}",
    "a loop that unrolls a block": "{% for i in range(300) %}" + TURNS + "{% endfor %}",
    "a loop that unrolls choices": "{% for i in range(300) %}{% if messages[i].role == 'user' %}{{ i }}{{ messages[i].content }}{% endif %}{% endfor %}",
    "a loop that unrolls loops": "{% set ns = namespace(t='') %}{% for i in range(60) %}{% for m in messages %}{% if m.content == i | string %}{% set ns.t = ns.t ~ i %}{% endif %}{% endfor %}{% endfor %}{{ ns.t }}",
}  # fmt: skip

MACROS = {
    "a macro that calls itself": "{% macro f(x) %}{{ f(x + 'a') }}{% endmacro %}\n{{ f(messages[0].content) }}",
    "a macro that counts": "{% macro f(x) %}{{ f(x + 1) }}{% endmacro %}\n{{ f(1) }}" + TURNS,
    "a macro that calls itself twice": "{% macro f(x) %}{% if x %}{{ f(x - 1) ~ f(x - 1) }}{% endif %}{% endmacro %}\n{{ f(60) }}" + TURNS,
    "a macro for each of a list": "{% macro f(x) %}{% for y in x %}{{ f(y) }}{{ f(y) }}{% endfor %}{% endmacro %}\n{{ f(messages) }}",
    "a macro of a growing list": "{% macro f(x) %}{{ f([x, x]) }}{% endmacro %}\n{{ f(messages) }}",
    "a macro of a growing text": "{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}\n{{ f('a') }}" + TURNS,
    "macros that call each other": "{% macro f(x) %}{{ g(x ~ 'a') }}{% endmacro %}{% macro g(x) %}{{ f(x ~ 'b') }}{% endmacro %}\n{{ f(messages[0].content) }}",
    "a chain of macros, each called twice": "{% macro m0() %}x{% endmacro %}" + "".join(f"{{% macro m{n}() %}}{{{{ m{n - 1}() }}}}{{{{ m{n - 1}() }}}}{{% endmacro %}}\n" for n in range(1, 40)) + "{{ m39() }}" + TURNS,
    "a chain of macros with a message": "{% macro m0(a) %}{{ a.content }}{% endmacro %}" + "".join(f"{{% macro m{n}(a) %}}{{{{ m{n - 1}(a) }}}}{{{{ m{n - 1}(a) }}}}{{% endmacro %}}\n" for n in range(1, 40)) + "{% for m in messages %}{{ m39(m) }}{% endfor %}",
    "a chain of macros with choices": "{% macro m0(a) %}{{ a.content }}{% endmacro %}" + "".join(f"{{% macro m{n}(a) %}}{{% if a.role == 'r{n}' %}}{{{{ m{n - 1}(a) }}}}{{% else %}}{{{{ m{n - 1}(a) }}}}{{% endif %}}{{% endmacro %}}\n" for n in range(1, 24)) + "{% for m in messages %}{{ m23(m) }}{% endfor %}",
    "call blocks in call blocks": "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}\n" + "{% call f() %}" * 30 + "x" + "{% endcall %}" * 30 + TURNS,
    "call blocks with messages": "{% macro f(a) %}{% for m in messages %}{{ caller(m) }}{% endfor %}{% endmacro %}\n" + "{% call(m) f(1) %}" * 12 + "{{ m.content }}" + "{% endcall %}" * 12,
    "a macro called by a macro that is given": "{% macro f(g, n) %}{{ g(g, n) }}{{ g(g, n) }}{% endmacro %}\n{{ f(f, 1) }}" + TURNS,
    "three hundred macros": _many(300, "{% macro fN(a) %}{{ a }}N{% endmacro %}\n") + "{% for m in messages %}" + _many(300, "{{ fN(m.content) }}") + "{% endfor %}",
    "a macro with many arguments": "{% macro f(" + _many(200, "aN=N", ", ") + ") %}" + _many(200, "{{ aN }}") + "{% endmacro %}\n{% for m in messages %}{{ f(m.content) }}{{ f(a199=m.role) }}{% endfor %}",
    "a macro called a thousand times": "{% macro f(a) %}{% if a == 'x' %}y{% elif a %}{{ a }}{% endif %}{% endmacro %}\n{% for m in messages %}" + "{{ f(m.content) }}" * 1000 + "{% endfor %}",
    "a macro in a loop of numbers": "{% macro f(a, n) %}{% for i in range(n) %}{{ a }}{{ i }}{% endfor %}{% endmacro %}\n{% for i in range(200) %}{{ f(messages[0].content, i) }}{% endfor %}",
    "a schema that describes itself": "{% macro f(p, d) %}{% for k, v in p | items %}{{ k }}{% if v.properties %}{{ f(v.properties, d + 1) }}{% endif %}{% if v['items'] %}{{ f(v['items'].properties, d ~ 'a') }}{% endif %}{% endfor %}{% endmacro %}\n{% for t in tools or [] %}{{ f(t.function.parameters.properties, 1) }}{% endfor %}" + TURNS,
}  # fmt: skip

AT_ONCE = {
    "text times": "{{ 'x' * 10 ** 9 }}" + TURNS,
    "times text": "{{ 10 ** 9 * 'x' }}" + TURNS,
    "list times": "{{ [1] * 10 ** 9 }}" + TURNS,
    "power": "{{ 7 ** (10 ** 10) }}" + TURNS,
    "power of power": "{{ 9 ** 9 ** 9 ** 9 }}" + TURNS,
    "negative power": "{{ 7 ** -(10 ** 10) }}" + TURNS,
    "a number of many digits": "{{ " + "9" * 5000 + " * " + "9" * 5000 + " }}" + TURNS,
    "digits read as a number": "{{ ('9' * 100000) | int }}" + TURNS,
    "digits read as a fraction": "{{ ('9' * 100000) | float }}" + TURNS,
    "center filter": "{{ 'a' | center(10 ** 9) }}" + TURNS,
    "center method": "{{ 'a'.center(10 ** 9) }}" + TURNS,
    "ljust": "{{ messages[0].content.ljust(10 ** 9) }}",
    "zfill": "{{ '1'.zfill(10 ** 9) }}" + TURNS,
    "percent width": "{{ '%1000000000d' % 1 }}" + TURNS,
    "percent precision": "{{ '%.1000000000f' % 1 }}" + TURNS,
    "percent star": "{{ '%*d' | format(1000000000, 1) }}" + TURNS,
    "format width": "{{ '{:1000000000}'.format(1) }}" + TURNS,
    "format nested width": "{{ '{:{}}'.format(1, 1000000000) }}" + TURNS,
    "join filter": "{{ (['x' * 1000000] * 10000) | join }}" + TURNS,
    "join of a generator": "{{ range(99999) | map('center', 99999) | join }}" + TURNS,
    "replace with something long": "{{ ('x' * 100000) | replace('x', 'y' * 100000) }}" + TURNS,
    "replace in a message": "{{ messages[0].content | replace('x', 'y' * 10000000) }}",
    "translate": "{{ ('a' * 1000000).translate({97: 'b' * 1000000}) }}" + TURNS,
    "expandtabs": "{{ ('\t' * 1000000).expandtabs(1000000) }}" + TURNS,
    "indent": "{{ ('x\n' * 100000) | indent(100000) }}" + TURNS,
    "indented JSON": "{{ ([[[[1]]]] * 99999) | tojson(indent=1000) }}" + TURNS,
    "indented JSON of messages": "{{ messages | tojson(indent=100000) }}",
    "batch": "{{ [1] | batch(10 ** 9, 1) | list }}" + TURNS,
    "slice": "{{ [1] | slice(10 ** 9) | list }}" + TURNS,
    "wordwrap": "{{ ('x ' * 1000000) | wordwrap(1, true, 'y' * 100000) }}" + TURNS,
    "wordwrap of words": "{{ ('ab ' * 60000) | wordwrap(1) }}" + TURNS,
    "sum of lists": "{{ ([range(99999) | list] * 9999) | sum(start=[]) }}" + TURNS,
    "striptags": "{{ ('<!--a-->' * 500000) | striptags }}" + TURNS,
    "striptags without an end": "{{ ('<' * 60000) | striptags }}" + TURNS,
    "urlize": "{{ ('http://a.b/(' * 5000) | urlize }}" + TURNS,
    "letters as a list": "{{ ('ab' * 1000000) | list | length }}" + TURNS,
    "casefold": "{{ ('ß' * 199000).casefold() }}" + TURNS,
    "casefold, a hundred times": "{{ (" + "'ß' * 19000).casefold() ~ (" * 99 + "'a') | length }}" + TURNS,
    "title of something long": "{{ ('ab ' * 66000) | title | length }}" + TURNS,
    "sorting something long": "{{ ('ba' * 99000) | list | sort | join | length }}" + TURNS,
    "splitting something long": "{{ ('ab,' * 66000).split(',') | unique | list }}" + TURNS,
    "counting in something long": "{{ ('ab' * 99000).count('aba') + ('ab' * 99000).find('bb') }}" + TURNS,
    "bytes": "{{ (1).to_bytes(10 ** 9, 'big') }}" + TURNS,
    "lipsum": "{{ lipsum(10 ** 9) }}" + TURNS,
    "a date of a long format": "{{ strftime_now('%c' * 100000) }}" + TURNS,
    "a date of all formats": "{{ strftime_now('" + "%A %B %d %j %U " * 600 + "') }}" + TURNS,
    "round": "{{ 1.5 | round(10 ** 9, 'ceil') }}" + TURNS,
    "a cycler of many": "{% set c = cycler(*range(99999)) %}" + "{{ c.next() }}" * 99 + TURNS,
}  # fmt: skip

LONG = {
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lists in lists": "{{ " + "[" * 300 + "1" + "]" * 300 + " }}" + TURNS,
    "blocks in blocks": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "blocks in blocks, a hundred": _many(100, "{% if messages[0].content != 'N' %}\n") + "x" + "{% endif %}" * 100,
    "a long sum": "{{ " + "1+" * 20000 + "1 }}",
    "a sum of a hundred": "{{ " + "+".join(["(messages | length)"] * 100) + " }}",
    "a long text sum": "{{ " + "+".join(["messages[0].content"] * 110) + " }}",
    "a long ~": "{{ " + " ~ ".join(["messages[0].content"] * 3000) + " }}",
    "many filters": "{{ messages[0].content" + " | trim" * 110 + " }}",
    "many filters that alternate": "{{ messages[0].content" + " | upper | lower" * 50 + " }}",
    "many replaces": "{{ messages[0].content" + _many(110, ".replace('N', 'N')") + " }}",
    "a long or": "{% for m in messages %}{% if " + _many(2000, "m.content == 'cN'", " or ") + " %}x{% endif %}{% endfor %}",
    "a long and": "{% for m in messages %}{% if " + _many(1000, "m.content != 'cN'", " and ") + " %}x{% endif %}{% endfor %}",
    "a long and of or": "{% for m in messages %}{% if " + _many(110, "(m.role == 'N' or m.content != 'N')", " and ") + " %}x{% endif %}{% endfor %}",
    "a long comparison": "{{ 1" + " < 2" * 5000 + " }}" + TURNS,
    "many branches": "{% for m in messages %}{% if m.content == '' %}" + _many(100, "{% elif m.content == 'cN' %}N\n") + "{% endif %}{% endfor %}",
    "very many branches": "{% for m in messages %}{% if m.content == '' %}" + _many(1500, "{% elif m.content == 'cN' %}N\n") + "{% endif %}{% endfor %}",
    "choices in choices": "{{ " + _many(60, "'N' if messages[0].content == 'N' else (") + "'x'" + ")" * 60 + " }}",
    "many choices": "{% for m in messages %}" + _many(300, "{{ 'N' if m.content == 'N' else m.role }}\n") + "{% endfor %}",
    "many constants": "{% set l = [" + _many(9000, "'aN'", ", ") + "] %}{{ l | join }}" + TURNS,
    "many constants searched": "{% for m in messages %}{% if m.content in [" + _many(5000, "'aN'", ", ") + "] %}x{% endif %}{% endfor %}",
    "many constants in a dictionary": "{% set d = {" + _many(4000, "'aN': N", ", ") + "} %}{% for m in messages %}{{ d[m.content] }}{{ d.get(m.role, 1) }}{% endfor %}",
    "many constants walked through": "{% for a in [" + _many(3000, "'aN'", ", ") + "] %}{% for m in messages %}{% if m.content == a %}x{% endif %}{% endfor %}{% endfor %}",
    "many starts": "{% for m in messages %}{% if m.content.startswith((" + _many(3000, "'aN'", ", ") + ")) %}x{% endif %}{% endfor %}",
    "many names": _many(2000, "{% set vN = messages[0].content ~ 'N' %}\n") + _many(2000, "{{ vN }}"),
    "many texts that repeat": "{% for m in messages %}" + "{{ m.content }}abcdefghijklmnop{{ m.role }}" * 1500 + "{% endfor %}",
    "many texts that nearly repeat": "{% for m in messages %}" + _many(900, "{% if m.role == 'user' %}{{ m.content }}abcdefghijklmnopN{% endif %}") + "{% endfor %}",
    "many slices": "{% for m in messages %}" + _many(200, "{{ m.content[N:] }}{{ m.content[:-N] }}") + "{% endfor %}",
    "many tests": "{% for m in messages %}" + "{{ m.content is string and m.content is not none and m.content is defined and m.content is iterable }}" * 300 + "{% endfor %}",
    "many selections": "{{ (messages" + _many(100, " | rejectattr('content', 'equalto', 'N')") + ") | list | length }}",
    "many refusals": "{% for m in messages %}" + _many(300, "{% if m.content == 'N' %}{{ raise_exception('no N') }}{% endif %}\n") + "{{ m.content }}{% endfor %}",
    "many tools asked for": "{% for t in tools or [] %}" + _many(300, "{% if t.function.name == 'fN' %}N{% endif %}\n") + "{% endfor %}" + TURNS,
    "many keys asked for": "{% for m in messages %}" + _many(500, "{{ m.kN }}{{ m['k-N'] }}") + "{{ m.content }}{% endfor %}",
    "a long template": "x" * 99_000 + TURNS,
    "a template that is too long": "x" * 600_000,
    "nothing but comments": "{# a #}" * 12_000 + TURNS,
}  # fmt: skip

PATHS = {
    "twelve switches": _flags(12, "m.content == 'aN'"),
    "forty switches": _flags(40, "m.content == 'aN'"),
    "forty switches of one role": _flags(40, "m.role == 'user' and not ns.fN"),
    "forty switches asked in the loop": _flags(40, "'aN' in m.content", "{% if ns.f0 and ns.f1 and ns.f2 %}{{ m.content }}{% endif %}"),
    "forty names": "{% for m in messages %}" + _many(40, "{% if m.content == 'N' %}{% set vN = 1 %}{% else %}{% set vN = 'a' %}{% endif %}\n") + _many(40, "{{ vN }}") + "{% endfor %}",
    "forty names of three types": _many(40, "{% if messages[0].content == 'N' %}{% set vN = 1 %}{% elif messages[0].content == 'bN' %}{% set vN = [] %}{% else %}{% set vN = 'a' %}{% endif %}\n") + _many(40, "{{ vN }}"),
    "names that depend on names": "{% set v0 = messages[0].content %}" + "".join(f"{{% if v{n} == 'a' %}}{{% set v{n + 1} = v{n} ~ 'b' %}}{{% else %}}{{% set v{n + 1} = 'a' ~ v{n} %}}{{% endif %}}\n" for n in range(40)) + "{{ v40 }}",
    "numbers that depend on numbers": "{% set ns = namespace(n=0) %}{% for m in messages %}" + _many(30, "{% if ns.n % 2 == 0 %}{% set ns.n = ns.n + N %}{% else %}{% set ns.n = ns.n * 3 %}{% endif %}\n") + "{% endfor %}{{ ns.n }}",
    "a machine of states": "{% set ns = namespace(s='s0') %}{% for m in messages %}" + "".join(f"{{% if ns.s == 's{n}' and m.role == 'user' %}}{{% set ns.s = 's{(n * 7 + 1) % 40}' %}}{{% elif ns.s == 's{n}' %}}{{% set ns.s = 's{(n + 1) % 40}' %}}{{% endif %}}\n" for n in range(40)) + "{{ ns.s }}{% endfor %}",
    "ifs in ifs of all roles": _for_each(_many(8, "{% if v0.role == 'user' and v1.content == 'N' %}{{ N }}{% else %}{{ v2.content }}{% endif %}"), 3),
    "switches set in a macro": "{% set ns = namespace(" + _many(20, "fN=0", ", ") + ") %}{% macro f(a) %}" + _many(20, "{% if a == 'N' %}{% set ns.fN = ns.fN + 1 %}{% endif %}") + "{% endmacro %}\n{% for m in messages %}{{ f(m.content) }}{{ f(m.role) }}{% endfor %}" + _many(20, "{{ ns.fN }}"),
    "truths of truths": "{% set t = messages[0].content == 'a' %}" + "\n{% set t = (t and messages[1].content == 'b') or (not t and messages[2].content == 'c') %}" * 40 + "{{ t }}",
    "lists of choices": "{% set l = [" + _many(60, "'N' if messages[0].content == 'N' else none", ", ") + "] %}{% for a in l %}{% if a %}{{ a }}{% endif %}{% endfor %}{{ l | select | list | length }}",
    "a choice in every place": "{% for m in messages %}{% set a = m.content if m.role == 'user' else m.role %}{% set b = a if m.content == 'x' else m.content %}{{ [a, b, [a, b]] | tojson }}{{ {a: b, b: a} }}{% endfor %}",
    "thinking in all orders": "{% for m in messages %}" + _many(20, "{% if '</think>' in m.content %}{% set c = m.content.split('</think>')[-1].lstrip('\\n') %}{% else %}{% set c = m.content ~ 'N' %}{% endif %}{{ c }}\n") + "{% endfor %}",
    "thinking split again and again": "{% for m in messages %}{% set c = m.content %}" + _many(20, "{% if '</N>' in c %}{% set c = c.split('</N>')[-1] %}{% endif %}\n") + "{{ c }}{% endfor %}",
    "calls in all orders": "{% for m in messages %}{% for c in m.tool_calls or [] %}" + _many(20, "{% if c.function.name == 'N' %}{% for k, v in c.function.arguments | items %}{{ k }}{{ v | tojson if v is mapping else v }}{% endfor %}{% endif %}\n") + "{% endfor %}{{ m.content }}{% endfor %}",
    "parts in all orders": "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}" + _many(20, "{% for p in m.content %}{% if p.type == 'image' %}<N>{% elif p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}\n") + "{% endif %}{% endfor %}",
    "days in all orders": _many(200, "{% if strftime_now('%d') == 'N' %}{{ strftime_now('%A') }}{% endif %}") + TURNS,
}  # fmt: skip

ALL = GROWING | UNROLLED | OF_MESSAGES | LOOPS | MACROS | AT_ONCE | LONG | PATHS
