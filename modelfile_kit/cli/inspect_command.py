"""`mkmodelfile inspect`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ..core.diagnostics import Diagnostic, Severity, has_errors
from ..core.errors import GGUFError
from ..core.foreign_text import shown
from ..core.numbers import read_count
from ..core.sizes import size_text
from ..core.urls import shown_url
from ..gguf_file import read_header
from ..gguf_file.description import Description, describe
from ..gguf_file.inputs import model_input
from ..gguf_file.pairing import FileKind, check_pair, check_together, classify
from ..gguf_file.projector_choice import find_projector
from ..ollama.versions import since, until
from ..report import Case, Report, Status, render
from ..report.panel import panel_lines, rows_of
from .command import Command
from .common import (
    NumberRange,
    format_option,
    patience_options,
    print_diagnostics,
    tokenizer_option,
    write_report_files,
)
from .inspect_answers import Answers, answers
from .output import panel_width, show, wants_color, write_report

if TYPE_CHECKING:
    from ..gguf_file import Header

_MAX_SIDE = 100_000
_MAX_SECONDS = 86_400


@click.command(
    "inspect",
    cls=Command,
    examples=(
        "mkmodelfile inspect model.gguf",
        "mkmodelfile inspect model.gguf mmproj-model-F16.gguf --image-size 1080x2400 --sound-length 5",
        "mkmodelfile inspect model.gguf --tokenizer ./original-model",
        "mkmodelfile inspect hf.co/ORG/REPO-GGUF:Q4_K_M --format json",
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE-or-NAME...")
@tokenizer_option
@patience_options
@click.option(
    "--image-size",
    "sizes",
    metavar="WIDTHxHEIGHT",
    multiple=True,
    callback=lambda _context, _parameter, given: tuple(map(_size, given)),
    help="How many tokens an image of this many pixels costs with the projector; may be repeated.",
)
@click.option(
    "--sound-length",
    "lengths",
    metavar="SECONDS",
    multiple=True,
    type=NumberRange(0, _MAX_SECONDS, min_open=True),
    help="How many tokens a sound of this many seconds costs with the projector; may be repeated.",
)
@format_option
def command(
    files: tuple[str, ...],
    tokenizer: str | None,
    sizes: tuple[tuple[int, int], ...],
    lengths: tuple[float, ...],
    output_format: str,
) -> None:
    """Describe GGUF files, and what Ollama will do with them.

    A file may be a name: a URL, hf.co/ORG/REPO:Q4_K_M, ms://ORG/REPO or ollama://NAME, of which only the
    header is read. Give a model and its projector together to see whether they fit. With
    --tokenizer the model's vocabulary is compared, token by token, with that of the original model.
    """
    headers: list[Header] = []
    cases: list[Case] = []
    code = 1
    for name in files:
        label = shown_url(name)
        try:
            header = read_header(name)
            described = describe(header)
        except GGUFError as error:
            code = max(code, error.exit_code)
            cases.append(Case(label, Status.FAILED, error.message, diagnostics=(error.to_diagnostic(),)))
            continue
        headers.append(header)
        known = answers(header) if classify(header) is FileKind.MODEL else Answers()
        if output_format == "text":
            lines = [*_lines(described), *(_as_model(known) if described.kind == "model" else ())]
            _show(label, lines)
        contents = known.findings(header.path.name)
        found = (*described.diagnostics, *contents)
        status = Status.FAILED if has_errors(found) else Status.PASSED
        data = {**described.to_dict(), "replies": known.replies}
        data["memory"] = {str(context): size for context, size in known.memory.items()} or None
        place = f"{header.path.name}: "
        data["chat_template_findings"] = [
            {**{k: v for k, v in one.items() if k != "key"}, "chat_template": place + one["key"]}
            for one in known.contents
        ]
        cases.append(Case(label, status, described.kind, data=data, diagnostics=found))
    compared = [found for header in headers for found in _tokenizer(header, tokenizer, output_format)]
    paired = check_together(headers)
    together = _pair_input(headers) if paired is not None else ()
    costs, sounds = _image_costs(headers, sizes), _sound_costs(headers, lengths)
    if len(headers) == 1 and paired is None:
        paired = _neighbour(headers[0])
    report = Report(
        "inspect",
        " ".join(map(shown_url, files)),
        tuple(cases),
        (*compared, *(paired or ())),
        facts={
            **({"input": list(together)} if together else {}),
            **({"images": [cost for cost, _ in costs]} if costs else {}),
            **({"sounds": [cost for cost, _ in sounds]} if sounds else {}),
        },
    )
    write_report_files(report)
    if output_format != "text":
        write_report(render(report, output_format), output_format)
    else:
        print_diagnostics(report.all_diagnostics())
        for _, line in (*costs, *sounds):
            show(shown(line))
        if together:
            fits = "the projector fits the model; " if paired == () else ""
            show(f"{fits}input: {', '.join(together)}")
    if not report.ok:
        raise click.exceptions.Exit(code)


def _show(label: str, lines: list[str]) -> None:
    """A file: a panel on a terminal, plain lines anywhere else."""
    width = panel_width(sys.stdout)
    if width is None:
        show("\n".join([shown(label), *(f"  {shown(line)}" for line in lines)]))
    else:
        color = wants_color(sys.stdout)
        show("\n".join(panel_lines(label, rows_of(lines, 15), width=width, color=color)))


def _size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    width, _, height = text.lower().partition("x")
    sides = read_count(width), read_count(height)
    if sides[0] is None or sides[1] is None:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise click.BadParameter(f"{shown!r} is no size; expected WIDTHxHEIGHT in pixels, such as 1080x2400")
    if not 0 < sides[0] <= _MAX_SIDE or not 0 < sides[1] <= _MAX_SIDE:
        raise click.BadParameter(f"{text!r}: each side has 1 to {_MAX_SIDE:,} pixels")
    return sides[0], sides[1]


def _image_costs(
    headers: list[Header], sizes: tuple[tuple[int, int], ...]
) -> list[tuple[dict[str, object], str]]:
    """The tokens of images with each projector, as data and as a line."""
    if not sizes:
        return []
    from ..ollama.engine_arguments import least_image_tokens
    from ..vision.image_tokens import image_tokens

    models = [h for h in headers if classify(h) is FileKind.MODEL]
    least = max((least_image_tokens(h.architecture) or 0 for h in models), default=0)
    projectors = _projectors(headers, "--image-size")
    found: list[tuple[dict[str, object], str]] = []
    for header in projectors:
        for width, height in sizes:
            counted = image_tokens(header, (width, height), least=least)
            label = f"image {width}x{height}"
            if counted is None:
                kind = header.metadata.text("clip.projector_type") or "unknown"
                found.append(({"size": [width, height]}, f"{label}: no formula is known for type {kind}"))
                continue
            found.append(
                _cost(label, {"size": [width, height]}, counted.engine, counted.reference, counted.words)
            )
    return found


def _sound_costs(headers: list[Header], lengths: tuple[float, ...]) -> list[tuple[dict[str, object], str]]:
    """The tokens of sounds with each projector, as data and as a line."""
    if not lengths:
        return []
    from ..vision.sound_tokens import sound_tokens

    found: list[tuple[dict[str, object], str]] = []
    for header in _projectors(headers, "--sound-length"):
        for seconds in lengths:
            counted = sound_tokens(header, seconds)
            label = f"sound of {seconds:g} s"
            if counted is None:
                kind = header.metadata.text("clip.projector_type") or "unknown"
                found.append(({"seconds": seconds}, f"{label}: the projector ({kind}) takes no sound"))
                continue
            found.append(_cost(label, {"seconds": seconds}, counted.engine, counted.reference, counted.words))
    return found


def _cost(
    label: str, asked: dict[str, object], engine: int, reference: int | None, words: str
) -> tuple[dict[str, object], str]:
    """What an image or a sound costs: engine and reference in tokens, words: why they differ, or ""."""
    trained = "not known" if reference is None else f"{reference:,}"
    line = f"{label}: {engine:,} tokens with llama.cpp, {trained} in the training"
    data = {**asked, "engine": engine, "reference": reference, "why": words}
    return data, f"{line} ({words})" if words else line


def _projectors(headers: list[Header], option: str) -> list[Header]:
    found = [h for h in headers if classify(h) is FileKind.PROJECTOR]
    if not found:
        raise click.UsageError(f"{option} needs the projector too: `mkmodelfile inspect MODEL PROJECTOR`")
    return found


def _memory_text(memory: Mapping[int, int]) -> str:
    """In words: 5.26 GiB with a context of 4,096, 10.5 GiB with 40,960."""
    parts = [f"{size_text(size)} with {context:,}" for context, size in memory.items()]
    return f"{', '.join(parts)} tokens of context (`mkmodelfile fit` says more)"


def _tokenizer(header: Header, asked: str | None, output_format: str) -> tuple[Diagnostic, ...]:
    """What a model's vocabulary has otherwise than the original tokenizer that was named."""
    if asked is None or classify(header) is not FileKind.MODEL:
        return ()
    from ..align.model_tokenizer import compare_vocabulary
    from ..gguf_file.vocabulary import Vocabulary

    compared, found = compare_vocabulary(asked, header.path, Vocabulary.from_header(header))
    if output_format == "text" and compared is not None:
        show(f"  {'tokenizer':<14} {shown(compared.summary)}")
    return found


def _pair_input(headers: list[Header]) -> tuple[str, ...]:
    """What a model takes with the projectors that were given with it."""
    model = next(h for h in headers if classify(h) is FileKind.MODEL)
    projectors = [h for h in headers if h is not model]
    senses = [sense for p in projectors for sense in model_input(model, p)]
    return tuple(dict.fromkeys(senses))


def _neighbour(header: Header) -> tuple[Diagnostic, ...] | None:
    """What `projector: auto` would say of a model that is inspected alone: a remark or a warning."""
    if classify(header) is not FileKind.MODEL:
        return None
    if header.place is None:
        found = tuple(check_pair(header, None))
    else:
        found = find_projector(header.path, model=header).diagnostics
    # A file that lacks its projector is sound all the same.
    mild = (replace(d, severity=Severity.WARNING) if d.severity is Severity.ERROR else d for d in found)
    return tuple(mild) or None


def _lines(facts: Description) -> Iterator[str]:
    size = f"{facts.file_size:,} bytes" if facts.file_size is not None else "size unknown"
    yield f"{'type':<14} {facts.kind} (Ollama uses it as the {facts.kind} layer)"
    yield f"{'format':<14} GGUF v{facts.version}, {facts.byte_order}-endian, {size}"
    yield f"{'name':<14} {facts.name or '(none)'}"
    yield f"{'architecture':<14} {facts.architecture}, {_count(facts.parameters)}, {facts.file_type}"
    numbers = {"layers": facts.layers, "width": facts.embedding_length, "heads": facts.heads}
    numbers["context"] = facts.context_length
    if facts.input:
        yield f"{'input':<14} {', '.join(facts.input)}"
    yield f"{'shape':<14} " + ", ".join(f"{k} {v}" for k, v in numbers.items() if v is not None)
    if facts.vocabulary:
        yield from _vocabulary(facts)
    if facts.projector:
        projector = facts.projector
        sound = f" (sound: {projector.audio_type})" if projector.audio_type else ""
        yield f"{'projector':<14} type {projector.type}{sound}, projection dim {projector.width}"
        if projector.sees:
            yield f"{'image':<14} {projector.image_size} pixels, patches of {projector.patch_size}"
    if facts.sampling:
        settings = ", ".join(f"{name} {value:g}" for name, value in facts.sampling.items())
        yield f"{'sampling':<14} {settings}"
        first = since("sampling_defaults")
        yield f"{'':<14} Ollama {first} and later take these where no PARAMETER says otherwise"
    if facts.kind == "adapter":
        last = until("lora_adapters")
        yield f"{'in Ollama':<14} refused from {last} on; llama-export-lora merges it into its model"


def _count(parameters: int) -> str:
    """Parameters as people say it: 9.4 billion, 33,800."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if parameters >= size:
            return f"{parameters / size:.3g}{word} parameters"
    return f"{parameters:,} parameters"


def _vocabulary(facts: Description) -> Iterator[str]:
    words = facts.vocabulary
    assert words is not None
    named = {"bos": words.bos, "eos": words.eos, "eot": words.eot}
    ids = ", ".join(f"{k} {v[0]} ({v[1]})" for k, v in named.items() if v)
    yield f"{'vocabulary':<14} {words.size:,} tokens, {words.model}/{words.pre}; {ids}"
    yield f"{'adds BOS':<14} {'yes (llama.cpp)' if words.add_bos else 'no'}"
    ends = " ".join(text for text, _ in words.end_of_generation)
    yield f"{'end tokens':<14} {ends or 'none: the model needs stops'}"
    templates = ", ".join(f"{name} ({size:,} characters)" for name, size in words.chat_templates.items())
    yield f"{'chat template':<14} {templates or 'none'}"


def _as_model(known: Answers) -> Iterator[str]:
    yield f"{'family':<14} {known.family or 'unknown to modelfile-kit (not an error)'}"
    for head, text in known.in_ollama:
        yield f"{head:<14} {text}"
    if known.memory:
        yield f"{'memory':<14} {_memory_text(known.memory)}"
    if known.replies is not None:
        yield f"{'replies':<14} {known.replies_in_words}"
