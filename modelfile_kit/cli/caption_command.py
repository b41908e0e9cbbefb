"""`mkmodelfile caption`.

What only some calls need is imported where it is used, so that the command starts faster.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ..captions.cache import AnswerCache
from ..captions.describe import JOBS, Caption, describe
from ..captions.files import image_files
from ..captions.models import DEFAULT_QUESTION, ImageModel, OllamaModel, OpenAIModel, Question
from ..core.cache import kit_cache
from ..core.errors import KitError, UsageError
from ..core.extras import need_pillow
from ..core.foreign_text import json_text, shown
from ..core.progress import Step
from ..vision.image_size import LONGEST
from ..vision.image_tokens import Eye
from ..vision.prepare import QUALITY, SENT_AS, Wishes
from .command import Command
from .common import NumberRange, host_option, print_diagnostics, say
from .output import show, write_report
from .progress import nobody_waits, step_progress


@click.command(
    "caption",
    cls=Command,
    examples=(
        "mkmodelfile caption photo.jpg --model gemma3:4b",
        "mkmodelfile caption photos/ --model my-model --format jsonl > captions.jsonl",
        "mkmodelfile caption 'shots/**/*.png' --package . --question 'What can be tapped here?'",
        "mkmodelfile caption photos/ --url http://127.0.0.1:8080 --longest-side 1024 --jobs 4",
    ),
)
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…")
@click.option("--model", metavar="NAME", help="Ask this model of the server.")
@click.option(
    "--package",
    type=click.Path(path_type=Path),
    help="Ask the model that this package was published as, and count tokens by its projector.",
)
@click.option(
    "--url", metavar="URL", help="Ask a server with OpenAI's API (llama-server, vLLM) instead of Ollama."
)
@host_option
@click.option(
    "--question", default=DEFAULT_QUESTION, show_default=True, help="What is asked about each image."
)
@click.option("--system", default="", help="A system message; without one, the model's own.")
@click.option(
    "--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="Where an answer is cut."
)
@click.option(
    "--temperature",
    type=NumberRange(0),
    default=0.0,
    show_default=True,
    help="0: the likeliest tokens.",
)
@click.option("--think/--no-think", default=None, help="Whether a model that can think does; its own habit.")
@click.option(
    "--longest-side",
    type=click.IntRange(0),
    default=LONGEST,
    show_default=True,
    help="Pixels of the longer side at most; 0 for any.",
)
@click.option(
    "--image-tokens",
    type=click.IntRange(1),
    metavar="N",
    help="Make each image so small that it costs at most N.",
)
@click.option("--quality", type=click.IntRange(1, 95), default=QUALITY, show_default=True, help="Of a JPEG.")
@click.option(
    "--send-as",
    type=click.Choice(SENT_AS),
    default="auto",
    show_default=True,
    help="Format that is sent; auto: photographs as JPEG, the rest as PNG, and unchanged where possible.",
)
@click.option("--recursive", is_flag=True, help="Also search the folders in folders.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=JOBS,
    show_default=True,
    help="Images in work at once.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that remembers answers; by default in the user's cache folder.",
)
@click.option("--no-cache", is_flag=True, help="Ask about every image, and remember nothing.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "jsonl")),
    default="text",
    show_default=True,
    help="jsonl: one JSON object a line and image, with tokens and what was done to the image.",
)
def command(
    images: tuple[str, ...],
    model: str | None,
    package: Path | None,
    url: str | None,
    host: str | None,
    question: str,
    system: str,
    max_tokens: int,
    temperature: float,
    think: bool | None,
    longest_side: int,
    image_tokens: int | None,
    quality: int,
    send_as: str,
    recursive: bool,
    jobs: int,
    cache: Path | None,
    no_cache: bool,
    output_format: str,
) -> None:
    """Describe images: prepare each as the model likes it, ask, and print the answers in order.

    IMAGE is a file, a folder, or a pattern. Images are turned upright, made no larger than the engine sees,
    and sent as PNG or JPEG. What cannot be used is named and left out; the exit code is 1 then. Answers are
    remembered, so that the same command goes on where it was interrupted.
    """
    if url and host:
        raise click.UsageError("--url and --host name two servers; give one")
    need_pillow("`mkmodelfile caption`")
    files = image_files(images, recursive=recursive)
    asked = Question(question, system, max_tokens, temperature, think)
    answers = AnswerCache(None if no_cache else cache or _usual_cache())
    with _opened(model, package, url, host) as found:
        if image_tokens and found.eye is None:
            raise UsageError(
                "--image-tokens: no formula is known for this model's projector, or the server does not tell",
                help="use --longest-side instead; with --url, --package names the projector",
            )
        wishes = Wishes(found.eye, longest_side, image_tokens or 0, quality, send_as)
        counts = {"asked": 0, "cached": 0, "failed": 0}
        printer = _Printer(files, output_format)
        done = describe(
            files,
            found,
            question=asked,
            wishes=wishes,
            cache=answers,
            jobs=jobs,
            on_text=printer.piece if printer.streams else None,
        )
        try:
            # Two things that move on one terminal would overwrite each other.
            with nobody_waits() if sys.stdout.isatty() else step_progress() as progress:
                for number, caption in enumerate(done, 1):
                    printer.show(caption)
                    counts["failed" if caption.error else "cached" if caption.cached else "asked"] += 1
                    if progress:
                        progress(Step("caption", caption.file, number, len(files)))
        except KeyboardInterrupt:
            goes_on = "" if no_cache else "; the same command goes on from here"
            say(_summary(counts, len(files)) + goes_on)
            raise
    say(_summary(counts, len(files)))
    if counts["failed"]:
        raise click.exceptions.Exit(1)


@contextmanager
def _opened(
    model: str | None, package: Path | None, url: str | None, host: str | None
) -> Iterator[ImageModel]:
    """The model that is asked, and its server for as long."""
    name, eye = model, None
    if package is not None:
        packaged, eye = _packaged(package, with_eye=url is not None)
        name = model or packaged
    if url is not None:
        from ..runtime.openai import OpenAIServer

        with OpenAIServer(url) as server:
            yield OpenAIModel(server, model, eye)
        return
    if name is None:
        raise click.UsageError("name what is asked: --model NAME, --package PACKAGE, or --url URL")
    from ..runtime.ollama.client import OllamaServer

    with OllamaServer(host) as ollama:
        yield OllamaModel(ollama, name)


def _packaged(path: Path, *, with_eye: bool) -> tuple[str, Eye | None]:
    """The name of a package, and how its projector sees."""
    from ..package.package import load_package

    package = load_package(path)
    if not with_eye:
        return package.name, None
    from ..building.sources import open_files
    from ..vision.image_tokens import eye_of

    projector = open_files(package).projector_header
    return package.name, eye_of(projector) if projector else None


def _usual_cache() -> Path:
    return kit_cache("captions")


def _summary(counts: dict[str, int], total: int) -> str:
    parts = [f"{counts['asked']} described", f"{counts['cached']} known from before"]
    if counts["failed"]:
        parts.append(f"{counts['failed']} not described")
    left = total - sum(counts.values())
    return (
        f"{total} image{'' if total == 1 else 's'}: {', '.join(parts + ([f'{left} left'] if left else []))}"
    )


class _Printer:
    """Answers on stdout in the order of the files; on a terminal while they come."""

    def __init__(self, files: Sequence[Path | KitError], output_format: str) -> None:
        self.files = files
        self.jsonl = output_format == "jsonl"
        # Elsewhere an answer is printed once it is whole, so that a cut one is never taken for it.
        self.streams = not self.jsonl and sys.stdout.isatty()
        self._lock = threading.Lock()
        self._turn = 0  # the number of the file whose answer is printed now
        self._begun = False
        self._early: dict[int, list[str]] = {}

    def piece(self, number: int, text: str) -> None:
        """A piece of an answer; it waits until it is that answer's turn."""
        with self._lock:
            if number == self._turn:
                self._write(text)
            else:
                self._early.setdefault(number, []).append(text)

    def show(self, caption: Caption) -> None:
        """What became of the file whose turn it is."""
        with self._lock:
            self._whole(caption)
            self._turn += 1
            self._begun = False
            for text in self._early.pop(self._turn, ()):
                self._write(text)

    def _whole(self, caption: Caption) -> None:
        if self._begun:
            show("")
        if caption.error is not None:
            print_diagnostics([caption.error.to_diagnostic()])
        if self.jsonl:
            write_report(f"{_line(caption)}\n", "jsonl")
        elif caption.answer is not None:
            if not self._begun:
                show(f"{shown(str(caption.file))}: {caption.answer.text}")
            if caption.answer.finish_reason == "length":
                say(f"{caption.file}: the answer was cut after {caption.answer.completion_tokens} tokens")

    def _write(self, text: str) -> None:
        if not self._begun:
            show(f"{shown(str(self.files[self._turn]))}: ", nl=False)
            self._begun = True
        show(text, nl=False)


def _line(caption: Caption) -> str:
    """A JSON object; a file name that is not Unicode is written in escapes."""
    return json_text(caption.to_dict())
