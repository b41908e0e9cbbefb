"""The compiler: a chat template goes in, a TEMPLATE whose prompts are proven comes out.

The steps, in the order of `translate_tree` and `compile_template`:

1. `frontend` parses the chat template as Hugging Face does.
2. `lower` executes it on every path that a request can take; what only shows at run time becomes statements.
3. `definitions` simplifies them (`passes/simplify.py`) and defines the templates that they include.
4. `passes/legalize.py` replaces what Go has no function for by what it has; `passes/type_questions.py`,
   `passes/joined_equations.py`, `passes/joined_lists.py`, `passes/conditional_values.py` and
   `passes/appended_texts.py` make use of what Go can ask, choose and append at once;
   `passes/outlined_repeats.py` and `passes/named_values.py` write once what is there twice.
5. `passes/inference_hints.py` adds what Ollama reads out of a TEMPLATE without running it.
6. `ir/verify.py` checks the statements against the target's functions and types, `ir/printer.py` prints them.
7. `claims` says which kinds of conversations should be exact.
8. The prover compares prompts and takes back what does not hold; `replies` tells how replies are read back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import nodes

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import TemplateReferenceError
from ..core.later import later
from ..core.step_account import steps_together
from ..huggingface import Reference, TemplateLimitError
from ..ollama.reply_tokens import ReplyTokens
from ..ollama.versions import Target
from ..replies.stops import stops
from . import frontend, unread
from .claims import claims, ignores_strings, refuses_medium, shows_images
from .definitions import with_definitions
from .explain.observer import Observer
from .ir import nodes as go
from .ir.printer import emit
from .ir.verify import InvalidStatementsError, verify
from .lower.lower import TOO_BIG_HELP, lower
from .passes.appended_texts import append_at_once
from .passes.conditional_values import choose_in_expressions
from .passes.inference_hints import hints
from .passes.joined_equations import join_equations
from .passes.joined_lists import join_lists_of_one
from .passes.legalize import legalize
from .passes.named_values import name_values
from .passes.outlined_repeats import outline_repeats
from .passes.simplify import Pass
from .passes.type_questions import merge_type_questions

# Of no use where a template is only translated, as `inspect` does.
if TYPE_CHECKING:
    from ..prover import prove as prover
    from ..replies import reply_support
else:
    prover = later("modelfile_kit.prover.prove")
    reply_support = later("modelfile_kit.replies.reply_support")

# Steps that a compilation takes at most beside its proof, which has an account of its own.
JINJA_STEPS, GO_STEPS = 600_000, 4_000_000
# What happens to simplified statements, in this order: Go's own functions alone, and the most made of them.
_IN_GO: tuple[Pass, ...] = (
    legalize,
    merge_type_questions,
    join_equations,
    join_lists_of_one,
    choose_in_expressions,
    append_at_once,
)


@dataclass(frozen=True)
class Compiled:
    """A compiled chat template.

    template: the Go TEMPLATE. stop: texts that end a turn. coverage: for each of chat, tools,
    thinking and images: "exact" (every conversation of that kind that Ollama can express gives the
    reference's bytes, one leading BOS aside), "partial", "unsupported" or "absent"; a conversation
    of several kinds is promised where all its kinds are "exact". diagnostics: why something is not
    exact, with the construct and its line. parser: the PARSER to write beside the TEMPLATE, None for none.
    replies: for each of answer, thinking and tools: "exact" (what the model writes comes back as it was
    meant, whole and in any pieces), "partial", "unread" or "absent" (the chat template shows none).
    """

    template: str
    stop: list[str]
    coverage: dict[str, str]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    parser: str | None = None
    replies: dict[str, str] = field(default_factory=dict)


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
    with steps_together(JINJA_STEPS, GO_STEPS):
        found = translate(chat_template, bos_token=bos_token, eos_token=eos_token, target=target)
        return prove_translation(
            found, chat_template, bos_token=bos_token, eos_token=eos_token, target=target
        )


def prove_translation(
    found: Compiled,
    chat_template: str,
    *,
    bos_token: str | None,
    eos_token: str | None,
    target: str,
    parser: str = "auto",
    family: str = "",
    tokens: ReplyTokens | None = None,
) -> Compiled:
    """A translation with only the claims left that hold, and with the reader of the replies.

    parser: "auto" for the PARSER that is proven best, "none", or a name. family: the GGUF's architecture;
    tokens: the special tokens of its vocabulary, where it is known.
    """
    if found.coverage["chat"] == "unsupported":
        return found  # refused: there is nothing to prove
    proof = prover.prove(
        chat_template,
        found.template,
        bos_token=bos_token,
        eos_token=eos_token,
        target=target,
        claimed=found.coverage,
    )
    reference = Reference(chat_template, bos_token=bos_token, eos_token=eos_token)
    support = reply_support.check_replies(
        reference,
        found.template,
        proof.coverage,
        target,
        parser=parser,
        family=family,
        eos_token=eos_token,
        tokens=tokens,
    )
    return Compiled(
        found.template,
        found.stop,
        proof.coverage,
        [*found.diagnostics, *proof.diagnostics, *support.diagnostics],
        support.parser or None,
        support.replies,
    )


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
    observer: Observer | None = None,
) -> Translation:
    """The translation of a parsed chat template; `observer` hears of every step of the lowering."""
    try:
        images = shows_images(reference)
        medium = not refuses_medium(reference)
        ignored = unread.ignores_messages(tree, reference)
        strings_ignored = images and ignores_strings(reference)
    except TemplateLimitError as e:
        return _too_much(e)
    try:
        lowered = lower(tree, bos_token, eos_token, images, target, observer, medium=medium)
        if lowered.too_big is not None:
            return _refused(lowered.too_big)
        statements, definitions = with_definitions(lowered)
        statements = _in_go(statements)
        definitions = {name: _in_go(block) for name, block in definitions.items()}
        verify(statements, definitions, target)
        template = emit(statements, definitions)
        outlined = outline_repeats(statements, definitions)
        if len(shorter := emit(*outlined)) < len(template):
            (statements, definitions), template = outlined, shorter
        named = name_values(statements), {name: name_values(block) for name, block in definitions.items()}
        if len(shorter := emit(*named)) < len(template):
            (statements, definitions), template = named, shorter
        verify(statements, definitions, target)
        before, after = hints(template, reference, target)
        if before or after:
            verify((*before, *after), definitions, target)
            statements = (*before, *statements, *after)
            hinted = emit(statements, definitions)
        else:
            hinted = template
    except RecursionError as e:
        raise TemplateReferenceError("the chat template nests too deeply to be compiled") from e
    except InvalidStatementsError as e:
        if not isinstance(observer, _Lines):
            # once more, to learn which line of the chat template it came from
            return translate_tree(tree, reference, bos_token, eos_token, target, _Lines())
        return _invalid(e)
    coverage = claims(tree, template, lowered.diagnostics, images, ignores_strings=strings_ignored)
    if ".Think" not in hinted and ".IsThinkSet" not in hinted:
        coverage["thinking"] = "absent"  # a chat template that sets the switch itself
    found = [d for d, _ in lowered.diagnostics]
    if ignored:
        found.append(Diagnostic(unread.CODE, Severity.ERROR, unread.MESSAGE, None, unread.HELP))
    return Translation(
        Compiled(hinted, stops(reference, eos_token), coverage, found), statements, definitions
    )


def _in_go(nodes: go.Nodes) -> go.Nodes:
    """Simplified statements in the words of Go."""
    for each in _IN_GO:
        nodes = each(nodes)
    return nodes


class _Lines(Observer):
    """Notes the line that each statement comes from."""

    def begins(self, node: nodes.Node, origin: tuple[int, ...]) -> tuple[int, ...]:
        return (node.lineno,)


def _invalid(e: InvalidStatementsError) -> Translation:
    """The result where the compiler made a mistake: nothing that could be taken for a TEMPLATE."""
    what = f"internal compiler error: the generated TEMPLATE is invalid (please report): {e.message}"
    where = Span(line=e.origin[0]) if e.origin else None
    return _refused(Diagnostic("MK657", Severity.ERROR, what, where, TOO_BIG_HELP))


def _too_much(limit: TemplateLimitError) -> Translation:
    """The result for a chat template that one word is enough to bring to a limit of the rendering."""
    what = f"too big to be compiled: {limit.message}"
    return _refused(Diagnostic("MK611", Severity.ERROR, what, limit.span, f"{limit.help}; {TOO_BIG_HELP}"))


def _refused(told: Diagnostic) -> Translation:
    """A TEMPLATE that answers every request with an error."""
    statements: go.Nodes = (go.Fail(told.message),)
    coverage = {"chat": "unsupported", **dict.fromkeys(("tools", "thinking", "images"), "absent")}
    return Translation(Compiled(emit(statements, {}), [], coverage, [told]), statements, {})
