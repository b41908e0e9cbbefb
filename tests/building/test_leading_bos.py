"""BOS is cut out where it is the first that is printed, and stays everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.leading_bos import without_leading_bos, without_trailing_eos
from modelfile_kit.compiler.compile import translate
from modelfile_kit.core.errors import KitError
from modelfile_kit.ollama.prompt import render_prompt

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "templates"
USER, ANSWER, SYSTEM = (
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes"},
    {"role": "system", "content": "S"},
)
CHATS = (
    [USER],
    [SYSTEM, USER],
    [USER, ANSWER, USER],
    [SYSTEM, USER, ANSWER, USER],
)
LOOP = "{{ range .Messages }}{{ .Content }}</s>{{ end }}"
RANGE = "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}"


@pytest.mark.parametrize(
    "template",
    [
        f"<s>{RANGE}",
        f"<s> [INST]{RANGE}",
        "{{ range $i, $_ := .Messages }}{{ if eq $i 0 }}<s>{{ end }}{{ .Role }}{{ .Content }}{{ end }}",
        "{{ range $i, $_ := .Messages }}{{ if not $i }}<s>{{ end }}{{ .Role }}{{ .Content }}{{ end }}",
        # Llama 2: before every question
        '{{ range .Messages }}{{ if eq .Role "user" }}<s>[INST] {{ .Content }} [/INST]'
        '{{ else if eq .Role "assistant" }} {{ .Content }} </s>{{ end }}{{ end }}',
        # Seed-OSS: before every turn, and before the answer
        "{{ range .Messages }}<s>{{ .Role }}{{ .Content }}</s>{{ end }}<s>assistant",
        "{{ range $i, $_ := .Messages }}<s>{{ .Role }}{{ .Content }}{{ end }}<s>assistant",
        '{{ if eq (index .Messages 0).Role "system" }}<s>{{ .System }}{{ else }}<s>no system{{ end }}'
        "{{ range .Messages }}{{ .Content }}{{ end }}",
        "{{ $seen := false }}{{ range .Messages }}{{ if not $seen }}<s>{{ $seen = true }}{{ end }}"
        '{{ if eq .Role "system" }}{{ continue }}{{ end }}{{ .Content }}{{ end }}<s>',
        "{{ range .Messages }}<s>{{ .Content }}{{ break }}{{ end }}<s>a",
        "{{ with .Messages }}<s>{{ len . }}{{ else }}none{{ end }}",
        '{{ define "x" }}<s>{{ . }}{{ end }}<s>{{ template "x" "y" }}{{ range .Messages }}{{ end }}',
        "{{ if false }}{{ range .Messages }}<s>{{ .Thinking }}</s>{{ end }}{{ end }}<s>" + RANGE,
        '{{ if eq (len .Messages) 99 }}{{ template "refused" . }}{{ end }}<s>' + RANGE,
        "{{- /* a comment */ -}}\n<s>{{ range $i, $m := .Messages }}{{ if $i }}<s>{{ end }}"
        "{{ $m.Content }}{{ end }}",
    ],
)
def test_one_at_the_start_goes_and_no_other(template: str) -> None:
    without = without_leading_bos(template, "<s>")
    for messages in CHATS:
        before = render_prompt(template, messages)
        assert before.startswith("<s>")
        assert render_prompt(without, messages) == before.removeprefix("<s>")


@pytest.mark.parametrize(
    "template",
    [
        RANGE,
        "x<s>" + RANGE,
        "{{ range .Messages }}{{ .Role }}<s>{{ .Content }}{{ end }}",
        '{{ $bos := "<s>" }}{{ $bos }}' + RANGE,  # not seen; the caller's check says so
    ],
)
def test_everything_else_stays(template: str) -> None:
    assert without_leading_bos(template, "<s>") == template


def test_only_where_it_is_needed_a_variable_decides() -> None:
    assert without_leading_bos(f"<s>{RANGE}", "<s>") == RANGE
    guarded = without_leading_bos("{{ $begun := 1 }}{{ range .Messages }}<s>{{ .Content }}{{ end }}", "<s>")
    assert guarded.startswith("{{ $begun2 := false }}")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (f"{RANGE}</s>", RANGE),
        (f"{RANGE}A</s>", f"{RANGE}A"),
        (RANGE, RANGE),
        (
            "{{ range .Messages }}{{ .Content }}</s>{{ end }}",
            "{{ range .Messages }}{{ .Content }}</s>{{ end }}",
        ),
    ],
)
def test_eos_goes_only_from_the_very_end(template: str, expected: str) -> None:
    assert without_trailing_eos(template, "</s>") == expected


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no ../shared/corpus here")
def test_real_templates_lose_one_bos_and_nothing_else() -> None:
    """Real chat templates, with the places where they have BOS: before all, in a loop, before each turn."""
    begun = 0
    for path in sorted(CORPUS.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        if "bos_token" not in source:
            continue
        template = translate(source, bos_token="<s>", eos_token="</s>").template
        without = without_leading_bos(template, "<s>")
        for messages in CHATS:
            try:
                before = render_prompt(template, messages)
            except KitError:
                continue
            begun += before.startswith("<s>")
            assert render_prompt(without, messages) == before.removeprefix("<s>"), path.name
    assert begun > 100
