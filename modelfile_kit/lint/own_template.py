"""What reaches the model where a Modelfile has no TEMPLATE: the GGUF's own chat template, and its faults.

Every statement was seen on a real Ollama 0.33.0 (tests/integration/test_little_said_real.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import KitError
from ..gguf_file.vocabulary import Vocabulary
from ..huggingface import ConversationRefusedError, Reference
from ..ollama.selection import Selection
from ..ollama.special_tokens import control_texts
from . import probes
from .probes import OwnTemplate

NO_TEMPLATE, BROKEN, BUILT_IN, FOREIGN, NO_PROMPT = "MK513", "MK210", "MK258", "MK323", "MK248"

# What llama-server writes where there is no chat template.
_CHATML = ("<|im_start|>", "<|im_end|>")
_WRITE_ONE = "name the model's chat template in a package (`chat_template:`), or write a TEMPLATE"


def about_own_template(
    source: str | None, vocabulary: Vocabulary, selection: Selection
) -> Iterator[Diagnostic]:
    """Findings about a chat that has no TEMPLATE and no RENDERER.

    source: the GGUF's chat template; vocabulary: the model's; selection: who makes the prompt.
    """
    if selection.source == "built-in":
        yield _nothing(vocabulary)
    elif selection.source == "template" and selection.detected and selection.detected.name:
        yield from _built_in(selection, vocabulary)
    elif selection.source == "jinja" and source:
        yield from _own(source, vocabulary)


def _nothing(vocabulary: Vocabulary) -> Diagnostic:
    missing = vocabulary.missing(_CHATML)
    message = "no TEMPLATE, and no chat template in the GGUF: llama-server formats chats as ChatML"
    if missing:
        message += f", and {' and '.join(map(repr, missing))} are no tokens of this vocabulary"
    return Diagnostic(NO_TEMPLATE, Severity.ERROR if missing else Severity.WARNING, message, help=_WRITE_ONE)


def _built_in(selection: Selection, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    assert selection.detected is not None
    name, stops = selection.detected.name, selection.detected.stops
    yield Diagnostic(
        BUILT_IN,
        Severity.INFO,
        f"no TEMPLATE: `ollama create` recognises the GGUF's chat template and puts Ollama's own {name!r} in "
        f"its place, with the stops {' '.join(stops)}",
        help="write a TEMPLATE to have a proven one: `mkmodelfile compile model.gguf`",
    )
    if missing := vocabulary.missing(t for stop in stops for t in control_texts(stop)):
        yield _foreign(f"Ollama's own template {name!r}", missing)


def _own(source: str, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    try:
        Reference(source).render([{"role": "user", "content": probes.QUESTION}])
    except ConversationRefusedError:
        pass  # it may render others
    except KitError as error:
        yield Diagnostic(
            BROKEN,
            Severity.ERROR,
            f"no TEMPLATE, and the GGUF's own chat template cannot be rendered: {error.message}",
            help=_WRITE_ONE,
        )
        return
    own = OwnTemplate(source)
    texts = [text for name in ("single", "dialogue", "system") if (text := own.prompt(name)) is not None]
    if missing := vocabulary.missing(dict.fromkeys(t for text in texts for t in control_texts(text))):
        yield _foreign("the GGUF's own chat template", missing)
    dialogue = own.prompt("dialogue")
    if dialogue and (lacking := probes.lacks_generation_prompt(probes.Probe("dialogue", dialogue))):
        ending, header = lacking
        yield Diagnostic(
            NO_PROMPT,
            Severity.WARNING,
            "no TEMPLATE, and the GGUF's own chat template writes no generation prompt: the prompt ends "
            f"with {ending!r}; before earlier answers stands {header!r}",
            help="the model may continue the user's text; write a TEMPLATE that ends with it",
        )


def _foreign(what: str, missing: list[str]) -> Diagnostic:
    return Diagnostic(
        FOREIGN,
        Severity.WARNING,
        f"{what} writes {', '.join(map(repr, missing[:4]))}: no tokens of this model; each splits into "
        "several ordinary tokens",
        help="it is probably another model's; write a TEMPLATE with this model's tokens",
    )
