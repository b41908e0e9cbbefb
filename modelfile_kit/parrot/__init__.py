"""A tiny model that answers with given texts, whatever it is asked, in the tokens of another model.

A parrot stands in for a model whose replies are to be seen on a real server: it has that model's special
tokens with their types and ids by role, its chat template, and writes its replies token by token. No weight
is trained; each follows from the replies.
"""

from .build import MARKERS_MAX, Reply, build_parrot, marker
from .pieces import UnsayableError
from .voice import ROLES, Voice, chosen_voice, voice_of

__all__ = [
    "MARKERS_MAX",
    "ROLES",
    "Reply",
    "UnsayableError",
    "Voice",
    "build_parrot",
    "chosen_voice",
    "marker",
    "voice_of",
]
