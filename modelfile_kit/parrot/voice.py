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
    roles = {role: token for role in ROLES if (token := _role(vocabulary, role))}
    pre = vocabulary.pre if vocabulary.model == "gpt2" else ""
    special = vocabulary.special_tokens()
    return chosen_voice(special, roles, texts, pre, vocabulary.add_bos, template)


def chosen_voice(
    special: Mapping[str, str],
    roles: Mapping[str, str],
    texts: Iterable[str],
    pre: str,
    add_bos: bool | None,
    chat_template: str,
) -> Voice:
    """A voice of the special tokens that occur in the texts or the chat template, or end replies.

    Arguments as the fields of `Voice`; pre: "" for a vocabulary that is not byte-level.
    """
    everything = "\n".join((*texts, chat_template))
    kept = {*KNOWN_ENDS, *roles.values()}
    chosen = {text: kind for text, kind in special.items() if text in kept or text in everything}
    # A token that ends replies, or begins prompts, is one by its role, whatever its type.
    chosen |= {text: "control" for text in roles.values() if text not in chosen}
    return Voice(chosen, roles, pre or "gpt-2", add_bos, chat_template)


def _role(vocabulary: Vocabulary, role: str) -> str:
    number = getattr(vocabulary, f"{role}_id")
    return vocabulary.token(number) if number is not None else ""
