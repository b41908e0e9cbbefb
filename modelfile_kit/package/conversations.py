"""The conversations that a package is tried with, by `check`, `test`, `publish` and `verify` alike."""

from __future__ import annotations

from ..core.conversation import Conversation, load_conversations
from .families import Family, probe_conversations
from .package import Package

FILE_NAME = "conversations.json"


def package_conversations(package: Package, family: Family | None, *, vision: bool) -> list[Conversation]:
    """A package's own conversations; where it has none, its family's, or plain ones for an unknown model.

    The package's own are in `conversations.json` in its folder of golden files (`tests:`), and all of them
    count. family: the model's; vision: whether the family's conversations with images count.
    Raises UsageError for a file that does not hold conversations.
    """
    own = package.golden_folder / FILE_NAME
    if own.is_file():
        return load_conversations(own)
    return probe_conversations(family, vision=vision)
