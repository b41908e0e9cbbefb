"""The checks of images: a known answer in every format, a control without one, several in order."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.errors import ServerError
from ..publish.subject import Check, error, short
from ..vision.colour_images import (
    COLOURS,
    ImageProbe,
    colour_probes,
    final_answer,
    missing_formats,
    named,
    plain_png,
)
from .asked import Asked, bear, missing, said, words_of
from .asked import named as named_refusal

ORDER_QUESTION = "What is the main colour of the last picture? Answer with one word."
_PAIR = ("red", "green")
_SIDE = 112  # pixels: few tokens, and more than every projector's smallest image
_HELP = "start the server with the package's projector (--mmproj of llama-server), and a model that sees"
_PNG = "send PNG or JPEG"


def check_images(asked: Asked) -> Iterator[Check]:
    """Images as data URLs. Where the server refuses them all, that is one check."""
    promised = asked.promise.images or bool(asked.about.images)
    answers: list[tuple[ImageProbe, str]] = []
    refused: list[tuple[ImageProbe, ServerError]] = []
    for probe in colour_probes():
        try:
            answer = asked.ask_longer(probe.question, [probe.bytes])
        except ServerError as e:
            bear(e)
            refused.append((probe, e))
            if not answers:
                break
            continue
        answers.append((probe, said(answer)))
    if not answers:
        yield missing("images", words_of(refused[0][1]), promised, _HELP, named_refusal(refused[0][1]))
        return
    control = said(asked.ask_longer(answers[0][0].question))
    if _ignored(answers, control):
        finding = error(
            "MK851", f"the answer is the same with every image and without one: {short(control)}", _HELP
        )
        yield Check("images", "fail", "ignored", (finding,))
        return
    yield from (_judged(probe, text) for probe, text in answers)
    yield from (_format(probe, e) for probe, e in refused)
    yield from (Check(f"image {name}", "skip", why) for name, why in missing_formats().items())
    guess = named(control, tuple(COLOURS))
    yield Check("no image", "ok", short(control) + (f"; a guess: {guess}" if guess else ""))
    yield _order(asked)


def _ignored(answers: list[tuple[ImageProbe, str]], control: str) -> bool:
    said_ = {final_answer(text) for _, text in answers}
    return len(answers) > 1 and said_ == {final_answer(control)}


def _judged(probe: ImageProbe, text: str) -> Check:
    name = f"image {probe.id}"
    if probe.judge(text):
        return Check(name, "ok", f"{short(text)} ({probe.size[0]}×{probe.size[1]} {probe.format})")
    finding = error(
        "MK850",
        f"expected {probe.answer}, the colour of the image; the model answers {short(text)}",
        "check that the projector belongs to exactly this model, and the chat template to both",
    )
    return Check(name, "fail", f"expected {probe.answer}", (finding,))


def _format(probe: ImageProbe, refused: ServerError) -> Check:
    """An image that was refused while others were taken: its format, or the server broke.

    Few decoders know WebP; llama-cpp-python's server answers it with HTTP 500.
    """
    name = f"image {probe.id}"
    if probe.format == "WEBP" or (probe.format != "PNG" and (refused.status or 500) < 500):
        return Check(name, "skip", f"not offered: {probe.format} ({words_of(refused)}); {_PNG}")
    return Check(name, "fail", "the server answered with an error", (named_refusal(refused),))


def _order(asked: Asked) -> Check:
    """Two images, in both orders: the last one's colour changes with the order."""
    texts = []
    for colours in (_PAIR, tuple(reversed(_PAIR))):
        pictures = [plain_png(colour, (_SIDE, _SIDE)) for colour in colours]
        try:
            texts.append(said(asked.ask_longer(ORDER_QUESTION, pictures)))
        except ServerError as e:
            bear(e)
            return Check("several images", "skip", f"not offered: {words_of(e)}")
    right = (_PAIR[1], _PAIR[0])
    if tuple(named(text, tuple(COLOURS)) for text in texts) == right:
        return Check("several images", "ok", f"the last of two is {right[0]}, then {right[1]}")
    finding = error(
        "MK850",
        f"of two images the last is {right[0]}, then {right[1]}; the model answers {short(texts[0])}, then "
        f"{short(texts[1])}",
        "the images may reach the model in another order or only one of them; a small model may not count",
    )
    return Check("several images", "fail", "not in order", (finding,))
