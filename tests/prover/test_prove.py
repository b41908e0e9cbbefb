"""A broken TEMPLATE never keeps its "exact"; a right one does."""

from __future__ import annotations

import calendar
import re

import pytest

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.prover.allowance import ProofLimits
from modelfile_kit.prover.prove import Proof, prove

CHATML = (
    "{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
UNTRIMMED = CHATML.replace(" | trim", "")
CHATML_GO = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
LLAMA = """{{ bos_token }}{% for m in messages %}
{%- if m.role == 'system' %}[S]{{ m.content }}[/S]
{%- elif m.role == 'user' %}{% if loop.first %}[I]{% else %}[N]{% endif %}{{ m.content }}
{%- elif m.role == 'assistant' %}{{ m.content }}{{ eos_token }}
{%- else %}{{ raise_exception('Unknown role ' + m.role) }}{% endif %}{% endfor %}"""
LLAMA_GO = """{{- range $i, $m := .Messages }}
{{- if eq .Role "system" }}[S]{{ .Content }}[/S]
{{- else if eq .Role "user" }}{{ if eq $i 0 }}[I]{{ else }}[N]{{ end }}{{ .Content }}
{{- else if eq .Role "assistant" }}{{ .Content }}</s>
{{- else }}{{ template "Unknown role" . }}{{ end }}{{ end }}"""
PICTURES = """{% for m in messages %}{{ m.role }}:
{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}
{%- if part.type == 'image' %}<|image|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}
{% endfor %}"""
PICTURES_GO = "{{ range .Messages }}{{ .Role }}:\n{{ .Content }}{{ end }}"
THINKING = """{% for m in messages %}<{{ m.role }}>
{%- if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}
{{- m.content }}{% endfor %}<assistant>
{%- if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"""
THINKING_GO = """{{- range .Messages }}<{{ .Role }}>
{{- if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}
{{- end }}<assistant>{{ if and $.IsThinkSet (not $.Think) }}<think></think>{{ end }}"""
TOOLS = """{% if tools %}<tools>{% for t in tools %}{{ t.function.name }};{% endfor %}</tools>{% endif %}
{%- for m in messages %}<{{ m.role }}>{{ m.content }}
{%- for c in m.tool_calls or [] %}<call>{{ c.function.name }}</call>{% endfor %}{% endfor %}"""
TOOLS_GO = """{{- if .Tools }}<tools>{{ range .Tools }}{{ .Function.Name }};{{ end }}</tools>{{ end }}
{{- range .Messages }}<{{ .Role }}>{{ .Content }}
{{- range .ToolCalls }}<call>{{ .Function.Name }}</call>{{ end }}{{ end }}"""


def proof(jinja: str, go: str, *claimed: str, bos: str = "<s>", limits: ProofLimits | None = None) -> Proof:
    kinds = dict.fromkeys(("chat", "tools", "thinking", "images"), "absent")
    claims = {**kinds, **dict.fromkeys(claimed, "exact")}
    return prove(jinja, go, bos_token=bos, eos_token="</s>", claimed=claims, limits=limits)


RIGHT = [
    ("chat", UNTRIMMED, CHATML_GO),
    ("chat", LLAMA, LLAMA_GO),
    ("chat", LLAMA, "<s>" + LLAMA_GO),
    ("images", PICTURES, PICTURES_GO),
    ("thinking", THINKING, THINKING_GO),
    ("tools", TOOLS, TOOLS_GO),
]


@pytest.mark.parametrize(("kind", "jinja", "go"), RIGHT)
def test_what_is_right_stays_exact(kind: str, jinja: str, go: str) -> None:
    found = proof(jinja, go, kind)
    assert found.coverage[kind] == "exact"
    assert found.counterexamples == ()
    assert found.diagnostics == []
    assert found.conversations > 20


WRONG = [
    ("chat", CHATML, CHATML_GO, "{{ .Content }}", "{{ .Content }}"),  # the trim is lost
    ("chat", UNTRIMMED, CHATML_GO, "<|im_end|>\n", "<|im_end|>"),
    (
        "chat",
        UNTRIMMED,
        CHATML_GO,
        "{{ .Role }}\n",
        '{{ if eq .Role "system" "user" "assistant" }}{{ .Role }}{{ end }}\n',
    ),
    ("chat", UNTRIMMED, CHATML_GO, "{{ .Content }}", '{{ if ne .Content "0" }}{{ .Content }}{{ end }}'),
    ("chat", UNTRIMMED, CHATML_GO, "{{ .Content }}", "{{ .Content | js }}"),
    ("chat", UNTRIMMED, CHATML_GO, "{{ .Content }}", '{{ printf "%.99s" .Content }}'),
    ("chat", LLAMA, LLAMA_GO, "eq $i 0", "le $i 1"),
    ("chat", LLAMA, LLAMA_GO, "[N]", "[I]"),
    ("chat", LLAMA, LLAMA_GO, '"system"', '"user"'),
    ("chat", LLAMA, LLAMA_GO, "</s>", ""),
    ("chat", LLAMA, LLAMA_GO, '{{ template "Unknown role" . }}', ""),
    ("chat", LLAMA, LLAMA_GO, '{{ template "Unknown role" . }}', "{{ .Content }}"),
    ("images", PICTURES, PICTURES_GO, ":\n", ":"),
    ("images", PICTURES, PICTURES_GO, "{{ .Content }}", "{{ .Content }}<|image|>"),
    ("images", PICTURES, PICTURES_GO, "{{ .Role }}:\n{{ .Content }}", "{{ .Content }}{{ .Role }}:\n"),
    ("thinking", THINKING, THINKING_GO, ".IsThinkSet", ".Think"),
    ("thinking", THINKING, THINKING_GO, "(not $.Think)", "$.Think"),
    ("thinking", THINKING, THINKING_GO, "</think>{{ end }}{{ .Content }}", "</think>{{ end }}"),
    (
        "thinking",
        THINKING,
        THINKING_GO,
        "{{ if and $.IsThinkSet (not $.Think) }}<think></think>{{ end }}",
        "",
    ),
    ("tools", TOOLS, TOOLS_GO, ";", ","),
    ("tools", TOOLS, TOOLS_GO, "{{ .Content }}\n", "{{ if not .ToolCalls }}{{ .Content }}{{ end }}\n"),
    ("tools", TOOLS, TOOLS_GO, "{{- range .ToolCalls }}", "{{- range slice .ToolCalls 0 }}{{ break }}"),
]


@pytest.mark.parametrize(("kind", "jinja", "go", "part", "broken"), WRONG)
def test_what_is_wrong_is_found(kind: str, jinja: str, go: str, part: str, broken: str) -> None:
    assert part in go
    found = proof(jinja, go.replace(part, broken), kind)
    assert found.coverage[kind] == "partial"
    [example] = [e for e in found.counterexamples if e.category == kind]
    assert len(example.conversation.messages) <= 2
    assert all(len(m["content"]) < 150 for m in example.conversation.messages)
    assert any(d.severity is Severity.WARNING and d.code.startswith("MK65") for d in found.diagnostics)


def test_the_diagnostic_shows_the_conversation_and_the_bytes() -> None:
    [finding] = proof(UNTRIMMED, CHATML_GO.replace("<|im_end|>\n", "<|im_end|>"), "chat").diagnostics
    assert finding.code == "MK650"
    assert "'role': " in finding.message
    assert re.search(r"reference: .*<\|im_end\|>▸\\n", finding.message)
    assert re.search(r"Ollama: .*<\|im_end\|>▸<\|im_start\|>", finding.message)
    assert finding.help


def test_only_claims_are_taken_back() -> None:
    claims = {"chat": "partial", "tools": "unsupported", "thinking": "absent", "images": "absent"}
    found = prove(UNTRIMMED, "nonsense", claimed=claims)
    assert (found.coverage, found.diagnostics, found.conversations) == (claims, [], 0)


def test_a_mistake_in_plain_chat_is_one_with_tools_too() -> None:
    found = proof(TOOLS, TOOLS_GO.replace("<{{ .Role }}>", "< {{ .Role }}>"), "chat", "tools")
    assert (found.coverage["chat"], found.coverage["tools"]) == ("partial", "partial")


def test_a_mistake_with_tools_alone_leaves_plain_chat_exact() -> None:
    found = proof(TOOLS, TOOLS_GO.replace("<call>", "<calls>"), "chat", "tools")
    assert (found.coverage["chat"], found.coverage["tools"]) == ("exact", "partial")


def test_an_error_of_ollama_s_is_a_counterexample() -> None:
    fails = '{{ if eq .Role "system" }}{{ .Nothing }}{{ end }}{{ .Content }}'
    found = proof(UNTRIMMED, CHATML_GO.replace("{{ .Content }}", fails), "chat")
    assert found.coverage["chat"] == "partial"
    assert found.diagnostics[0].code == "MK651"


@pytest.mark.parametrize(
    ("jinja", "go", "code", "words"),
    [
        ("\n{{ raise_exception('never') }}", '{{ template "never" . }}', "MK658", "never"),
        ("{{ messages.__class__.__mro__ }}", "x", "MK658", "__class__"),
        (
            "{% for m in messages %}{% if m.role == 'user' %}{{ m.payload.body }}{% endif %}{% endfor %}<a>",
            '{{ range .Messages }}{{ if eq .Role "user" }}{{ template "no payload" . }}{{ end }}{{ end }}<a>',
            "MK658",
            "payload",
        ),
        (UNTRIMMED, CHATML_GO.replace("{{ .Content }}", "{{ .Nothing }}"), "MK659", "Nothing"),
    ],
)
def test_two_sides_that_fail_always_agree_on_nothing(jinja: str, go: str, code: str, words: str) -> None:
    found = proof(jinja, go, "chat", "tools")
    assert (found.coverage["chat"], found.coverage["tools"]) == ("unsupported", "unsupported")
    [finding] = found.diagnostics
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert words in finding.message


def test_a_construct_that_every_conversation_reaches_is_named_with_its_line() -> None:
    construct = "the list x that a loop builds"
    stops = f'{{{{ range .Messages }}}}{{{{ end }}}}{{{{ template "chat template, line 1: {construct}" . }}}}'
    found = proof(UNTRIMMED, stops, "chat")
    [finding] = found.diagnostics
    assert (finding.code, finding.span.line if finding.span else None) == ("MK659", 1)
    assert construct in finding.message
    assert "not defined" not in finding.message and "{{" not in finding.message


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def test_a_rendering_that_a_limit_ends_is_no_judgement() -> None:
    """It says neither that everything is refused nor that a branch is never taken."""
    found = proof(UNTRIMMED + ENDLESS, CHATML_GO, "chat", "tools")
    assert {d.code for d in found.diagnostics} == {"MK655"}
    assert set(found.coverage.values()) <= {"partial", "absent"}


def test_a_refusal_that_ollama_does_not_share_has_its_own_code() -> None:
    found = proof(LLAMA, LLAMA_GO.replace('{{ template "Unknown role" . }}', ""), "chat")
    assert [d.code for d in found.diagnostics] == ["MK653"]
    assert "Unknown role" in found.diagnostics[0].message


def test_a_template_that_go_refuses_supports_nothing() -> None:
    found = proof(UNTRIMMED, "{{ if }}", "chat")
    assert found.coverage["chat"] == "unsupported"
    assert found.diagnostics[0].severity is Severity.ERROR


def test_a_branch_that_no_conversation_reaches_is_named() -> None:
    # The text is put together while the template runs, so it cannot be read off it.
    jinja = UNTRIMMED + "{% if messages[0].content == 'ab' ~ 'cd' ~ messages[0].role %}!{% endif %}"
    found = proof(jinja, CHATML_GO, "chat")
    assert found.coverage["chat"] == "partial"
    [finding] = found.diagnostics
    assert finding.code == "MK652"
    assert "is never true" in finding.message
    assert finding.span is not None
    assert finding.span.line == jinja.count("\n", 0, jinja.index("messages[0]")) + 1


def test_odd_texts_in_a_role_of_the_template_s_own() -> None:
    jinja = CHATML.replace("m['content'] | trim", "(m.content | trim if m.role == 'context' else m.content)")
    found = proof(jinja, CHATML_GO, "chat")
    assert found.coverage["chat"] == "partial"
    assert found.counterexamples[0].conversation.messages[0]["role"] == "context"


@pytest.mark.parametrize(
    ("condition", "go", "claim"),
    [
        # Characters are counted, not bytes.
        ("m.content | length == 37", "eq (len .Content) 37", "partial"),
        ("m.content | length == 37", "false", "partial"),
        ("messages | length > 41", "gt (len $.Messages) 41", "exact"),
        ("messages | length > 41", "gt (len $.Messages) 42", "partial"),
        ("loop.index0 == 12", "eq $i 12", "exact"),
        ("loop.index0 == 12", "eq $i 13", "partial"),
    ],
)
def test_what_a_template_counts_to_is_tried(condition: str, go: str, claim: str) -> None:
    jinja = "{% for m in messages %}{{ m.content }}{% if " + condition + " %}!{% endif %};{% endfor %}"
    template = "{{ range $i, $m := .Messages }}{{ .Content }}{{ if TEST }}!{{ end }};{{ end }}"
    assert proof(jinja, template.replace("TEST", go), "chat").coverage["chat"] == claim


def test_branches_that_no_request_of_ollama_s_reaches_do_not_count() -> None:
    extras = (
        "{% if documents %}D{% endif %}{% if custom is defined %}C{% endif %}{% for m in [] %}X{% endfor %}"
    )
    assert proof(extras + UNTRIMMED, CHATML_GO, "chat").coverage["chat"] == "exact"


def test_a_template_without_a_marker_has_no_images() -> None:
    blind = PICTURES.replace("<|image|>", "")
    found = proof(blind, PICTURES_GO, "images")
    assert found.coverage["images"] == "absent"
    assert found.diagnostics[0].code == "MK656"


def test_images_are_proven_without_tools_where_tools_are_only_partial() -> None:
    both = PICTURES + "{% if tools %}{{ tools | length }}{% endif %}"
    claims = {"chat": "exact", "tools": "partial", "thinking": "absent", "images": "exact"}
    found = prove(both, PICTURES_GO, claimed=claims)
    assert found.coverage["images"] == "exact"
    # Where tools are promised, so are tools and images together.
    found = prove(both, PICTURES_GO, claimed={**claims, "tools": "exact"})
    assert (found.coverage["tools"], found.coverage["images"]) == ("partial", "exact")
    wrong = PICTURES_GO.replace("{{ .Role }}", '{{ if eq .Role "assistant" }}{{ .Role }}{{ end }}')
    assert prove(both, wrong, claimed=claims).coverage["images"] == "partial"


def test_words_around_an_image_are_not_the_engine_s_to_add() -> None:
    labelled = PICTURES.replace("<|image|>", "Picture: <|image|>")
    assert proof(labelled, PICTURES_GO, "images").coverage["images"] == "partial"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ProofLimits(reference_steps=200), "limit of 200 steps of the chat template was reached"),
        (ProofLimits(ollama_steps=200), "limit of 200 steps of the TEMPLATE was reached"),
        (ProofLimits(conversations=20), "limit of 20 conversations was reached (20 used)"),
    ],
)
def test_a_proof_cut_short_claims_nothing(limits: ProofLimits, words: str) -> None:
    found = proof(UNTRIMMED, CHATML_GO, "chat", limits=limits)
    assert found.coverage["chat"] == "partial"
    assert not found.counterexamples
    assert [d.code for d in found.diagnostics] == ["MK655"]
    assert words in found.diagnostics[0].message


def test_the_searches_of_a_proof_have_their_steps_together() -> None:
    """A branch that no conversation takes is not settled without steps; then nothing is claimed."""
    impossible = UNTRIMMED + "{% for m in messages %}{% if m.role is number %}x{% endif %}{% endfor %}"
    assert proof(impossible, CHATML_GO, "chat").coverage["chat"] == "exact"
    found = proof(impossible, CHATML_GO, "chat", limits=ProofLimits(search_steps=3))
    assert found.coverage["chat"] == "partial"
    assert "was not settled in 3 steps" in found.diagnostics[0].message


def test_a_rendering_that_a_limit_ends_is_no_counterexample() -> None:
    """Neither side's limit says anything about the prompt; the kind is not proven."""
    many = "{% if messages | length > 2 %}{% for i in range(99999) %}{% for j in range(99) %}{% endfor %}"
    slow = UNTRIMMED + many + "{% endfor %}{% endif %}"
    slow_go = CHATML_GO + "{{ if gt (len .Messages) 2 }}{{ range 999999999 }}{{ end }}{{ end }}"
    for jinja, go, words in ((slow, CHATML_GO, "150,000 steps"), (UNTRIMMED, slow_go, "20,000,000 steps")):
        found = proof(jinja, go, "chat")
        assert found.coverage["chat"] == "partial"
        assert not found.counterexamples
        assert [d.code for d in found.diagnostics] == ["MK655"]
        assert words in found.diagnostics[0].message


def test_dates_are_held_to_the_same_day() -> None:
    jinja = UNTRIMMED + "{{ strftime_now('%d') }}"
    right = CHATML_GO + "{{ slice currentDate 8 }}"
    assert proof(jinja, right, "chat").coverage["chat"] == "exact"
    assert proof(jinja, CHATML_GO + "05", "chat").coverage["chat"] == "partial"


def test_every_month_is_tried() -> None:
    jinja = UNTRIMMED + "{{ strftime_now('%B') }}"
    names = list(calendar.month_name)[1:]
    chain = "{{ $m := slice currentDate 5 7 }}"
    chain += "".join(f'{{{{ if eq $m "{i:02}" }}}}{name}{{{{ end }}}}' for i, name in enumerate(names, 1))
    assert proof(jinja, CHATML_GO + chain, "chat").coverage["chat"] == "exact"
    for name in names:
        found = proof(jinja, CHATML_GO + chain.replace(name, name[:-1]), "chat")
        assert found.coverage["chat"] == "partial", name


def test_roles_that_are_too_many_to_be_tried_are_told() -> None:
    asked = "".join(f"{{% set is_{n} = messages[0].role == 'r{n}' %}}" for n in range(50))
    assert proof(UNTRIMMED, CHATML_GO, "chat").coverage["chat"] == "exact"
    found = proof(asked + UNTRIMMED, CHATML_GO, "chat")
    assert found.coverage["chat"] == "partial"
    assert [d.message for d in found.diagnostics] == [
        "chat: not proven to be exact, because the proof ended early: the chat template compares with 50 "
        "roles, 40 of them were tried"
    ]
