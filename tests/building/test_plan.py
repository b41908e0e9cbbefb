"""How the decisions of a build hang together, where the mode is in question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building import native_way
from modelfile_kit.building import plan as planning
from modelfile_kit.building.native_way import NativeReplies
from modelfile_kit.building.package_replies import template_trip
from modelfile_kit.building.plan import BuildError, Plan, make_plan
from modelfile_kit.building.sources import ModelTemplate, PackageFiles, open_files
from modelfile_kit.compiler import Compiled
from modelfile_kit.micro import build_model
from modelfile_kit.package.package import Package
from modelfile_kit.prover.native import NativeProof

# Of its own length and letters, so that create takes it for none of the templates it knows.
PLAIN = "~" * 110 + "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
SHORT = (
    "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
TOOLS = "{# tools #}" + PLAIN
TEMPLATE = "~" * 110 + "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
EXACT = {"chat": "exact", "tools": "absent", "thinking": "absent", "images": "absent"}
PARTIAL = {**EXACT, "chat": "partial"}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plans a package; the compiler and llama-server answer what is said, replies are read as by the tags."""

    def plan(
        jinja: str,
        coverage: dict[str, str],
        native: str | None = None,
        *,
        target: str = ">=0.30",
        **keys: Any,
    ) -> Plan:
        model = build_model(tmp_path / "m.gguf", chat_template=jinja)
        given = Package(tmp_path / "f", "a", model, projector="none", target=target)
        compiled = Compiled(TEMPLATE, [], coverage, [])
        monkeypatch.setattr("modelfile_kit.building.plan.compile_for_engine", lambda *_, **__: compiled)

        # The compiler's answer is made up, so its BOS is as well.
        monkeypatch.setattr(planning, "judge_template", lambda *_, **__: [])

        def prove(*_: Any, **__: Any) -> NativeProof:
            assert native is not None, "native mode was looked at although nothing asks for it"
            return NativeProof({**EXACT, "chat": native}, "llama-server 9", 3)

        def read(reference: ModelTemplate, files: PackageFiles) -> NativeReplies:
            trip = template_trip(given, files, reference, TEMPLATE, "")
            return NativeReplies(replace(trip, engine="llama-server 9"), "")

        monkeypatch.setattr(native_way, "prove_native", prove)
        monkeypatch.setattr(native_way, "native_replies", read)
        return make_plan(replace(given, **keys), open_files(given))

    return plan


def codes(found: Plan) -> set[str]:
    return {d.code for d in found.diagnostics if d.code.startswith("MK5") or d.code == "MK201"}


def test_an_exact_template_that_is_in_use(plan: Any) -> None:
    found = plan(PLAIN, EXACT)
    assert (found.mode.chosen, found.template, codes(found)) == ("go", TEMPLATE, set())


@pytest.mark.parametrize(
    ("native", "chosen", "expected"), [("exact", "native", set()), ("partial", "go", {"MK514"})]
)
def test_a_partial_template(plan: Any, native: str, chosen: str, expected: set[str]) -> None:
    found = plan(PLAIN, PARTIAL, native)
    assert (found.mode.chosen, codes(found)) == (chosen, expected)
    assert (found.template is None, found.compiled is None) == (chosen == "native",) * 2


def test_an_exact_template_that_would_not_be_used(plan: Any) -> None:
    found = plan(TOOLS, EXACT, "exact")
    assert (found.mode.chosen, found.template, codes(found)) == ("native", None, set())
    assert "would not use the TEMPLATE" in found.mode.why
    assert {s.source for _, s in found.in_use.selections} == {"jinja"}


def test_an_unused_template_stays_where_native_mode_is_not_proven(plan: Any) -> None:
    found = plan(TOOLS, EXACT, "partial")
    assert (found.mode.chosen, found.template, codes(found)) == ("go", TEMPLATE, {"MK201"})
    assert "llama-server 9" in found.mode.why


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"target": ">=0.12"}, "only know Go templates"),
        ({"image_separator": "\n"}, "adds texts of its own"),
    ],
)
def test_where_native_mode_is_closed_it_is_not_looked_at(plan: Any, keys: dict[str, Any], why: str) -> None:
    found = plan(PLAIN, PARTIAL, **keys)
    assert found.mode.chosen == "go"
    assert why in found.mode.why


def test_a_template_that_create_may_take_for_one_of_its_own(plan: Any) -> None:
    found = plan(SHORT, PARTIAL)
    assert found.mode.chosen == "go"
    assert "unless create takes it for" in found.mode.why
    nothing = plan(SHORT, {**EXACT, "chat": "unsupported"})
    assert (nothing.mode.chosen, codes(nothing)) == ("native", {"MK524"})


def test_nothing_is_possible_on_old_servers(plan: Any) -> None:
    with pytest.raises(BuildError) as e:
        plan(PLAIN, {**EXACT, "chat": "unsupported"}, target=">=0.12")
    assert e.value.code == "MK515"


def test_asked_for(plan: Any) -> None:
    assert plan(PLAIN, PARTIAL, mode="go").mode.chosen == "go"
    found = plan(PLAIN, EXACT, mode="native")
    assert (found.mode.chosen, found.template) == ("native", None)
    assert codes(plan(SHORT, EXACT, mode="native")) == {"MK524"}
