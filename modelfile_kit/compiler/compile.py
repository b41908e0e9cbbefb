"""Puts the steps together: frontend, specialisation, simplification, printing, proof."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from jinja2 import nodes

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import KitError, TemplateReferenceError
from ..huggingface import Reference
from ..ollama.versions import Target
from ..prover.prove import prove
from ..replies.reply_support import understanding
from ..replies.stops import stops
from . import frontend
from .claims import claim, looks_at_pictures
from .explain.observer import Watch
from .ir import nodes as go
from .ir.printer import emit
from .ir.verify import InvalidStatementsError, verify
from .lower.control_flow import Again, Dead, TooBig
from .lower.facts import Facts
from .lower.images import settle_images
from .lower.lazy import defined_templates
from .lower.recursion import define_all, recursive_macros
from .lower.state import State
from .lower.visitor import RULES
from .passes.inference_hints import with_hints
from .passes.legalize import legalize
from .passes.simplify import simplify

# Steps for two renderings of a short question; the hungriest real template takes 7,000, and the proof renders
# a template some hundred times.
LOOK_STEPS = 300_000
TOO_BIG = "use native mode, or a TEMPLATE written by hand"


@dataclass(frozen=True)
class Compiled:
    """A compiled chat template.

    template: the Go TEMPLATE. stop: texts that end a turn. coverage: for each of chat, tools,
    thinking and images: "exact" (every conversation of that kind that Ollama can express gives the
    reference's bytes, one leading BOS aside), "partial", "unsupported" or "absent"; a conversation
    of several kinds is promised where all its kinds are "exact". diagnostics: why something is not
    exact, with the construct and its line.
    """

    template: str
    stop: list[str]
    coverage: dict[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True)
class Translation:
    """A compilation that is not proven yet, with the statements it was printed from."""

    compiled: Compiled
    statements: go.Nodes
    definitions: dict[str, go.Nodes]


def compile_template(
    chat_template: str, *, bos_token: str | None = "", eos_token: str | None = "", target: str = "latest"
) -> Compiled:
    """Compiles a chat template into a TEMPLATE for Ollama.

    chat_template: Jinja source. bos_token, eos_token: their texts; None leaves the name undefined.
    target: the oldest Ollama the result has to run on ("0.9.6", ">=0.30") or "latest".
    Raises TemplateReferenceError for a source that is no chat template, UsageError for a target that
    is no version.

        >>> from modelfile_kit import compile_template
        >>> jinja = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
        >>> compiled = compile_template(jinja)
        >>> print(compiled.template)
        {{ range .Messages }}<|{{ .Role }}|>{{ .Content }}
        {{- end }}<|assistant|>
        >>> compiled.coverage
        {'chat': 'exact', 'tools': 'absent', 'thinking': 'absent', 'images': 'absent'}
    """
    found = translate(chat_template, bos_token=bos_token, eos_token=eos_token, target=target)
    return prove_translation(found, chat_template, bos_token=bos_token, eos_token=eos_token, target=target)


def prove_translation(
    found: Compiled, chat_template: str, *, bos_token: str | None, eos_token: str | None, target: str
) -> Compiled:
    """A translation with only the claims left that hold."""
    if found.coverage["chat"] == "unsupported":
        return found  # too slow to be looked at
    proof = prove(
        chat_template,
        found.template,
        bos_token=bos_token,
        eos_token=eos_token,
        target=target,
        claimed=found.coverage,
    )
    reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
    coverage, told = understanding(reference, found.template, proof.coverage, target)
    return Compiled(found.template, found.stop, coverage, [*found.diagnostics, *proof.diagnostics, *told])


def translate(
    chat_template: str, *, bos_token: str | None = "", eos_token: str | None = "", target: str = "latest"
) -> Compiled:
    """The same without the proof: `coverage` is what the compiler believes."""
    tree = frontend.parse(chat_template)
    reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
    return translate_tree(tree, reference, bos_token, eos_token, Target.parse(target)).compiled


def translate_tree(
    tree: nodes.Template,
    reference: Reference,
    bos_token: str | None,
    eos_token: str | None,
    target: Target,
    watch: Watch | None = None,
) -> Translation:
    """The statements of a parsed chat template, printed; `watch` hears of every step."""
    pictures = looks_at_pictures(reference)
    if reference.steps > LOOK_STEPS:
        return _too_slow()
    try:
        machine = lower_all(tree, bos_token, eos_token, pictures, target, watch)
        body = simplify(settle_images(machine, tuple(machine.out)))
        statements, definitions = define(machine, simplify(body))
        statements = legalize(statements)
        definitions = {name: legalize(block) for name, block in definitions.items()}
        verify(statements, definitions, target)
        text = emit(statements, definitions)
        has_tools = ".Tools" in text or ".ToolCalls" in text
        hinted = with_hints(statements, text, reference, target)
        text = emit(hinted, definitions) if hinted != statements else text
        verify(hinted, definitions, target)
    except RecursionError as e:
        raise TemplateReferenceError("the chat template nests too deeply to be compiled") from e
    except InvalidStatementsError as e:
        if not isinstance(watch, _Lines):
            # once more, to learn which line of the chat template it came from
            return translate_tree(tree, reference, bos_token, eos_token, target, _Lines())
        return _invalid(e)
    coverage = claim(machine, tree, pictures)
    if not has_tools:
        coverage["tools"] = "absent"
    if pictures and _needs_parts(reference):
        # what such a template writes for a picture cannot be told from the words that come with it
        coverage["images"] = "partial"
    found = [d for d, _ in machine.diagnostics]
    return Translation(Compiled(text, stops(reference, eos_token), coverage, found), hinted, definitions)


def _needs_parts(reference: Reference) -> bool:
    """Whether the words of a message only show when the content is a list of parts."""
    words = "words of a message"
    try:
        return words not in reference.render([{"role": "user", "content": words}])
    except KitError:
        return False


class _Lines(Watch):
    """Notes the line that each statement comes from."""

    def begins(self, node: nodes.Node, origin: tuple[int, ...]) -> tuple[int, ...]:
        return (node.lineno,)


def _invalid(e: InvalidStatementsError) -> Translation:
    """What is left where the compiler made a mistake: nothing that could be taken for a TEMPLATE."""
    what = f"internal compiler error: the generated TEMPLATE is invalid (please report): {e.message}"
    where = Span(line=e.origin[0]) if e.origin else None
    return _refused(Diagnostic("MK657", Severity.ERROR, what, where, TOO_BIG))


def _too_slow() -> Translation:
    """What is left of a template that nobody waits for."""
    what = f"the chat template takes more than {LOOK_STEPS:,} steps to render one word"
    return _refused(Diagnostic("MK611", Severity.ERROR, what, None, "is this a chat template? " + TOO_BIG))


def _refused(told: Diagnostic) -> Translation:
    """A TEMPLATE that answers every request with an error."""
    statements: go.Nodes = (go.Fail(told.message),)
    coverage = {"chat": "unsupported", **dict.fromkeys(("tools", "thinking", "images"), "absent")}
    return Translation(Compiled(emit(statements, {}), [], coverage, [told]), statements, {})


def define(machine: State, block: go.Nodes) -> tuple[go.Nodes, dict[str, go.Nodes]]:
    """The statements, and the templates they include: recursive macros, stripped texts, JSON."""
    found: dict[str, go.Nodes] = {}
    block, lazy = defined_templates(machine, block)
    found.update(lazy)
    included = {n.name for n in go.all_nodes(block) if isinstance(n, go.Include)}
    todo = [name for name in machine.templates if name in included]
    while todo:
        name = todo.pop(0)
        body, lazy = defined_templates(machine, simplify(settle_images(machine, machine.templates[name])))
        found.update({k: v for k, v in lazy.items() if k not in found})
        found[name] = body
        more = {n.name for n in go.all_nodes(body) if isinstance(n, go.Include)}
        todo += [n for n in machine.templates if n in more and n not in found and n not in todo]
    return block, {name: simplify(body) for name, body in found.items()}


def lower_all(
    tree: nodes.Template,
    bos_token: str | None,
    eos_token: str | None,
    pictures: bool,
    target: Target,
    watch: Watch | None = None,
) -> State:
    """Lowers the template; a recursive macro whose text is needed as a value is written out to a bound."""
    inline: frozenset[str] = frozenset()
    while True:
        try:
            return lower(tree, bos_token, eos_token, pictures, target, inline, watch)
        except Again as e:
            inline |= {str(e)}


def lower(
    tree: nodes.Template,
    bos_token: str | None,
    eos_token: str | None,
    pictures: bool,
    target: Target,
    inline: frozenset[str] = frozenset(),
    watch: Watch | None = None,
) -> State:
    """Executes the template on paths; the statements are the machine's output."""
    machine = State(RULES)
    machine.images, machine.target, machine.watch = pictures, target, watch or machine.watch
    for name, value in frontend.globals_of(bos_token, eos_token, target).items():
        machine.state[(0, name)] = value
    machine.parents[0] = None
    machine.scope = machine.fresh()
    machine.parents[machine.scope] = 0
    machine.recursive = recursive_macros(tree) - inline
    machine.macro_names = frozenset(frontend.names_in_macros(tree))
    machine.live[machine.scope] = machine.macro_names
    try:
        with contextlib.suppress(Dead):
            machine.execute_all(tree.body)
        define_all(machine)
    except TooBig as e:
        machine.out = [go.Fail(str(e))]
        where = Span(line=machine.line)
        found = Diagnostic("MK611", Severity.ERROR, f"too big to be compiled: {e}", where, TOO_BIG)
        machine.diagnostics.append((found, Facts()))
    return machine
