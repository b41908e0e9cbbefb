"""A chat template's syntax tree, and the names it can see.

Parsed with the environment of the reference, so both mean the same template.
"""

from __future__ import annotations

import jinja2
from jinja2 import nodes

from ..core.diagnostics import Span
from ..core.errors import TemplateReferenceError
from ..huggingface import environment
from ..huggingface.other_texts import require_chat_template
from ..ollama.versions import Target
from .ir import nodes as go
from .values.callables import Builtin
from .values.choice import choose
from .values.known import NONE, TRUE, Const, KnownDict, Undef
from .values.request import Data, RuntimeValue
from .values.text import go_text
from .values.truth import Bool
from .values.value import Value

# The longest known chat template has some 20,000 characters.
MAX_SOURCE = 100_000
# Nested deeper than any template is; Python's own stack would end at about three times this.
MAX_DEPTH = 120


def parse(source: str) -> nodes.Template:
    """The tree of a chat template.

    Raises TemplateReferenceError for a source that is something else, such as a Go template, and with the
    line for one that does not parse.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateReferenceError(
            f"the chat template has {len(source):,} characters, more than the {MAX_SOURCE:,} allowed",
            help="is this a chat template? Known ones have at most some 20,000 characters",
        )
    require_chat_template(source)
    try:
        tree = environment().parse(source)
    except jinja2.TemplateSyntaxError as e:
        raise TemplateReferenceError(
            f"the chat template does not parse: {e.message}",
            span=Span(line=e.lineno),
            help="chat templates are Jinja2 with loop controls and the `generation` tag",
        ) from e
    except RecursionError as e:
        raise TemplateReferenceError("the chat template is nested too deeply") from e
    except ValueError as e:
        raise TemplateReferenceError(
            f"the chat template does not parse: {e}", help="Hugging Face cannot parse it either"
        ) from e
    _check_depth(tree)
    return tree


def _check_depth(tree: nodes.Node) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise TemplateReferenceError(
        f"the chat template is nested deeper than {MAX_DEPTH} levels", span=Span(line=level[0].lineno)
    )


def names_in(tree: nodes.Node) -> frozenset[str]:
    """The names that a node reads, with everything inside it; they are remembered with the node."""
    found: frozenset[str] | None = tree.__dict__.get("_names")
    if found is None:
        found = frozenset().union(*map(_names_read, tree.iter_child_nodes()))
        if isinstance(tree, nodes.Name):
            found |= {tree.name}
        tree.__dict__["_names"] = found
    return found


def _names_read(node: nodes.Node) -> frozenset[str]:
    """The same for a node inside another one: a name may be written there, a namespace is read."""
    if isinstance(node, nodes.Name):
        return frozenset((node.name,)) if node.ctx == "load" else frozenset()
    return names_in(node) | {node.name} if isinstance(node, nodes.NSRef) else names_in(node)


def names_in_macros(tree: nodes.Node) -> set[str]:
    """The names that macros and call blocks read, at whatever time they are called."""
    return {name for m in tree.find_all((nodes.Macro, nodes.CallBlock)) for name in names_in(m)}


def texts_in(tree: nodes.Node) -> set[str]:
    """The attributes and string constants: they show which parts of a message a template uses."""
    found = {n.attr for n in tree.find_all(nodes.Getattr)}
    return found | {n.value for n in tree.find_all(nodes.Const) if isinstance(n.value, str)}


FUNCTIONS = ("raise_exception", "namespace", "range", "dict", "strftime_now", "cycler", "joiner", "lipsum")


def globals_of(
    bos_token: str | None, eos_token: str | None, target: Target, *, medium: bool = True
) -> dict[str, Value]:
    """The variables of a rendering: what Hugging Face gives and what Ollama's request can fill.

    medium: whether the level "medium", which Ollama also gives a request that only says `think: true`, is a
    `reasoning_effort`; else it leaves that undefined.
    """
    thinking = choose(
        go.Atom(go.Root("IsThinkSet")), Bool(go.Atom(go.Root("Think"))), Undef("enable_thinking")
    )
    names: dict[str, Value] = {name: Builtin(name) for name in FUNCTIONS}
    names |= {
        "messages": RuntimeValue(Data.MESSAGES, go.Root("Messages")),
        "tools": choose(go.Atom(go.Root("Tools")), RuntimeValue(Data.TOOLS, go.Root("Tools")), NONE),
        "documents": NONE,
        "add_generation_prompt": TRUE,
        # the template's own blocks; chat templates have none
        "self": KnownDict(()),
    }
    if target.has("thinking"):
        names |= {"enable_thinking": thinking, "thinking": thinking}
    if target.has("think_level"):
        level = go.Root("ThinkLevel")
        given: go.Test = go.Atom(level)
        if not medium:
            given = go.both(given, go.negate(go.equal(level, go.Lit("medium"))))
        names["reasoning_effort"] = choose(given, go_text(level, nonempty=True), Undef("reasoning_effort"))
    for name, token in (("bos_token", bos_token), ("eos_token", eos_token)):
        if token is not None:
            names[name] = Const(token)
    return names
