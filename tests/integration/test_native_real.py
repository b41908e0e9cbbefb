"""Native mode on the real programs: llama-server alone, and the Ollama that starts it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from modelfile_kit.align.package import check_package
from modelfile_kit.builder import BuildError, build
from modelfile_kit.building.native import (
    native_prompter,
    prove_native,
    write_carrier,
)
from modelfile_kit.building.sources import Reference
from modelfile_kit.conversation import CATEGORIES
from modelfile_kit.errors import PromptError
from modelfile_kit.publish.create import publish
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.images import colour_probes
from modelfile_kit.publish.prompts import NATIVE_MARK, with_pictures
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.llama_server import PROGRAM_VARIABLE, ChatTemplateRefusedError
from modelfile_kit.runtime.ollama_server import RefusedError
from tests.integration.own_templates import CONVERSATIONS, OWN

pytestmark = pytest.mark.server

# A line that takes a hundred edits to come by, so that create takes it for none of the templates it knows.
TURNS = (
    "<|im_start|>system\n" + 110 * "~" + "<|im_end|>\n"
    "{%% for m in messages %%}<|im_start|>{{ m.role }}\n%s<|im_end|>\n{%% endfor %%}<|im_start|>assistant\n"
)
# No TEMPLATE can sort words; llama-server's Jinja engine can.
SORTED = TURNS % "{{ m.content.split(' ') | sort | join(' ') }}"
# A TEMPLATE can for conversations without answers, so it is partial.
SORTED_ANSWERS = TURNS % (
    "{% if m.role == 'assistant' %}{{ m.content.split(' ') | sort | join(' ') }}"
    "{% else %}{{ m.content }}{% endif %}"
)
# llama-server's engine prints such letters otherwise than Python, and a TEMPLATE cannot say it either.
CAPITALS = TURNS % "{{ m.content | upper }}"
# A filter that llama-server does not know, and a TEMPLATE that cannot say it.
COUNTED = TURNS % "{{ m.content | wordcount }}"


@pytest.fixture(autouse=True)
def program(ollama_process, monkeypatch) -> Path:
    """The llama-server of the Ollama under test."""
    beside = ollama_process.program.resolve().parent.parent / "lib" / "ollama" / "llama-server"
    found = beside if beside.is_file() else shutil.which("llama-server")
    if not found:
        pytest.skip(f"{ollama_process.program} has no llama-server beside it")
    monkeypatch.setenv(PROGRAM_VARIABLE, str(found))
    return Path(found)


def reference_of(source, bos="", eos="<|im_end|>"):
    return Reference(source, "gguf", bos or None, eos or None)


@pytest.mark.parametrize("name", ["tools", "thinking", "pictures"])
def test_llama_server_alone_renders_what_ollama_does(name, ollama_server, tmp_path):
    reference = reference_of(*OWN[name])
    pictures = name == "pictures"
    model, projector = write_carrier(tmp_path, reference, None, pictures=pictures)
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text(f"FROM {model}\n" + (f"FROM {projector}\n" if projector else ""))
    publish(modelfile, "native", host=ollama_server.url)
    compared = 0
    with native_prompter(reference, None, pictures=pictures) as ours:
        for c in CONVERSATIONS:
            if c.category == "images" and not pictures:
                continue
            answers = []
            for render in (ours.render, on(ollama_server)):
                try:
                    answers.append(render(c.messages, tools=c.tools, think=c.think))
                except PromptError as e:
                    answers.append(e.status)
            assert answers[0] == answers[1], c.id
            compared += isinstance(answers[0], str)
    assert compared >= 5


def on(server):
    def render(messages, *, tools=None, think=None):
        filled = with_pictures(messages, colour_probes())
        try:
            prompt = server.render("native", filled, tools=tools, think=think).prompt
        except RefusedError as e:
            raise PromptError(e.detail, status=e.status) from e
        first, *rest = NATIVE_MARK.split(prompt)
        return first + "".join(f"[img-{n}]{text}" for n, text in enumerate(rest))

    return render


def test_what_native_mode_is_proven_for():
    proof = prove_native(reference_of(OWN["chatml"][0]), ["chat"])
    assert proof.coverage == {**dict.fromkeys(CATEGORIES, "absent"), "chat": "exact"}
    assert proof.engine.startswith("llama-server")
    assert proof.conversations > 20
    assert proof.diagnostics == ()


def test_pictures_and_earlier_reasoning_are_not_where_the_model_knows_them():
    pictures = prove_native(reference_of(*OWN["pictures"]), ["chat", "images"])
    assert (pictures.coverage["chat"], pictures.coverage["images"]) == ("exact", "partial")
    [found] = pictures.diagnostics
    assert found.code == "MK522" and "reference:" in found.message and "native:" in found.message
    thinking = prove_native(reference_of(*OWN["thinking"]), ["thinking"])
    assert thinking.coverage["thinking"] == "partial"


def test_a_template_that_llama_server_does_not_take():
    with (
        pytest.raises(ChatTemplateRefusedError, match="wordcount"),
        native_prompter(reference_of(COUNTED), None, pictures=False),
    ):
        pass
    proof = prove_native(reference_of(COUNTED), ["chat"])
    assert proof.refused
    assert [d.code for d in proof.diagnostics] == ["MK736"]


# -- what `mode: auto` makes of it, each outcome with a real llama-server ------------------------------


@pytest.fixture
def package(tmp_path):
    """A package whose model carries a chat template."""

    def package(source, text=""):
        folder = tmp_path / "package"
        folder.mkdir()
        model, _ = write_carrier(folder, reference_of(source), None, pictures=False)
        lines = f"name: own\nmodel: {model.name}\nprojector: none\ntarget: '>=0.30'\n"
        (folder / "mkmodelfile.yaml").write_text(lines + text, encoding="utf-8")
        return folder

    return package


@pytest.mark.parametrize(
    ("source", "chosen", "codes"),
    [
        (OWN["chatml"][0], "go", set()),
        (SORTED, "native", set()),
        (SORTED_ANSWERS, "native", set()),
        (CAPITALS, "go", {"MK514"}),
    ],
    ids=["exact", "no TEMPLATE", "partial TEMPLATE", "neither"],
)
def test_auto_takes_what_is_proven(source, chosen, codes, package):
    built = build(package(source), write=False)
    mode = built.report["mode"]
    assert (mode["asked"], mode["chosen"]) == ("auto", chosen)
    assert (built.template is None) == (chosen == "native")
    assert {d.code for d in built.diagnostics} & {"MK514", "MK515", "MK520", "MK522", "MK523"} == codes
    assert mode["why"]
    if mode["native"]:
        assert mode["native"]["coverage"]["chat"] == ("exact" if chosen == "native" else "partial")
        assert mode["native"]["engine"] in mode["why"]
    assert (mode["native"] is None) == (source == OWN["chatml"][0])


def test_neither_is_possible(package):
    with pytest.raises(BuildError) as e:
        build(package(COUNTED), write=False)
    assert e.value.code == "MK515"
    assert "wordcount" in e.value.help


def test_a_partial_template_gives_way_to_native_mode_that_a_real_server_confirms(
    package, ollama_server, llama_cpp
):
    built = build(package(SORTED_ANSWERS))
    assert built.plan.mode.chosen == "native"
    checked = check_package(built, embedded=False)
    assert checked.ok
    assert "MK732" in {d.code for d in checked.all_diagnostics}
    assert json.loads(json.dumps(built.report["mode"]))["native"]["coverage"]["chat"] == "exact"
    publish(built, "own", host=ollama_server.url)
    meant = Expectation.from_build(built)
    report = verify("own", host=ollama_server.url, expectation=meant, max_tokens=20)
    assert report.native
    prompts = [c for c in report.checks if c.name.startswith(("prompt ", "native "))]
    assert len(prompts) >= 4
    assert {c.status for c in prompts} == {"ok"}
    assert not {d.code for d in report.diagnostics} & {"MK823", "MK830", "MK834", "MK835"}


def test_check_says_what_differs_in_native_mode(package, llama_cpp):
    built = build(package(CAPITALS, "mode: native\n"))
    checked = check_package(built, embedded=False)
    assert {"MK732", "MK522"} <= {d.code for d in checked.all_diagnostics}
    differs = next(d.message for d in checked.all_diagnostics if d.code == "MK522")
    assert "reference:" in differs and "native:" in differs
