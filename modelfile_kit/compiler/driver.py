"""Puts the steps together: frontend, specialisation, simplification, printing, proof."""

from __future__ import annotations

from dataclasses import dataclass, field

from jinja2 import nodes

from ..conversation import CATEGORIES
from ..diagnostics import Diagnostic, Severity, Span
from ..errors import TemplateReferenceError
from . import frontend, go
from .emit import emit
from .facts import Facts
from .hints import with_hints
from .lower.recursion import recursive_macros
from .lower.statements import Lowering
from .lower.text import defined_templates
from .outcomes import Again, Dead, TooBig
from .simplify import simplify
from .stops import stops


@dataclass(frozen=True)
class Compiled:
    """A compiled chat template.

    template: the Go TEMPLATE. stop: texts that end a turn. coverage: for each of chat, tools,
    thinking and images: "exact" (every conversation of that kind that Ollama can express gives the
    reference's bytes, one leading BOS aside), "partial", "unsupported" or "absent". diagnostics: why
    something is not exact, with the construct and its line.
    """

    template: str
    stop: list[str]
    coverage: dict[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)


def compile_template(
    chat_template: str, *, bos_token: str | None = "", eos_token: str | None = "", target: str = "latest"
) -> Compiled:
    """Compiles a chat template into a TEMPLATE for Ollama.

    chat_template: Jinja source. bos_token, eos_token: their texts. target: the oldest Ollama the
    result has to run on, as a version ("0.9.6") or "latest".
    Raises TemplateReferenceError for a source that is no chat template.
    """
    tree = frontend.parse(chat_template)
    try:
        return _compile(tree, chat_template, bos_token, eos_token, target)
    except RecursionError as e:
        raise TemplateReferenceError("the chat template nests too deeply to be compiled") from e


def _compile(
    tree: nodes.Template, chat_template: str, bos_token: str | None, eos_token: str | None, target: str
) -> Compiled:
    pictures = looks_at_pictures(chat_template, bos_token, eos_token)
    machine = lower_all(tree, bos_token, eos_token, pictures)
    body = simplify(settle_pictures(machine, tuple(machine.out)))
    statements, definitions = define(machine, simplify(body))
    text = emit(statements, definitions)
    hinted = with_hints(statements, text, chat_template, bos_token, eos_token)
    text = emit(hinted, definitions) if hinted != statements else text
    coverage = claim(machine, tree, pictures)
    if ".Tools" not in text and ".ToolCalls" not in text:
        coverage["tools"] = "absent"
    found = [d for d, _ in machine.diagnostics]
    coverage, more = proven(chat_template, text, coverage, bos_token, eos_token, target)
    return Compiled(text, stops(chat_template, bos_token, eos_token), coverage, [*found, *more])


def define(machine: Lowering, block: go.Nodes) -> tuple[go.Nodes, dict[str, go.Nodes]]:
    """The statements, and the templates they include: recursive macros, stripped texts, JSON."""
    found: dict[str, go.Nodes] = {}
    block, lazy = defined_templates(machine, block)
    found.update(lazy)
    included = {n.name for n in go.all_nodes(block) if isinstance(n, go.Include)}
    todo = [name for name in machine.templates if name in included]
    while todo:
        name = todo.pop(0)
        body, lazy = defined_templates(machine, simplify(settle_pictures(machine, machine.templates[name])))
        found.update({k: v for k, v in lazy.items() if k not in found})
        found[name] = body
        more = {n.name for n in go.all_nodes(body) if isinstance(n, go.Include)}
        todo += [n for n in machine.templates if n in more and n not in found and n not in todo]
    return block, {name: simplify(body) for name, body in found.items()}


def proven(
    source: str, text: str, claimed: dict[str, str], bos_token: str | None, eos_token: str | None, target: str
) -> tuple[dict[str, str], list[Diagnostic]]:
    """What of the claims survives conversations generated from the template."""
    try:
        from .prove import prove  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return claimed, []
    proof = prove(
        source, text, bos_token=bos_token or "", eos_token=eos_token or "", target=target, claimed=claimed
    )
    return dict(proof.coverage), list(proof.diagnostics)


def lower_all(tree: nodes.Template, bos_token: str | None, eos_token: str | None, pictures: bool) -> Lowering:
    """Lowers the template; a recursive macro whose text is needed as a value is written out to a bound."""
    inline: frozenset[str] = frozenset()
    while True:
        try:
            return lower(tree, bos_token, eos_token, pictures, inline)
        except Again as e:
            inline |= {str(e)}


def lower(
    tree: nodes.Template,
    bos_token: str | None,
    eos_token: str | None,
    pictures: bool,
    inline: frozenset[str] = frozenset(),
) -> Lowering:
    """Executes the template on paths; the statements are the machine's output."""
    machine = Lowering()
    machine.pictures = pictures
    for name, value in frontend.globals_of(bos_token, eos_token).items():
        machine.state[(0, name)] = value
    machine.parents[0] = None
    machine.scope = machine.fresh()
    machine.parents[machine.scope] = 0
    machine.recursive = recursive_macros(tree) - inline
    machine.macro_names = frozenset(frontend.names_in_macros(tree))
    machine.live[machine.scope] = machine.macro_names
    try:
        machine.execute_all(tree.body)
    except Dead:
        pass
    except TooBig as e:
        machine.out = [go.Fail(str(e))]
        machine.diagnostics.append(
            (
                Diagnostic(
                    "MK611",
                    Severity.ERROR,
                    f"the template is too big to compile: {e}",
                    Span(line=machine.line),
                ),
                Facts(),
            )
        )
    return machine


def looks_at_pictures(source: str, bos_token: str | None, eos_token: str | None) -> bool:
    """Whether a picture changes what the reference renders, other than as a printed list."""
    from ..errors import KitError
    from ..jinja_reference import render_reference

    def render(images: int) -> str | None:
        message = {"role": "user", "content": "words", **({"images": 1} if images else {})}
        try:
            return render_reference(source, [message], bos_token=bos_token or "", eos_token=eos_token or "")
        except KitError:
            return None

    plain, picture = render(0), render(1)
    return picture is not None and picture != plain and "{'type'" not in picture and '{"type"' not in picture


def settle_pictures(machine: Lowering, block: go.Nodes) -> go.Nodes:
    """Tags and text of a message with pictures: together they are its content."""
    from .lower.pictures import tags_to_go, text_of_picture_message

    out: list[go.Node] = []
    skip = False
    for n, node in enumerate(block):
        if skip:
            skip = False
            continue
        if (
            isinstance(node, go.Print)
            and isinstance(node.expr, go.Call)
            and node.expr.fn.startswith("picture_")
        ):
            message = node.expr.args[0]
            follower = block[n + 1] if n + 1 < len(block) else None
            if follower == go.Print(go.call("picture_text", message)):
                out.append(go.Print(go.Field(message, "Content")))
                skip = True
                continue
            machine.out = []
            machine.worked_out = {}
            rule = tags_to_go if node.expr.fn == "picture_tags" else text_of_picture_message
            shown = rule(machine, message)
            out.extend([*machine.out, go.Print(shown)])
        elif isinstance(node, go.If):
            out.append(
                go.If(node.test, settle_pictures(machine, node.then), settle_pictures(machine, node.orelse))
            )
        elif isinstance(node, go.Range):
            body = settle_pictures(machine, node.body)
            out.append(go.Range(node.loop, node.over, body, node.item, node.index, node.count))
        else:
            out.append(node)
    return tuple(out)


def claim(machine: Lowering, tree: nodes.Template, pictures: bool) -> dict[str, str]:
    """What is exact as far as the compiler knows; findings count for the kinds they can concern."""
    names, words = frontend.names_in(tree), frontend.texts_in(tree)
    coverage = dict.fromkeys(CATEGORIES, "exact")
    if "tools" not in names and "tool_calls" not in words:
        coverage["tools"] = "absent"
    if not ({"enable_thinking", "thinking"} & names or {"reasoning_content", "thinking"} & words):
        coverage["thinking"] = "absent"
    if not pictures:
        coverage["images"] = "absent"
    for _, facts in machine.diagnostics:
        for kind in concerned(facts):
            if coverage[kind] == "exact":
                coverage[kind] = "partial"
    return coverage


def concerned(facts: Facts) -> tuple[str, ...]:
    """The kinds of conversations that can come to a place where these facts hold."""
    held = [e for t, answer in facts.known.items() if answer and isinstance(t, go.Atom) for e in [t.expr]]
    names = {x.name for e in held if isinstance(e, (go.Field, go.Root)) for x in [e]}
    if "Images" in names:
        return ("images",)
    if {"Tools", "ToolCalls", "ToolName", "ToolCallID"} & names or "tool" in facts.equal.values():
        return ("tools",)
    if {"Thinking", "Think"} & names:
        return ("thinking",)
    return CATEGORIES
