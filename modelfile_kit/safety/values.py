"""Where a value of a chat template comes from: what the analysis of conditions keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

# Constants kept of one value; more are the vocabulary of a schema, not of a condition.
TEXTS_MAX = 512


class Origin(Enum):
    """What of a request, or of the world, a value is made of."""

    MESSAGES = "the list of messages"
    MESSAGE = "a message"
    CONTENT = "the text of a message"
    PART = "a part of a message's content"
    SIZE = "a length of the text of a message"
    COUNT = "a number of messages"
    DATE = "today's date"
    CHANCE = "a random choice"


@dataclass(frozen=True)
class Value:
    """All that a value can be, on any path.

    texts: constants that it is or holds; cuts: constants by which a message's text was cut or replaced to get
    it; questions: the numbers of the conditions that it depends on.
    """

    origins: frozenset[Origin] = frozenset()
    texts: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()
    questions: frozenset[int] = frozenset()

    def of(self, *origins: Origin) -> bool:
        """Whether it can come from any of these."""
        return not self.origins.isdisjoint(origins)

    def asking(self, questions: Iterable[int]) -> Value:
        """The same value, dependent on these conditions too."""
        more = self.questions.union(questions)
        return self if more == self.questions else Value(self.origins, self.texts, self.cuts, more)

    def only(self, *origins: Origin) -> Value:
        """What is worked out of it: no constant any more, but all that it depends on."""
        return Value(frozenset(origins), frozenset(), self.cuts, self.questions)


NOTHING = Value()


def union(*values: Value) -> Value:
    """A value that can be each of these."""
    if len(values) == 1:
        return values[0]
    texts = frozenset().union(*(v.texts for v in values))
    if len(texts) > TEXTS_MAX:
        texts = frozenset(sorted(texts, key=lambda t: (len(t), t))[:TEXTS_MAX])
    return Value(
        frozenset().union(*(v.origins for v in values)),
        texts,
        frozenset().union(*(v.cuts for v in values)),
        frozenset().union(*(v.questions for v in values)),
    )


def constant(text: str) -> Value:
    """A constant of the template."""
    return Value(texts=frozenset((text,)))
