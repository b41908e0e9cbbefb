"""A tiny GLM-4.1V that really names the colour of an image: the kit's own end-to-end test object.

`build_pair(folder)` writes model and projector (together 1.2 MB) in well under a second. No weight
is trained or downloaded; each is written down in `text_model` and `vision_encoder`. With an image the model
answers the nearest colour word, without one "no image", and then ends the turn as GLM-4.1V does. It
answers only a prompt of GLM-4.1V's shape (prefix once and first, a user turn, `<|assistant|>` and a
newline at the end, no image marks of the template's own) and stutters `?` otherwise.
"""

from .answers import COLOURS, END_OF_TURN, LOST, NO_IMAGE, STYLES
from .build import FAULTS, MODEL_NAME, PROJECTOR_NAME, MicroPair, build_model, build_pair, build_projector
from .chat_template import CHAT_TEMPLATE

__all__ = [
    "CHAT_TEMPLATE",
    "COLOURS",
    "END_OF_TURN",
    "FAULTS",
    "LOST",
    "MODEL_NAME",
    "NO_IMAGE",
    "PROJECTOR_NAME",
    "STYLES",
    "MicroPair",
    "build_model",
    "build_pair",
    "build_projector",
]
