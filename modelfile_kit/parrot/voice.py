"""What a parrot takes over from the model it stands in for: special tokens, ends and the chat template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..gguf_file import Vocabulary
from ..gguf_file.vocabulary import KNOWN_ENDS

ROLES = ("bos", "eos", "eot", "eom")


@dataclass(frozen=True)
class Voice:
    """The part of a vocabulary that decides how a reply is written and where it ends.

    special: the type of each special token, "control" or "user-defined", in the order of their ids.
    roles: the texts of those that the metadata names, by "bos", "eos", "eot" and "eom"; each is in `special`.
    pre: the pre-tokenizer. add_bos: what the metadata says, None for nothing. chat_template: Jinja, "" for
    none.
    """

    special: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    pre: str = "gpt-2"
    add_bos: bool | None = None
    chat_template: str = ""

    @property
    def end(self) -> str:
        """The token that ends a reply: the end of a turn, else of a text; "" where there is neither."""
        return self.roles.get("eot") or self.roles.get("eos") or ""


def voice_of(vocabulary: Vocabulary, texts: Iterable[str], chat_template: str | None = None) -> Voice:
    """The voice of a model.

    texts: what is said and asked (replies, prompts, templates); special tokens that occur in none of them
    are left out, unless they end replies. chat_template: instead of the model's own.
    """
    template = vocabulary.chat_templates.get("default", "") if chat_template is None else chat_template
    everything = "\n".join((*texts, template))
    roles = {role: token for role in ROLES if (token := _role(vocabulary, role))}
    kept = {*KNOWN_ENDS, *roles.values()}
    special = {
        text: kind for text, kind in vocabulary.special_tokens().items() if text in kept or text in everything
    }
    # A token that ends replies, or begins prompts, is one by its role, whatever its type.
    special |= {text: "control" for text in roles.values() if text not in special}
    byte_level = vocabulary.model == "gpt2" and vocabulary.pre
    return Voice(special, roles, vocabulary.pre if byte_level else "gpt-2", vocabulary.add_bos, template)


def _role(vocabulary: Vocabulary, role: str) -> str:
    number = getattr(vocabulary, f"{role}_id")
    return vocabulary.token(number) if number is not None else ""
