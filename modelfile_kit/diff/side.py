"""One side of a comparison: all that a file, a package or a model on a server has to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..gguf_file.header import Header
from .rendering import ByJinja, Rendering
from .replies import Reads
from .settings import Settings

CHAT_TEMPLATE, TEMPLATE = "chat template", "TEMPLATE"


@dataclass(frozen=True)
class Side:
    """What is there to compare; None and empty for what a side does not have.

    name: as it was given. kind: what it is, in words. header: of the model's GGUF; projector: of its
    projector's. texts: templates by what they are called. settings: the instructions. rendering: who makes
    the prompts; why_not: why nobody does. reads: how replies are written and read. tokens_known: whether it
    says which BOS and EOS there are.
    """

    name: str
    kind: str
    header: Header | None = None
    projector: Header | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    settings: Settings | None = None
    rendering: Rendering | None = None
    why_not: str = ""
    reads: Reads = field(default_factory=Reads)
    tokens_known: bool = True

    @property
    def jinja(self) -> list[str]:
        """The chat templates."""
        return [text for name, text in self.texts.items() if name.startswith(CHAT_TEMPLATE)]

    @property
    def golang(self) -> list[str]:
        """The TEMPLATE, if there is one."""
        return [text for name, text in self.texts.items() if name == TEMPLATE]

    @property
    def taught(self) -> ByJinja | None:
        """The chat template that the model has, with the texts of its BOS and EOS."""
        return self.rendering if isinstance(self.rendering, ByJinja) else self.reads.chat_template

    def with_tokens_of(self, other: Side) -> Side:
        """The same with the other's BOS and EOS, where this one does not say which there are."""
        taught = other.taught
        if self.tokens_known or not other.tokens_known or taught is None:
            return self
        if not isinstance(self.rendering, ByJinja):
            return self
        known = replace(self.rendering, bos_token=taught.bos_token, eos_token=taught.eos_token)
        return replace(self, rendering=known, reads=replace(self.reads, chat_template=known))
