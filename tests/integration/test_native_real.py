"""Native mode on the real programs: llama-server alone, and the Ollama that starts it."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.building.plan import BuildError
from modelfile_kit.building.sources import ModelTemplate
from modelfile_kit.core.conversation import CATEGORIES
from modelfile_kit.core.errors import PromptError
from modelfile_kit.prover.native import native_prompter, prove_native, write_carrier
from modelfile_kit.prover.native_constructs import MarkedReference
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.prompt_judge import NATIVE_MARK, with_images
from modelfile_kit.publish.verify import verify
from modelfile_kit.runtime.llama_server import PROGRAM_VARIABLE, ChatTemplateRefusedError
from modelfile_kit.runtime.ollama.replies import RefusedError
from modelfile_kit.vision.colour_images import colour_probes
from tests.integration.own_templates import CONVERSATIONS, OWN

# These tests verify on their own, or look at what verification does not.
publish = functools.partial(publishing.publish, verify=False)

pytestmark = pytest.mark.server

# A line that takes a hundred edits to come by, so that create takes it for none of the templates it knows.
TURNS = (
    "<|im_start|>system\n" + 110 * "~" + "<|im_end|>\n"
    "{%% for m in messages %%}<|im_start|>{{ m.role }}\n%s<|im_end|>\n{%% endfor %%}<|im_start|>assistant\n"
)
# No TEMPLATE can turn words round; llama-server's Jinja engine can.
TURNED = TURNS % "{{ m.content.split(' ') | reverse | join(' ') }}"
# A TEMPLATE can for conversations without answers, so it is partial.
TURNED_ANSWERS = TURNS % (
    "{% if m.role == 'assistant' %}{{ m.content.split(' ') | reverse | join(' ') }}"
    "{% else %}{{ m.content }}{% endif %}"
)
# Jinja2 sorts without regard to case, llama-server does not; few texts show it.
SORTED = TURNS % "{{ m.content.split(' ') | sort | join(' ') }}"
# llama-server's engine prints such letters otherwise than Python, and a TEMPLATE cannot say it either.
CAPITALS = TURNS % "{{ m.content | upper }}"
# With a TEMPLATE every prompt of some words fails; natively only answers with letters like É are wrong.
USELESS = TURNS % (
    "{% if m.role == 'assistant' %}{{ m.content | upper }}"
    "{% elif ' ' in m.content %}{{ m.content.split(' ') | reverse | join(' ') }}"
    "{% else %}{{ m.content }}{% endif %}"
)
# A macro keeps its block's text while it calls itself, which no TEMPLATE can.
# Large numbers are not printed as by Python in native mode.
FIELDS = (
    "{% macro f(spec) %}{% set ns = namespace(text=caller()) %}{% for name, s in spec.properties | items %}"
    "{% if s.properties %}{% call f(s) %}class {{ name }}:{% endcall %}{% endif %}"
    "{% set ns.text = ns.text + ' ' + name %}{% endfor %}{{ ns.text }}{% endmacro %}"
    "{% for t in tools or [] %}{% call f(t.function.parameters) %}def {{ t.function.name }}{% endcall %}"
    "{% endfor %}"
) + TURNS % (
    "{{ m.content }}{% for c in m.tool_calls or [] %}{% for k, v in c.function.arguments | items %}"
    "{{ k }}={{ v | tojson }}{% endfor %}{% endfor %}"
)
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
    return ModelTemplate(source, "gguf", bos or None, eos or None)


@pytest.mark.parametrize("name", ["tools", "thinking", "images"])
def test_llama_server_alone_renders_what_ollama_does(name, ollama_server, tmp_path):
    reference = reference_of(*OWN[name])
    images = name == "images"
    model, projector = write_carrier(tmp_path, reference, None, images=images)
    modelfile = tmp_path / "Modelfile"
    modelfile.write_text(f"FROM {model}\n" + (f"FROM {projector}\n" if projector else ""))
    publish(modelfile, "native", host=ollama_server.url)
    compared = 0
    with native_prompter(reference, None, images=images) as ours:
        for c in CONVERSATIONS:
            if c.category == "images" and not images:
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
        filled = with_images(messages, colour_probes())
        try:
            prompt = server.render("native", filled, tools=tools, think=think).prompt
        except RefusedError as e:
            raise PromptError(e.detail, status=e.status or 0) from e
        first, *rest = NATIVE_MARK.split(prompt)
        return first + "".join(f"[img-{n}]{text}" for n, text in enumerate(rest))

    return render


def test_what_native_mode_is_proven_for():
    proof = prove_native(reference_of(OWN["chatml"][0]), ["chat"])
    assert proof.coverage == {**dict.fromkeys(CATEGORIES, "absent"), "chat": "exact"}
    assert proof.engine.startswith("llama-server")
    assert proof.conversations > 20
    assert proof.diagnostics == ()


def test_images_and_earlier_reasoning_are_not_where_the_model_knows_them():
    images = prove_native(reference_of(*OWN["images"]), ["chat", "images"])
    assert (images.coverage["chat"], images.coverage["images"]) == ("exact", "partial")
    [found] = images.diagnostics
    assert found.code == "MK522" and "reference:" in found.message and "native:" in found.message
    thinking = prove_native(reference_of(*OWN["thinking"]), ["thinking"])
    assert thinking.coverage["thinking"] == "partial"


# Every construct that counts as the same in both engines, on one text `t`; `n` counts the turns.
KNOWN = (
    "{{ t }}",
    "{{ t ~ 'x' + t }}",
    "{{ t == 'a b' }}{{ t != '' }}{{ 'b' in t }}{{ 'b' not in t }}{{ 'x' if t else 'y' }}",
    "{{ t.startswith('a') }}{{ t.endswith('b') }}{{ t.startswith(t) }}",
    "{{ t.split(' ') | join('/') }}",
    "{{ t.split('</think>')[-1] }}/{{ t.split('b', 1)[0] }}/{{ t.split('b', 1) | last }}",
    "{{ t.rsplit(' ', 1) | first }}/{{ t.rsplit('aa') | join('/') }}",
    "{{ t.split(' ') | length }}/{{ t.split('a') | reverse | join('b') }}/{{ t.split(' ')[1:] | join('-') }}",
    "{{ t.replace('a', 'é') }}{{ t | replace('aa', 'a') }}",
    "{{ t.strip('\\n') }}/{{ t.lstrip(' a') }}/{{ t.rstrip('b\\n') }}",
    "{{ t | default('x') }}{{ nothing | default(t) }}",
    "{{ messages | map(attribute='content') | join('/') }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ messages[0].content }}",
    "{{ messages[1:] | length }}{{ (messages | last).role }}{{ messages[-1]['content'] }}",
    "{% for w in t.split(' ') %}{{ loop.index }}{{ w }}{{ loop.last }}{% endfor %}",
    "{% set ns = namespace(k='', l=[]) %}{% for w in t.split('b') %}{% set ns.k = ns.k ~ w %}"
    "{% set ns.l = [w] + ns.l %}{% endfor %}{{ ns.k }}{{ ns.l | join(',') }}",
    "{% macro m(x, y='d') %}<{{ x }}{{ y }}>{% endmacro %}{{ m(t) }}{{ m(t, t) }}",
    "{{ t is string }}{{ t is mapping }}{{ t is defined }}{{ t is none }}{{ nothing is undefined }}",
    "{% for i in range(3) %}{{ i + 1 }}{{ i % 2 }}{{ i is odd }}{% endfor %}{{ {'a': t}.get('a') }}",
)
STRANGE = (
    *("a b", "", " ", "a", "ab", "aa aaa  a", " a b ", "\n\na\n b\n", "<think>x</think>\n\ny</think>z"),
    *("ÀÉ ß ſ İ", "日本 語 🙂 e\u0301", "\u2003a\u00a0b\u3000", "\x1c\x85a\x0b", "{{ a }} {% b %} {# c #}"),
    *("\\n \\ 'q' \"q\" `q`", "<|im_start|>user", "&lt; <b> & é", "\U0001f468\u200d\U0001f469", "a\tb\r\nb"),
)


def test_what_counts_as_the_same_in_both_engines_is():
    source = "{% set t = messages[-1].content %}" + "|#|".join(KNOWN)
    assert MarkedReference(source, bos_token="", eos_token="").constructs() == ()
    reference = reference_of(source)
    with native_prompter(reference, None, images=False) as prompter:
        for text in STRANGE:
            messages = [{"role": "user", "content": c} for c in ("first", text)]
            ours, theirs = (e.render(messages).split("|#|") for e in (reference, prompter))
            differing = [k for k, a, b in zip(KNOWN, ours, theirs, strict=True) if a != b]
            assert differing == [], text


def test_what_texts_may_not_show_is_not_claimed():
    proof = prove_native(reference_of(SORTED), ["chat"])
    assert proof.coverage["chat"] == "partial"
    assert {d.code for d in proof.diagnostics} <= {"MK522", "MK525"}
    assert prove_native(reference_of(TURNED), ["chat"]).coverage["chat"] == "exact"


def test_a_template_that_llama_server_does_not_take():
    with (
        pytest.raises(ChatTemplateRefusedError, match="wordcount"),
        native_prompter(reference_of(COUNTED), None, images=False),
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
        model, _ = write_carrier(folder, reference_of(source), None, images=False)
        lines = f"name: own\nmodel: {model.name}\nprojector: none\ntarget: '>=0.30'\n"
        (folder / "mkmodelfile.yaml").write_text(lines + text, encoding="utf-8")
        return folder

    return package


@pytest.mark.parametrize(
    ("source", "chosen", "codes"),
    [
        (OWN["chatml"][0], "go", set()),
        (TURNED, "native", set()),
        (TURNED_ANSWERS, "native", set()),
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


def test_a_useless_template_gives_way(package):
    built = build(package(USELESS), write=False)
    mode = built.report["mode"]
    assert (mode["chosen"], mode["native"]["coverage"]["chat"]) == ("native", "partial")
    assert "gets none of the package's conversations right" in mode["why"]
    assert [d.code for d in built.diagnostics if d.code.startswith("MK52")] == ["MK522"]


def test_native_mode_gets_more_tools_right(package):
    built = build(package(FIELDS), write=False)
    mode = built.report["mode"]
    assert mode["chosen"] == "native", mode["why"]
    assert mode["native"]["coverage"]["tools"] == "partial"
    chat, tools = mode["native"]["right"]["chat"], mode["native"]["right"]["tools"]
    assert chat["template"] == chat["native"] == chat["of"]
    assert tools["template"] < tools["native"] < tools["of"]
    assert f"tools {tools['native']} and {tools['template']} of {tools['of']}" in mode["why"]


def test_neither_is_possible(package):
    with pytest.raises(BuildError) as e:
        build(package(COUNTED), write=False)
    assert e.value.code == "MK515"
    assert "wordcount" in e.value.help


def test_a_partial_template_gives_way_to_native_mode_that_a_real_server_confirms(
    package, ollama_server, llama_cpp
):
    built = build(package(TURNED_ANSWERS))
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
    assert not {d.code for d in report.diagnostics} & {"MK201", "MK520", "MK521", "MK522", "MK700", "MK834"}


def test_check_says_what_differs_in_native_mode(package, llama_cpp):
    built = build(package(CAPITALS, "mode: native\n"))
    checked = check_package(built, embedded=False)
    assert {"MK732", "MK522"} <= {d.code for d in checked.all_diagnostics}
    differs = next(d.message for d in checked.all_diagnostics if d.code == "MK522")
    assert "reference:" in differs and "native:" in differs
