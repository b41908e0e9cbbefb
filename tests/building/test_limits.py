"""A limit of the kit's own is never a judgement: wherever it strikes, it is told, and nothing else is.

Renderings are counted, and from one of them on every one meets a limit, or that one alone. What is found then
is held to what is found without a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.building.plan import BuildError
from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.errors import KitError
from modelfile_kit.gotemplate.budget import LimitError
from modelfile_kit.gotemplate.template import Template
from modelfile_kit.huggingface import Reference
from modelfile_kit.huggingface.guard import too_many_steps
from modelfile_kit.micro import build_model

LIMITS = {"MK212", "MK221", "MK611", "MK655"}
# What follows from a proof or a translation that did not end, and points to the finding that says so.
FOLLOWS = {"MK514", "MK515"}
JINJA = """{% if tools %}{{ tools | tojson }}{% endif %}{%- for m in messages %}<|{{ m.role }}|>
{%- if m.content is string %}{{ m.content }}{% else %}
{%- for part in m.content %}{% if part.type == 'image' %}<|image|>{% else %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}
{%- for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|end|>
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}" + "~" * 110
)


@contextmanager
def limited(number: int, *, on: bool, side: str) -> Iterator[list[int]]:
    """The rendering of this number meets a limit; on: and all after it, as where an account is used up.

    side: whose renderings count, "jinja", "go" or "both". Yields the list whose only item counts them.
    """
    count = [0]

    def strikes(whose: str) -> bool:
        if side not in ("both", whose):
            return False
        count[0] += 1
        return count[0] == number or (on and count[0] > number)

    def render(self: Reference, *args: Any, **more: Any) -> str:
        if strikes("jinja"):
            raise too_many_steps(77, together=on)
        return by_jinja(self, *args, **more)

    def execute(self: Template, *args: Any, **more: Any) -> str:
        if strikes("go"):
            raise LimitError("the template was stopped: it takes more than 77 steps")
        return by_go(self, *args, **more)

    by_jinja, by_go = Reference.render_arguments, Template.execute
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Reference, "render_arguments", render)
        patched.setattr(Template, "execute", execute)
        yield count


def places(work: Callable[[], object], side: str, step: int) -> Iterator[tuple[int, bool]]:
    """Where a limit may strike: at each of the first renderings, then at every `step`-th."""
    with limited(0, on=False, side=side) as count:
        work()
    for number in (*range(1, 16), *range(16, count[0] + 1, step)):
        yield number, bool(number % 2)


@pytest.mark.parametrize("side", ["jinja", "go"])
def test_a_compilation_judges_nothing_by_a_limit(side: str) -> None:
    def work() -> Compiled:
        return compile_template(JINJA, eos_token="<|end|>")

    whole = work()
    assert whole.coverage["images"] == whole.coverage["chat"] == "exact"
    assert whole.replies["tools"] != "absent"
    usual = {d.code for d in whole.diagnostics}
    for number, on in places(work, side, 61):
        with limited(number, on=on, side=side):
            found = work()
        told = {d.code for d in found.diagnostics}
        assert told - usual <= LIMITS, (number, on, found.diagnostics)
        if not told & LIMITS:
            assert found == whole, (number, on)
        if "MK611" in told:
            continue
        for was, now in ((whole.coverage, found.coverage), (whole.replies, found.replies)):
            assert all(now[kind] in (was[kind], "partial") for kind in was), (number, on, now)
        assert found.parser in (None, whole.parser)


@pytest.mark.parametrize(
    ("jinja", "keys"),
    [
        (REFUSES, "system: Be brief.\nsystem_in: user\n"),
        (JINJA, "system: Be brief.\nmessages: [{role: user, content: a}, {role: assistant, content: b}]\n"),
        (JINJA, "end_token: <|user|>\n"),
    ],
)
def test_a_build_judges_nothing_by_a_limit(tmp_path: Path, jinja: str, keys: str) -> None:
    build_model(tmp_path / "m.gguf", chat_template=jinja)
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: p\nmodel: m.gguf\nprojector: none\nmode: go\n{keys}")

    def told() -> tuple[set[str], object]:
        try:
            built = build(tmp_path, write=False)
        except BuildError as error:
            return {d.code for d in error.diagnostics}, None
        except KitError as error:
            return {error.code}, None
        return {d.code for d in built.diagnostics}, str(built.modelfile)

    usual, modelfile = told()
    for number, on in places(told, "jinja", 97):
        with limited(number, on=on, side="jinja"):
            found, written = told()
        assert found - usual <= LIMITS | FOLLOWS, (number, on, found - usual)
        if not found & LIMITS:
            assert (found, written) == (usual, modelfile), (number, on)
