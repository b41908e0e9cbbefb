"""The stops that `create` would add: kept away by one that changes nothing.

`create` compares the GGUF's chat template with those that it knows, and adds the template that is near
enough and its stops (Ollama 0.33, server/model.go, detectChatTemplate). A TEMPLATE of the Modelfile takes the
place of that template. The stops stay unless the Modelfile has a PARAMETER stop of its own (server/create.go,
setParameters; 0.34, create/manifest.go, ApplyModelfileLayers), and so do those that create gives some
architectures. No Modelfile can say that there are none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..ollama.detection import detect
from .stops import Stop, Stops
from .template_in_use import TemplateInUse

if TYPE_CHECKING:
    from ..gguf_file.vocabulary import Vocabulary


def keep_away_created(stops: Stops, in_use: TemplateInUse, vocabulary: Vocabulary | None) -> Stops:
    """Stops that stay what they are on a server.

    stops: those of the package. in_use: which templates servers use, and the stops that come along. Where the
    package has none and create may add some, the text of an end token becomes the only stop: llama.cpp ends
    there by itself.
    """
    if stops.stops or vocabulary is None:
        return stops
    created = dict.fromkeys(text for _, found in in_use.selections for text in found.stops)
    jinja = vocabulary.chat_templates.get("default")
    maybe = not created and bool(jinja and detect(jinja).candidates)
    # Special tokens only: in a vocabulary that names no EOS, llama.cpp takes an ordinary token for it.
    ends = [i for i in sorted(vocabulary.end_of_generation()) if _is_special(i, vocabulary)]
    if vocabulary.eos_id in ends:
        ends.insert(0, vocabulary.eos_id)
    if not ends or not (created or maybe):
        return stops
    what = f"add {' '.join(created)}" if created else "perhaps add those of a template that it knows"
    why = f"changes nothing, since llama.cpp stops there; without any stop, `create` would {what}"
    return replace(stops, stops=(Stop(vocabulary.token(ends[0]), ends[0], why),))


def _is_special(token: int, vocabulary: Vocabulary) -> bool:
    return vocabulary.special_id_of(vocabulary.token(token)) == token
