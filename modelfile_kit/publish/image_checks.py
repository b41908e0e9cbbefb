"""The checks of `verify` about images: a known answer in every format, and the control without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..core.diagnostics import Diagnostic
from ..core.errors import ServerError
from ..runtime.error_texts import OF_FILES
from ..vision.colour_images import COLOURS, ImageProbe, final_answer, missing_formats, named
from .engine_faults import name_fault
from .subject import LONGER, Check, Subject, error, short

ENDLESS, WRONG, IGNORED = "MK840", "MK850", "MK851"
_NOT_AS_TRAINED = (
    "the image does not reach the model as in training: see the prompt findings above, and check that "
    "the projector was published with exactly this model"
)
_UNPROVEN = (
    "the chat template has no images (MK662), so the model may read an image at another place or with other "
    "tokens around it: take the chat template of its maker that has images; or write `projector: none` for a "
    "model of text alone"
)


def check_images(subject: Subject) -> Iterator[Check]:
    """Images with a known answer in every format, then the same question without one."""
    if not subject.meant.vision:
        yield Check("images", "skip", "the model is not expected to see images")
        return
    if subject.dead:
        yield Check("images", "skip", "the engine does not run")
        return
    answers: list[tuple[ImageProbe, str]] = []
    refused: set[str] = set()
    for probe in subject.images:
        check, answer = _check_image(subject, probe, refused)
        if answer is not None:
            answers.append((probe, answer))
        yield check
        if answer is None and check.status == "fail" and _hopeless(check):
            break
    for image_format, why in missing_formats().items():
        yield Check(f"image {image_format}", "skip", why)
    yield _check_control(subject, answers)


def _check_image(subject: Subject, probe: ImageProbe, refused: set[str]) -> tuple[Check, str | None]:
    """The check of one image, and the answer. refused: formats that the server failed on so far."""
    name = f"image {probe.id}"
    try:
        reply = subject.ask(probe.question, probe.bytes)
        if reply.finish_reason == "length" and not probe.judge(reply.text):
            # A model that thinks at length has not said its answer yet.
            reply = subject.ask(probe.question, probe.bytes, limit=subject.max_tokens * LONGER)
    except ServerError as e:
        if e.code == "MK802":
            raise
        found = name_fault(e, subject.served, with_image=True)
        # Every server reads PNG: what fails on that too is not the format's fault.
        if found.code == "MK857" and probe.format != "PNG" and "PNG" not in refused:
            found = error("MK858", f"the server cannot read {probe.format}: {e.message}", "update Ollama")
        refused.add(probe.format)
        what = "the answer does not end" if found.code == ENDLESS else "the server answered with an error"
        return Check(name, "fail", what, (_explained(subject, found),)), None
    if probe.judge(reply.text):
        size = f"{probe.size[0]}×{probe.size[1]} {probe.format}"
        return Check(name, "ok", f"{short(reply.text)} ({size})"), reply.text
    found = error(
        WRONG,
        f"expected {probe.answer}, the {'colour' if probe.answer in COLOURS else 'shape'} of the image; the "
        f"model answers {short(reply.text or reply.thinking)}",
        _NOT_AS_TRAINED,
    )
    return Check(name, "fail", f"expected {probe.answer}", (_explained(subject, found),)), reply.text


def _explained(subject: Subject, found: Diagnostic) -> Diagnostic:
    """A wrong or endless answer to an image, with what is likeliest to cause it."""
    if found.code not in (ENDLESS, WRONG, IGNORED):
        return found
    if subject.unproven_images:
        return replace(found, help=_UNPROVEN)
    if found.code == ENDLESS and subject.stopped:
        ends = "an answer without an image ends, so the end token is right"
        return replace(found, help=f"{ends}; {_NOT_AS_TRAINED}")
    return found


def _hopeless(check: Check) -> bool:
    return any(d.code in OF_FILES for d in check.diagnostics)


def _check_control(subject: Subject, answers: list[tuple[ImageProbe, str]]) -> Check:
    """No image: a model that gives the same answer without one ignores images."""
    if not answers:
        return Check("no image", "skip", "no image was answered")
    reply = subject.ask(answers[0][0].question)
    said = {final_answer(text) for _, text in answers}
    if len(answers) > 1 and said == {final_answer(reply.text)}:
        finding = error(
            IGNORED,
            f"the answer is the same with every image and without one: {short(reply.text)}",
            "the images do not reach the model: see the prompt findings above",
        )
        return Check("no image", "fail", "images are ignored", (_explained(subject, finding),))
    guess = named(reply.text, tuple(COLOURS))
    note = f"; without an image it guesses {guess}" if guess else ""
    return Check("no image", "ok", short(reply.text) + note)
