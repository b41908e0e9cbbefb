"""Statements that are no valid TEMPLATE, each caught by the check that is for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler.compile import translate
from modelfile_kit.compiler.ir import nodes as go
from modelfile_kit.compiler.ir import operations as ops
from modelfile_kit.compiler.ir.printer import emit
from modelfile_kit.compiler.ir.verify import InvalidStatementsError, verify
from modelfile_kit.core.errors import KitError
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.ollama.versions import Target

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
LATEST = Target()
MESSAGES, SYSTEM, TOOLS = go.Root("Messages"), go.Root("System"), go.Root("Tools")
ITEM, INDEX = go.Item(1), go.Index(1)
ROLE, IMAGES, CALLS = (go.Field(ITEM, name) for name in ("Role", "Images", "ToolCalls"))
X, Y = go.Var(1, "x"), go.Var(2, "y")
ONE, TEXT = go.Lit(1), go.Lit("a")
LENGTH = go.call("len", MESSAGES)


def over(*body: go.Node) -> go.Range:
    return go.Range(1, MESSAGES, body)


def shown(fn: str, *args: go.Expr) -> go.Node:
    return over(go.Print(go.call(fn, *args)))


# what is wrong, the statement, and a part of the message
INVALID: dict[str, tuple[go.Node, str]] = {
    "no such function": (shown("mod2", ONE), "no function mod2"),
    "a function that came later": (shown("toTypeScriptTypes", ONE), "no function toTypeScriptTypes"),
    "too few arguments": (shown("eq", ONE), "eq with 1 arguments"),
    "too many arguments": (shown("len", TEXT, TEXT), "len with 2 arguments"),
    "an operation that was not lowered": (go.Print(ops.Remainder(LENGTH, 2)), "Remainder is not lowered"),
    "inside another expression": (shown("len", ops.Strip(ROLE)), "Strip is not lowered"),
    "a variable that nothing declares": (go.Print(X), "$x is used where it is not declared"),
    "assigned before it is declared": (go.Set(X, ONE), "$x"),
    "declared from itself": (go.Declare(X, go.call("len", X)), "$x"),
    "declared in another branch": (
        go.If(go.Atom(SYSTEM), (go.Declare(X, ONE), go.Print(X)), (go.Print(X),)),
        "$x",
    ),
    "declared in a test's branch and asked after it": (
        over(go.If(go.Atom(ROLE), (go.Declare(Y, ONE),)), go.If(go.Atom(Y), (go.Text("a"),))),
        "$y",
    ),
    "an element outside of its range": (go.Print(ROLE), "the item of a range outside of it"),
    "an index outside of its range": (go.Print(INDEX), "the index of a range outside of it"),
    "the element of a number": (go.Range(1, ONE, (go.Print(ITEM),), count=True), "range over a number"),
    "break outside of a range": (go.If(go.Atom(SYSTEM), (go.Break(),)), "break outside"),
    "continue outside of a range": (go.Continue(), "continue outside"),
    "an include of what is not defined": (go.Include("strip", SYSTEM), "'strip' is not defined"),
    "a refusal that would run a template": (go.Fail("defined"), "the name of a defined template"),
    "an argument outside of a template": (go.Print(go.Dot()), "outside of one"),
    "a request without such a field": (go.Print(go.Root("Turns")), "no .Turns"),
    "a message without such a field": (over(go.Print(go.Field(ITEM, "Text"))), "no field or method Text"),
    "the field of a text": (over(go.Print(go.Field(ROLE, "Name"))), "field Name of a text"),
    "the field of a list": (go.Print(go.Field(MESSAGES, "Role")), "field Role of a list"),
    "the length of a number": (shown("len", LENGTH), "len of a number"),
    "the length of a truth value": (shown("len", go.call("not", ROLE)), "len of a truth value"),
    "a slice of a number": (shown("slice", INDEX, ONE), "slice of a number"),
    "a slice at a text": (shown("slice", ROLE, TEXT), "slice at a text"),
    "an index that is a text": (shown("index", MESSAGES, ROLE), "index at a text"),
    "a text against a number": (shown("eq", ROLE, ONE), "eq of a text and a number"),
    "a truth value against a number": (shown("ne", go.call("not", ROLE), LENGTH), "ne of a truth value"),
    "the third operand": (shown("eq", ROLE, TEXT, ONE), "eq of a text and a number"),
    "the order of truth values": (shown("lt", go.Lit(True), go.Lit(False)), "lt of a truth value"),
    "lists compared": (shown("eq", IMAGES, CALLS), "eq of a list"),
    "a range over a text": (go.Range(1, SYSTEM, (go.Text("a"),)), "range over a text"),
    "a range over a number as a list": (go.Range(1, LENGTH, (go.Text("a"),)), "range over a number"),
    "a range over a list as a number": (
        go.Range(1, MESSAGES, (go.Text("a"),), count=True),
        "as over a number",
    ),
    "a format without its operand": (shown("printf", go.Lit("%s%s"), TEXT), "with 1 operands"),
    "a format with one too many": (shown("printf", go.Lit("a"), TEXT), "with 1 operands"),
    "a text for a width": (shown("printf", go.Lit("%*s"), TEXT, TEXT), "with a text"),
    "a number as a text": (shown("printf", go.Lit("%s"), LENGTH), "with a number"),
    "a text as a number": (shown("printf", go.Lit("%032b"), ROLE), "with a text"),
    "a format that is not known": (shown("printf", ROLE), "no constant text"),
    "another format put together": (
        shown("printf", go.call("printf", go.Lit("%%%sd"), ROLE), TEXT),
        "no constant text",
    ),
    "a number padded": (shown("printf", go.call("printf", go.Lit("%%%ss"), ROLE), LENGTH), "with a number"),
    "through a variable": (
        over(go.Declare(X, LENGTH), go.Set(X, ONE), go.Print(go.call("slice", X, ONE))),
        "slice of a number",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_caught(name: str) -> None:
    n, message = INVALID[name]
    with pytest.raises(InvalidStatementsError) as e:
        verify((n,), {"defined": ()}, LATEST)
    assert message in e.value.message
    # and in a template that it defines
    if name != "an argument outside of a template":
        with pytest.raises(InvalidStatementsError):
            verify((), {"defined": (n,)}, LATEST)


# What Go executes all the same: nil lists are comparable, a range tells numbers from lists by itself.
EXECUTED = {
    "lists compared",
    "a range over a number as a list",
    "a range over a list as a number",
    "a format that is not known",
}


@pytest.mark.parametrize("name", INVALID)
def test_go_does_not_take_it_either(name: str) -> None:
    """What is called invalid does not print, fails, or prints what nobody meant."""
    n, _ = INVALID[name]
    messages: list[dict[str, Any]] = [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]
    try:
        text = emit((n,), {"defined": (go.Text("!wrong"),)})
        prompt = render_prompt(text, messages)
    except (KitError, KeyError, TypeError):
        return
    assert name in EXECUTED or any(sign in prompt for sign in ("!", "<no value>", "map[")), prompt


VALID: dict[str, go.Nodes] = {
    "a variable in a block inside": (go.Declare(X, ONE), over(go.Set(X, INDEX), go.Print(X))),
    "declared again in another block": (over(go.Declare(X, ONE)), go.Declare(X, TEXT), go.Print(X)),
    "a variable of two types": (go.Declare(X, ONE), go.Set(X, TEXT), go.Print(go.call("len", X))),
    "break in an if in a range": (over(go.If(go.Atom(ROLE), (go.Break(),))),),
    "a byte and a number": (go.If(go.equal(go.call("index", SYSTEM, ONE), go.Lit(60)), (go.Text("a"),)),),
    "an include": (go.Include("strip", SYSTEM), go.Fail("no")),
    "formats": (
        over(go.Print(go.call("printf", go.Lit("%%%.1s%*s%T%.*s"), ROLE, INDEX, TEXT, TEXT, ONE, ROLE))),
    ),
    "what only reading servers see": (go.If(go.FALSE, (over(go.Print(go.Field(ITEM, "Thinking"))),)),),
}


@pytest.mark.parametrize("name", VALID)
def test_valid(name: str) -> None:
    """`verify` raises where something is wrong, as the tests above see."""
    strip: go.Nodes = (go.Print(go.Dot()), go.Print(go.Field(go.Dot(), "Any")))
    verify(VALID[name], {"strip": strip}, LATEST)


def test_the_target_decides() -> None:
    date = (go.Print(go.call("currentDate")),)
    thought = (over(go.Print(go.Field(ITEM, "Thinking"))),)
    count = (go.Range(1, LENGTH, (go.Text("a"),), count=True),)
    for nodes in (date, thought, count):
        verify(nodes, {}, LATEST)
        with pytest.raises(InvalidStatementsError):
            verify(nodes, {}, Target.parse("0.5.5"))


def test_the_request_is_not_seen_inside_a_template() -> None:
    with pytest.raises(InvalidStatementsError, match=r"\.Messages inside a defined template"):
        verify((), {"a": (go.Print(MESSAGES),)}, LATEST)


def test_the_construct_is_named() -> None:
    with pytest.raises(InvalidStatementsError) as e:
        verify((over(go.If(go.Atom(ROLE), (go.Print(X),), origin=(7,))),), {}, LATEST)
    assert e.value.origin == (7,)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no ../shared/corpus here")
@pytest.mark.parametrize(("part", "target"), [*enumerate(["latest", "0.9.0", "0.5.5"])])
def test_real_templates_compile_to_valid_statements(part: int, target: str) -> None:
    """Each template for one of the targets; what is invalid is refused with MK657."""
    entries = json.loads((CORPUS / "index.json").read_text(encoding="utf-8"))
    assert entries
    for entry in entries[part::3]:
        source = (CORPUS / entry["file"]).read_text(encoding="utf-8")
        tokens = {name: entry.get(name) or "" for name in ("bos_token", "eos_token")}
        found = translate(source, **tokens, target=target)
        assert [d.message for d in found.diagnostics if d.code == "MK657"] == [], entry["id"]
