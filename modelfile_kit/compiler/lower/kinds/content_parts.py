"""The content of a message with images: one part an image, then one text part."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from jinja2 import nodes

from ...ir import nodes as go
from ...ir import operations as ops
from ...ir.nodes import Node, Test
from ...ir.operations import ImageTags, JsonStyle, TextAfterTags
from ...values.callables import LoopVariable
from ...values.choice import choose
from ...values.known import FALSE, NONE, TRUE, Const, DictEntry, KnownDict, KnownList, Undef
from ...values.lists import Selection, SelectionStep
from ...values.number import Int, go_int, sum_of
from ...values.request import ContentParts
from ...values.text import Part, Str, is_text, text_of
from ...values.truth import bool_of
from ...values.value import Value
from ..control_flow import Unsupported
from ..loops import has_break, has_exit, iteration, iteration_with_exits
from ..printing import prints
from ..ranges import fixpoint
from ..selections import apply
from ..semantics import (
    contains,
    element,
    iterate,
    json_parts,
    length,
    select,
    to_json,
    to_str,
)
from ..state import Carried, Key, State

IMAGE = KnownDict((DictEntry("type", Const("image")),))


def words_of(message: go.Expr) -> KnownDict:
    """The part with a message's text: it stands after the images."""
    text = Str((TextAfterTags(message),))
    return KnownDict((DictEntry("type", Const("text")), DictEntry("text", text)))


def words_with_tags(v: ContentParts) -> Const | Str:
    """A content with images where the template prints a content as it is.

    It does not know images there: the reference prints the list of parts. A reader expects the text, and
    Ollama needs its tags in the prompt.
    """
    return text_of(ImageTags(v.message), TextAfterTags(v.message))


@length.of(ContentParts)
def length_of_parts(st: State, v: ContentParts) -> Value:
    return sum_of({go.call("len", go.Field(v.message, "Images")): 1}, 1)


@to_str.of(ContentParts)
def parts_to_str(st: State, v: ContentParts) -> Value:
    return words_with_tags(v)


@to_json.of(ContentParts)
def parts_to_json(st: State, v: ContentParts, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return json_parts(st, words_with_tags(v), style, sort)


@contains.of(ContentParts)
def parts_contain(st: State, v: ContentParts, needle: Value) -> Test:
    return go.FALSE


@element.of(ContentParts)
def element_of_parts(st: State, v: ContentParts, n: Const | Int) -> Value:
    """`content[n]`: the words come last."""
    if not isinstance(n, Const) or not isinstance(n.value, int) or n.value < -1:
        raise Unsupported("a part of a message's content by this index", st.line)
    words = words_of(v.message)
    if n.value == -1:
        return words
    if n.value == 0:
        return IMAGE
    count = go.call("len", go.Field(v.message, "Images"))
    more = go.Atom(go.call("lt", go.Lit(n.value), count))
    here = choose(go.equal(count, go.Lit(n.value)), words, Undef())
    return st.settle(choose(st.facts.simplify(more), IMAGE, here))


@select.of(ContentParts)
def select_parts(st: State, v: ContentParts, step: SelectionStep) -> Value:
    """The text alone where a step keeps no images; else what takes a loop to find out."""
    kept, _ = apply(st, (step,), IMAGE)
    with_words, words = apply(st, (step,), words_of(v.message))
    if kept == go.FALSE and with_words == go.TRUE:
        return KnownList((words,))
    return Selection(v, (step,))


@iterate.of(ContentParts)
def iterate_parts(st: State, over: ContentParts, node: nodes.For) -> None:
    """An iteration for the images, then one for the text; the tags stand where the first writes."""
    images = go.Field(over.message, "Images")

    def once(loop: int) -> None:
        place = (
            go_int(go.Index(loop)),
            bool_of(go.equal(go.Index(loop), go.Lit(0))),
            FALSE,
        )
        iteration(st, node, IMAGE, LoopVariable(loop, None, position=place))

    def build(body: list[Node], loop: int) -> Node:
        return go.Range(loop, images, tuple(_without_text(body)), item="image")

    exits = has_exit(node)
    done = st.declare("done", go.Lit(False)) if has_break(node) else None
    mark = len(st.out)
    written, told = _told_of_images(st, once)
    fixpoint(st, once, build, node.lineno, done)
    for key, before in told.items():
        # a text that only got the image's own text now has the tags there
        st.state[key] = text_of(*st.parts(before), ImageTags(over.message))
    silent = isinstance(st.out[-1], go.Range) and not go.blocks(st.out[-1])[0]
    if silent:
        st.out.pop()
    tags: list[Node] = [go.Print(ops.ImageTags(over.message))]
    if written != go.TRUE:
        tags = [go.If(written, tuple(tags))] if written != go.FALSE else []
    at = mark if silent else len(st.out)
    st.out[at:at] = tags
    place = (go_int(go.call("len", images)), FALSE, TRUE)

    def words(_loop: int = 0) -> None:
        iteration(st, node, words_of(over.message), LoopVariable(0, None, position=place))

    if exits:
        st.require("range_int", "break or continue in a loop over the parts of a content")
        iteration_with_exits(st, words, node.lineno, done)
    else:
        words()


def _told_of_images(st: State, once: Callable[[int], None]) -> tuple[go.Test, dict[Key, Value]]:
    """When an image's iteration writes; the names it appends a known text to, with what they held before."""

    def alone() -> Value:
        # an exit leaves this iteration, not a loop around it
        st.loops.append(Carried({}))
        try:
            once(st.fresh())
        finally:
            st.loops.pop()
        return NONE

    before, notes = dict(st.state), list(st.diagnostics)
    run = st.run(st.facts, alone)
    st.diagnostics[:] = notes
    found: dict[Key, Value] = {}
    for key, value in before.items():
        after = run.state.get(key)
        if after is None or after is value or not (is_text(value) and is_text(after)):
            continue
        old, new = st.parts(value), st.parts(after)
        tail = new[len(old) :] if new[: len(old)] == old else None
        if tail is None and old and isinstance(old[-1], str) and isinstance(new[-1], str):
            tail = (new[-1],) if new[:-1] == old[:-1] and new[-1].startswith(old[-1]) else None
        if tail and all(isinstance(p, str) for p in tail):
            found[key] = value
    return _writes(tuple(run.nodes), st.visible()), found


def _writes(block: go.Nodes, visible: AbstractSet[int]) -> go.Test:
    """When statements print, as a test to ask before them; what only shows inside is taken to hold."""
    tests: list[go.Test] = []
    for n in block:
        if isinstance(n, go.If):
            then, orelse = _writes(n.then, visible), _writes(n.orelse, visible)
            inside = {x for e in go.test_exprs(n.test) for x in go.walk(e)}
            if any(
                isinstance(x, go.Index) or (isinstance(x, go.Var) and x.id not in visible) for x in inside
            ):
                tests += [then, orelse]
            else:
                tests += [go.both(n.test, then), go.both(go.negate(n.test), orelse)]
        elif prints((n,)):
            return go.TRUE
    return go.either(*tests)


def _without_text(body: list[Node]) -> list[Node]:
    out: list[Node] = []
    for n in body:
        if isinstance(n, (go.Text, go.Print)):
            continue
        if isinstance(n, go.If):
            then, orelse = tuple(_without_text(list(n.then))), tuple(_without_text(list(n.orelse)))
            if then or orelse:
                out.append(go.If(n.test, then, orelse, n.origin))
        else:
            out.append(n)
    return out
