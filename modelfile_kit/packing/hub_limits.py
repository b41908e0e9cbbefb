"""What a repository on Hugging Face's hub cannot say to Ollama, and what its users lose by that.

The hub makes a model of a repository when Ollama pulls `hf.co/ORG/REPO`: of one GGUF, a projector, and the
files `template`, `system` and `params`. Sources: https://huggingface.co/docs/hub/ollama (August 2026); that
it knows neither RENDERER nor PARSER: ollama/ollama issue 17636; that it refuses split models:
huggingface/hub-docs issue 2702.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..building.build import Build
from ..building.package_replies import template_trip
from ..core.diagnostics import Diagnostic, Severity
from ..gguf_file.split import split_of
from ..ollama.selection import Selection, renderer_of_create, select
from ..ollama.versions import Target, since
from ..replies.round_trip import RoundTrip

NOT_ON_HUB = "MK540"
PARSER_LOST = "MK541"
INSTRUCTION_LOST = "MK542"
NATIVE_ON_HUB = "MK543"
JINJA_WINS = "MK544"

NATIVE_TEMPLATE = "{{ .Prompt }}"
"""A TEMPLATE that shows no capability, so that the GGUF's own Jinja wins if it shows one."""

_SPACES = " \t\r\n"
_KEEPS = (
    "the Modelfile in the repository has it: tell users to download the repository and to run "
    "`ollama create NAME -f Modelfile`"
)


def check_for_hub(built: Build) -> list[Diagnostic]:
    """What is lost; an error for what would be another model or give wrong prompts."""
    mode = built.plan.mode.chosen
    found = [*_other_model(built)]
    if mode == "renderer":
        found.append(_no_renderer(built))
    elif mode == "native":
        found += _native(built)
    else:
        found += _by_template(built)
    return [*found, *_instructions(built)]


def hub_template(built: Build) -> str:
    """The text of the file `template`.

    It neither begins nor ends with white space, which a web editor or the hub may take away: a TEMPLATE that
    does writes it as a Go string.
    """
    text = built.modelfile.last("template") or NATIVE_TEMPLATE
    body = text.strip(_SPACES)
    if not body:
        return text
    before, after = text[: text.index(body)], text[text.index(body) + len(body) :]
    # What a trim mark takes away has never been in a prompt.
    before = "" if body.startswith("{{- ") else before
    after = "" if body.endswith(" -}}") else after
    return _as_action(before) + body + _as_action(after)


def _as_action(spaces: str) -> str:
    return f"{{{{ {json.dumps(spaces)} }}}}" if spaces else ""


def _error(built: Build, key: str, message: str, help: str) -> Diagnostic:
    return Diagnostic(NOT_ON_HUB, Severity.ERROR, message, built.package.span(key), help)


def _other_model(built: Build) -> Iterator[Diagnostic]:
    package = built.package
    if (split := split_of(built.files.header)) is not None:
        message = f"the model is split into {split.count} files, and the hub refuses to serve those to Ollama"
        yield _error(built, "model", message, "join them first with `llama-gguf-split --merge`")
    if package.adapters:
        message = "the hub serves no LoRA adapters to Ollama: the model would answer without `adapters`"
        yield _error(built, "adapters", message, "merge the adapter into the model (llama-export-lora)")
    if package.quantize:
        message = f"the hub serves the GGUF as it is: nobody would quantize it to {package.quantize}"
        yield _error(built, "quantize", message, f"run `mkmodelfile quantize MODEL {package.quantize}` first")


def _no_renderer(built: Build) -> Diagnostic:
    name = built.plan.maker.renderer
    message = (
        f"the hub has no RENDERER ({name}): it would take a Go template from a list of its own, "
        "and the prompts would be others than those that are proven"
    )
    hint = "write `mode: go`, or push the model to an Ollama registry instead"
    return _error(built, "renderer" if built.package.renderer == name else "mode", message, hint)


def _native(built: Build) -> Iterator[Diagnostic]:
    span, releases = built.package.span("mode"), _selections(built, NATIVE_TEMPLATE)
    lost = [(release, s) for release, s in releases if s.source != "jinja"]
    if lost:
        release, selection = lost[0]
        message = (
            "the hub always gives a model a TEMPLATE, and this chat template would not be used beside one "
            f"(Ollama {release}: {selection.why})"
        )
        yield _error(built, "mode", message, "write `mode: go`, or push to an Ollama registry instead")
        return
    message = (
        f"the hub always gives a model a TEMPLATE, so `template` is {NATIVE_TEMPLATE}, beside which Ollama "
        f"{since('native_jinja')} and later use the GGUF's own Jinja; older ones would send the bare text "
        "of the last message, and the hub cannot tell them REQUIRES"
    )
    hint = f"say in the model card that Ollama {since('native_jinja')} is needed"
    yield Diagnostic(NATIVE_ON_HUB, Severity.WARNING, message, span, hint)


def _selections(built: Build, template: str) -> list[tuple[str, Selection]]:
    """Who makes the prompts of the pulled model, on the oldest and the newest Ollama of the target."""
    target, files = Target.parse(built.package.target), built.files
    ends = [target] if target.newest.version == target.version else [Target(target.version), target.newest]
    architecture = files.header.architecture
    # Only `create` gives an architecture a renderer; a pulled model has what its manifest says.
    architecture = "" if renderer_of_create(architecture) else architecture
    jinja = files.vocabulary.chat_templates.get("default") if files.vocabulary else None
    return [
        (end.name, select(template=template, jinja=jinja, architecture=architecture, target=end))
        for end in ends
    ]


def _by_template(built: Build) -> Iterator[Diagnostic]:
    template, parser = hub_template(built), built.plan.maker.parser
    for release, selection in _selections(built, template):
        if selection.source == "template" or (parser is None and built.plan.in_use.by_jinja):
            continue  # as proven; or the build has said so already
        message = (
            f"Ollama {release} will not use the TEMPLATE of the pulled model but the GGUF's own Jinja: "
            f"{selection.why}"
        )
        hint = f"{selection.change or 'compare the prompts with `mkmodelfile verify`'}"
        yield Diagnostic(JINJA_WINS, Severity.WARNING, message, built.package.span("mode"), hint)
        break
    if parser is not None:
        yield _no_parser(built, template, parser)


def _no_parser(built: Build, template: str, parser: str) -> Diagnostic:
    span = built.package.span("parser")
    before, after = built.round_trip(), _without_parser(built, template)
    message, severity = f"the hub has no PARSER ({parser})", Severity.WARNING
    if before is None or after is None or before.stopped or after.stopped:
        message += ": what it reads out of replies will come as plain text"
    elif lost := [kind for kind, read in before.read.items() if read and not after.read.get(kind)]:
        message += f": replies of these kinds are no longer read back: {', '.join(lost)}"
    else:
        severity = Severity.INFO
        message += "; the TEMPLATE's own tags read the same replies"
    return Diagnostic(PARSER_LOST, severity, message, span, _KEEPS)


def _without_parser(built: Build, template: str) -> RoundTrip | None:
    reference = built.reference
    return template_trip(built.package, built.files, reference, template, "") if reference else None


def _instructions(built: Build) -> Iterator[Diagnostic]:
    package = built.package
    if package.messages:
        message = "the hub has no MESSAGE: conversations would begin without `messages`"
        span = package.span("messages")
        yield Diagnostic(INSTRUCTION_LOST, Severity.WARNING, message, span, _KEEPS)
    system = built.modelfile.last("system") or ""
    if system != system.strip():
        message = "`system` begins or ends with white space, which the hub or an editor there may take away"
        hint = "write it without; in YAML, `|-` in the place of `|` ends a text without a newline"
        yield Diagnostic(INSTRUCTION_LOST, Severity.WARNING, message, package.span("system"), hint)
    if package.draft is not None:
        message = "the hub serves no DRAFT model: the answers are the same, but slower"
        yield Diagnostic(INSTRUCTION_LOST, Severity.INFO, message, package.span("draft"), _KEEPS)
    if package.license is not None:
        message = "the hub gives a model no LICENSE: it is a file and a tag of the repository instead"
        hint = "nothing has to be done; `ollama show --license` will show none"
        yield Diagnostic(INSTRUCTION_LOST, Severity.INFO, message, package.span("license"), hint)
