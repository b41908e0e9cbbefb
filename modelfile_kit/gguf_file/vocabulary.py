"""The vocabulary of a GGUF: which texts are tokens, which of them end a turn.

Rules are llama.cpp's (src/llama-vocab.cpp of August 2026), because its engine is what tokenizes and
stops in the end: ids from the metadata, else defaults by tokenizer model, else known texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from ..core.diagnostics import Span
from ..core.errors import GGUFError
from .arrays import NumberArray, StringArray
from .header import Header
from .limits import MAX_SPECIAL_BYTES, MAX_SPECIAL_TOKENS
from .metadata import Metadata

_TYPES = ("undefined", "normal", "unknown", "control", "user-defined", "unused", "byte")

_ENDS_OF_TURN = (
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "<｜end▁of▁sentence｜>",
    "<end_of_utterance>",
)
_END_OF_MESSAGE = ("<|eom_id|>",)
_OTHER_ENDS = (
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "</s>",
    "[EOS]",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "[e~[",
)
KNOWN_ENDS = (*_ENDS_OF_TURN, *_END_OF_MESSAGE, *_OTHER_ENDS)
"""Texts that end the generation wherever they are tokens, whatever the metadata says."""

_FILL_IN_ENDS: Mapping[str, tuple[str, ...]] = {
    "fim_pad": ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
    "fim_rep": ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
    "fim_sep": ("<|file_sep|>",),
}
"""Fill-in-the-middle tokens that end the generation too, by their metadata name."""

ALWAYS_SHOWN = ("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>")
"""Texts that llama.cpp leaves in every reply, even where they are control tokens."""


_KNOWN_TEXTS = frozenset(
    (*KNOWN_ENDS, *ALWAYS_SHOWN, *(text for texts in _FILL_IN_ENDS.values() for text in texts))
)
"""What llama.cpp looks for in every vocabulary, and takes for a control token whatever its type."""


def shown_in_replies(texts: Collection[str]) -> frozenset[str]:
    """Of the special tokens of a vocabulary those that llama.cpp leaves in replies whatever their type.

    `<|end|>` is one where it ends a message inside a turn: beside `<|call|>` and `<|return|>` (gpt-oss), or
    `<|calls|>` and `<|flush|>` (llama.cpp, src/llama-vocab.cpp; seen on b10488 and b11081).
    """
    found = {text for text in ALWAYS_SHOWN if text in texts}
    return frozenset({*found, "<|end|>"} if "<|end|>" in texts and _end_is_inside(texts) else found)


def _end_is_inside(texts: Collection[str]) -> bool:
    calls = "<|call|>" in texts or "<|calls|>" in texts
    return calls and ("<|return|>" in texts or "<|flush|>" in texts)


_DEFAULT_IDS: Mapping[str, Mapping[str, int]] = {
    "llama": {"bos": 1, "eos": 2, "unknown": 0},
    "bert": {"bos": 101, "unknown": 100, "seperator": 102, "padding": 0, "mask": 103},
    "gpt2": {"bos": 11, "eos": 11},
    "hybriddna": {"bos": 11, "eos": 11},
    "whitespace": {"bos": 11, "eos": 11},
    "t5": {"eos": 1, "unknown": 2, "padding": 0},
    "plamo2": {"bos": 1, "eos": 2, "unknown": 0, "padding": 3},
}
"""What llama.cpp assumes where the metadata has no id, by tokenizer model."""

_NO_DEFAULT_BOS = ("glm4", "glm5", "chatglm-bpe")

_BOS_BY_MODEL = {"llama": True, "bert": True, "t5": False, "rwkv": False}
_BOS_BY_PRE = (
    *("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
    *("jina-v5-nano", "tekken", "chameleon"),
)
ALWAYS_BOS_PRE = ("gemma4", "granite-embed-multi-311m")


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model; every question reads only what it needs.

    source: the file, for messages; model: "gpt2" (byte-level BPE), "llama" (SentencePiece), …;
    pre: the name of the pre-tokenizer, "" if there is none.
    """

    source: str
    model: str
    pre: str
    _metadata: Metadata = field(repr=False)
    _tokens: StringArray = field(repr=False)
    _types: NumberArray | None = field(repr=False)

    @classmethod
    def from_header(cls, header: Header) -> Vocabulary:
        """The vocabulary of a model's header. Raises GGUFError MK407 if it has none, or a broken one."""
        metadata = header.metadata
        tokens, types = metadata.get("tokenizer.ggml.tokens"), metadata.get("tokenizer.ggml.token_type")
        if not isinstance(tokens, StringArray):
            raise _broken(
                header.source,
                "has no vocabulary (tokenizer.ggml.tokens)",
                "give the model's file; projectors and adapters hold no vocabulary",
            )
        sound = isinstance(types, NumberArray) and types.element_type == "int32" and len(types) >= len(tokens)
        if types is not None and not sound:
            raise _broken(
                header.source,
                f"tokenizer.ggml.token_type is {types!r}, llama.cpp expects {len(tokens)} × int32",
                "convert the model again",
            )
        assert types is None or isinstance(types, NumberArray)
        pre = metadata.text("tokenizer.ggml.pre")
        model = metadata.text("tokenizer.ggml.model")
        return cls(header.source, model, "gemma4" if model == "gemma4" else pre, metadata, tokens, types)

    def __len__(self) -> int:
        return len(self._tokens)

    def id_of(self, text: str) -> int | None:
        """The id of the token with exactly this text, as the file spells it; None if there is none.

        Control and user-defined tokens are spelled plainly; others byte-level (`Ġ` for a space) or with
        `▁`, by tokenizer model.
        """
        return self._known[text] if text in _KNOWN_TEXTS else self._tokens.index_of(text)

    def ids_of(self, texts: Iterable[str]) -> Mapping[str, int]:
        """`id_of` for many texts, without those that are no token; reads the vocabulary once."""
        return self._tokens.first_of(texts)

    @cached_property
    def _known(self) -> Mapping[str, int | None]:
        """The ids of the texts that are asked for again and again."""
        found = self._tokens.first_of(_KNOWN_TEXTS)
        return {text: found.get(text) for text in _KNOWN_TEXTS}

    def token(self, token_id: int) -> str:
        """The text of a token, as the file spells it. Raises IndexError beyond the vocabulary."""
        if token_id < 0:
            raise IndexError(f"token id {token_id}")
        return self._tokens[token_id]

    def type_of(self, token_id: int) -> str:
        """One of normal, control, user-defined, unknown, unused, byte, undefined, as the file says."""
        if not 0 <= token_id < len(self):
            raise IndexError(f"token id {token_id}")
        if self._types is None:
            return "normal"
        number = self._types[token_id]
        return _TYPES[number] if 0 <= number < len(_TYPES) else "undefined"

    def texts(self) -> list[str]:
        """The text of every token, in the order of ids."""
        return self._tokens.tolist()

    def kinds(self) -> list[str]:
        """What `type_of` says of every token, in the order of ids."""
        if self._types is None:
            return ["normal"] * len(self)
        numbers = self._types.tolist()[: len(self)]
        return [_TYPES[n] if 0 <= n < len(_TYPES) else "undefined" for n in numbers]

    def count_of(self, kind: str) -> int:
        """How many tokens `type_of` says this of: "normal", "control" and so on."""
        return self._counts[kind]

    @cached_property
    def _counts(self) -> Counter[str]:
        if self._types is None:
            return Counter({"normal": len(self)})
        numbers = self._types.tally()
        for beyond in range(len(self), len(self._types)):
            numbers[self._types[beyond]] -= 1
        found: Counter[str] = Counter()
        for number, many in numbers.items():
            found[_TYPES[number] if 0 <= number < len(_TYPES) else "undefined"] += many
        return found

    @property
    def merges(self) -> StringArray | None:
        """The merges of a byte-pair vocabulary, "left right", in the order of their rank; None without."""
        found = self._metadata.get("tokenizer.ggml.merges")
        return found if isinstance(found, StringArray) else None

    @property
    def scores(self) -> NumberArray | None:
        """The score of every token, which SentencePiece merges by; None without."""
        found = self._metadata.get("tokenizer.ggml.scores")
        return found if isinstance(found, NumberArray) else None

    @property
    def space_prefix(self) -> bool:
        """Whether llama.cpp puts a space before a text, and after each special token in it."""
        said = self._metadata.flag("tokenizer.ggml.add_space_prefix")
        return said if said is not None else self.model == "llama"

    def special_id_of(self, text: str) -> int | None:
        """The id if llama.cpp cuts this text out of a prompt as one token, wherever it stands.

        It does so for control, user-defined and unknown tokens, and for the known texts that it takes
        for control tokens whatever their type. A normal token is not special: neighbours may merge.
        """
        token_id = self.id_of(text)
        return token_id if token_id is not None and self._is_special(text, token_id) else None

    def special_ids_of(self, texts: Iterable[str]) -> Mapping[str, int | None]:
        """`special_id_of` for many texts, None for those that are not special; reads the vocabulary once."""
        asked = list(texts)
        ids = self.ids_of(asked)
        return {t: ids[t] if t in ids and self._is_special(t, ids[t]) else None for t in asked}

    def _is_special(self, text: str, token_id: int) -> bool:
        return self.type_of(token_id) in ("control", "user-defined", "unknown") or text in _KNOWN_TEXTS

    def is_plain(self, text: str, token_id: int) -> bool:
        """Whether a token with its text is typed as normal, and llama.cpp does not know it otherwise."""
        return self.type_of(token_id) == "normal" and text not in _KNOWN_TEXTS

    def control_tokens(self) -> Mapping[str, int]:
        """Text and id of all control tokens, in the order of their ids."""
        return self._of_type["control"]

    def special_tokens(self) -> Mapping[str, str]:
        """The type of each special token, "control" or "user-defined", by its text, in the order of ids."""
        found = {i: (t, kind) for kind, texts in self._of_type.items() for t, i in texts.items()}
        return {found[i][0]: found[i][1] for i in sorted(found)}

    @property
    def bos_id(self) -> int | None:
        """Begin of sequence."""
        return self._special("bos")

    @property
    def eos_id(self) -> int | None:
        """End of sequence."""
        return self._special("eos")

    @property
    def bos_text(self) -> str | None:
        """What a chat template's `bos_token` is; None where the file names no such token.

        llama.cpp takes id 11 of a BPE vocabulary that names none, which is a comma or the like.
        """
        return self._named_text("bos")

    @property
    def eos_text(self) -> str | None:
        """What a chat template's `eos_token` is; None where the file names no such token."""
        return self._named_text("eos")

    def _named_text(self, name: str) -> str | None:
        token_id = self._special(name)
        if token_id is None:
            return None
        text = self.token(token_id)
        said = self._metadata.integer(f"tokenizer.ggml.{name}_token_id") == token_id
        return text if said or self.special_id_of(text) == token_id else None

    @cached_property
    def eot_id(self) -> int | None:
        """End of turn: the metadata's, else the first known text that is a token.

        Where several known texts are tokens and the metadata is silent, llama.cpp's own choice depends
        on the order of a hash table; all of them end the generation in any case.
        """
        return self._special_or_known("eot", _ENDS_OF_TURN)

    @cached_property
    def eom_id(self) -> int | None:
        """End of message (a turn that goes on after a tool)."""
        return self._special_or_known("eom", _END_OF_MESSAGE)

    @property
    def separator_id(self) -> int | None:
        """What a BERT vocabulary puts after every text."""
        return self._special("seperator")

    @property
    def add_bos_said(self) -> bool | None:
        """What the file says about BOS (`add_bos_token`); None where it says nothing."""
        return self._metadata.flag("tokenizer.ggml.add_bos_token")

    @property
    def add_bos(self) -> bool:
        """Whether llama.cpp's vocabulary has add_bos set."""
        if self.pre in ALWAYS_BOS_PRE:
            return True
        said = self.add_bos_said
        return said if said is not None else _BOS_BY_MODEL.get(self.model, self.pre in _BOS_BY_PRE)

    @property
    def add_eos(self) -> bool:
        """Whether llama.cpp's vocabulary has add_eos set."""
        said = self._metadata.flag("tokenizer.ggml.add_eos_token")
        return said if said is not None else self.model == "t5"

    @cached_property
    def _ends(self) -> frozenset[int]:
        known = {text: token_id for text in KNOWN_ENDS if (token_id := self.id_of(text)) is not None}
        ids = {*known.values(), self.eos_id, self.eot_id, self.eom_id}
        ids |= {self._special_or_known(name, texts) for name, texts in _FILL_IN_ENDS.items()}
        ids.discard(None)
        texts = {self.token(i): i for i in ids if i is not None}
        if _end_is_inside(texts):  # gpt-oss, solar-open
            ids.discard(texts.get("<|end|>"))
        if "<|tool_response>" in texts or "<|plamo:eos|>" in texts:  # gemma 4, plamo
            ids.discard(texts.get("</s>"))
        return frozenset(i for i in ids if i is not None)

    def end_of_generation(self) -> frozenset[int]:
        """The ids at which llama.cpp ends the answer without being told.

        From eos, eot, eom and the fill-in-the-middle ids of the metadata, and the known texts. Whatever
        else ends a turn must be a stop. An `eos_token_ids` array is not read by llama.cpp.
        """
        return self._ends

    @cached_property
    def chat_templates(self) -> Mapping[str, str]:
        """Jinja by name; "default" is the one without a name. Empty if there is none.

        Raises GGUFError MK407 for one that is not UTF-8.
        """
        prefix, found = "tokenizer.chat_template", {}
        for key in self._metadata:
            if key != prefix and not key.startswith(prefix + "."):
                continue
            if not isinstance(self._metadata[key], str):
                continue
            try:
                found[key[len(prefix) + 1 :] or "default"] = self._metadata.raw(key).decode()
            except UnicodeDecodeError as e:
                raise _broken(
                    self.source, f"{key} is not UTF-8 (byte {e.start})", "convert the model again"
                ) from None
        return found

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those of the texts that are not special tokens here."""
        return [t for t in texts if self.special_id_of(t) is None]

    def has_piece(self, text: str) -> bool:
        """Whether some token, of any type, stands for exactly this text (llama_token_to_piece).

        text: printable ASCII, spaces and newlines. Tokens are spelled plainly or byte-level (`Ċ` for a
        newline), a single character also as a byte (`<0x0A>`).
        """
        spelled = {text, text.replace(" ", "Ġ").replace("\n", "Ċ")}
        if len(text) == 1:
            spelled.add(f"<0x{ord(text):02X}>")
        return any(self.id_of(s) is not None for s in spelled)

    def _special(self, name: str) -> int | None:
        said = self._metadata.integer(f"tokenizer.ggml.{name}_token_id")
        if said is not None and 0 <= said < len(self):
            return said
        if name == "bos" and self.pre in _NO_DEFAULT_BOS:
            return None
        assumed = _DEFAULT_IDS.get(self.model, {}).get(name)
        return assumed if assumed is not None and assumed < len(self) else None

    def _special_or_known(self, name: str, texts: Iterable[str]) -> int | None:
        if (said := self._special(name)) is not None:
            return said
        return next((i for t in texts if (i := self.id_of(t)) is not None), None)

    @cached_property
    def _of_type(self) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {"control": {}, "user-defined": {}}
        special = self._types.where((3, 4)) if self._types is not None else ()
        many = size = 0
        for token_id in takewhile(lambda n: n < len(self), special):
            text = self.token(token_id)
            many, size = many + 1, size + len(text)
            if many > MAX_SPECIAL_TOKENS or size > MAX_SPECIAL_BYTES:
                raise self._too_many_special()
            found[self.type_of(token_id)][text] = token_id
        return found

    def _too_many_special(self) -> GGUFError:
        count = self.count_of("control") + self.count_of("user-defined")
        return GGUFError(
            f"{count:,} tokens are typed as control or user-defined; the limits are {MAX_SPECIAL_TOKENS:,} "
            f"such tokens, and {MAX_SPECIAL_BYTES:,} characters of them",
            span=Span(self.source),
            help="the types of the tokens are wrong (tokenizer.ggml.token_type): convert the model again",
            code="MK405",
        )


def _broken(source: str, what: str, advice: str) -> GGUFError:
    return GGUFError(what, span=Span(source), help=advice, code="MK407")
