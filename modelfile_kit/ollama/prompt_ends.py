"""BOS before a prompt and EOS after it: what the engine adds, what Ollama takes off, whether that is right.

The one rule that `build`, `check`, `lint` and `verify` judge by. Sources: llama.cpp, src/llama-vocab.cpp
(`llama_vocab::impl::tokenize`), and Ollama 0.30 to 0.34.4, llm/llama_server.go (`completionPrompt`).

A leading space is no part of it: llama.cpp puts it before the first text and after every special token of a
SentencePiece vocabulary (`add_space_prefix`), whether BOS was written in the prompt or added by the engine.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import NamedTuple

from ..core.diagnostics import Diagnostic, Severity
from ..gguf_file.vocabulary import ALWAYS_BOS_PRE, Vocabulary

STRIPPED = "<bos>"
"""The only text that Ollama takes off a prompt for a model with a TEMPLATE."""

ADD_BOS, ADD_EOS = "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"

# llama.cpp's tokenizers that do not look at add_bos and add_eos: WPM always adds, the others never.
_ALWAYS, _NEVER = ("bert",), ("rwkv", "plamo2")


class Ends(NamedTuple):
    """How many BOS tokens a prompt begins with, and how many EOS tokens it ends with."""

    bos: int = 0
    eos: int = 0


@dataclass(frozen=True)
class PromptEnds:
    """What becomes of a prompt's ends on the way to the model.

    bos, eos: the texts of these tokens, "" where the vocabulary has none. adds_bos, adds_eos: whether
    llama.cpp adds them to every prompt. strips: whether Ollama takes a leading `<bos>` off first.
    forced: whether no metadata can change what llama.cpp adds. bos_is_special: whether BOS's text in a
    prompt becomes the BOS token.
    """

    bos: str = ""
    eos: str = ""
    adds_bos: bool = False
    adds_eos: bool = False
    strips: bool = False
    forced: bool = False
    bos_is_special: bool = True

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> PromptEnds:
        """The rules for a GGUF's vocabulary."""
        kind, pre = vocabulary.model, vocabulary.pre
        end = vocabulary.separator_id if kind in _ALWAYS else vocabulary.eos_id
        adds_bos, adds_eos = really_adds(kind, vocabulary.add_bos), really_adds(kind, vocabulary.add_eos)
        bos, eos = (vocabulary.token(i) if i is not None else "" for i in (vocabulary.bos_id, end))
        # A token that llama.cpp only takes for granted is none that a prompt could begin or end with.
        if not adds_bos and vocabulary.bos_text is None:
            bos = ""
        if not adds_eos and kind not in _ALWAYS and vocabulary.eos_text is None:
            eos = ""
        return cls(
            bos,
            eos,
            adds_bos,
            adds_eos,
            strips_bos_text(kind, pre, vocabulary.add_bos_said is True),
            is_forced(kind, pre),
            not bos or vocabulary.special_id_of(bos) == vocabulary.bos_id,
        )

    def sent(self, prompt: str) -> str:
        """The prompt as Ollama sends it to llama-server."""
        return prompt.removeprefix(STRIPPED) if self.strips else prompt

    def received(self, prompt: str) -> str:
        """The prompt with BOS and EOS as the model gets them, written as text."""
        before, after = self.bos if self.adds_bos else "", self.eos if self.adds_eos else ""
        return before + self.sent(prompt) + after

    def received_natively(self, reference: str) -> str:
        """The same where llama-server renders the chat template itself (common/chat.cpp)."""
        before, after = self.bos if self.adds_bos else "", self.eos if self.adds_eos else ""
        return before + self.to_send(reference) + after

    def to_send(self, reference: str) -> str:
        """The reference without what the engine adds: what a right TEMPLATE renders."""
        text = reference.removeprefix(self.bos) if self.adds_bos else reference
        return text.removesuffix(self.eos) if self.adds_eos else text

    def ends_of(self, text: str) -> Ends:
        """The ends of a text that nothing is added to any more."""
        bos = eos = 0
        while self.bos and text.startswith(self.bos, bos * len(self.bos)):
            bos += 1
        rest = text[bos * len(self.bos) :]
        while self.eos and rest.endswith(self.eos):
            rest = rest.removesuffix(self.eos)
            eos += 1
        return Ends(bos, eos)

    def compare(self, prompt: str, reference: str, *, model: str = "MODEL") -> list[Diagnostic]:
        """The findings about a prompt that Ollama renders, against the chat template's.

        prompt: before Ollama takes anything off. model: the GGUF's name, for the advice.
        """
        return self.judge(self.ends_of(self.received(prompt)), self.ends_of(reference), model=model)

    def judge(self, received: Ends, reference: Ends, *, model: str = "MODEL") -> list[Diagnostic]:
        """The same for counted tokens: those that the model receives, and those of the reference."""
        found = []
        written = received.bos - self.adds_bos
        if received.bos > max(reference.bos, 1):
            found.append(self._bos_twice(written))
        elif received.bos > reference.bos:
            found.append(self._bos_added(model))
        elif received.bos < reference.bos:
            found.append(self._bos_missing(model))
        if self.adds_eos and received.eos > reference.eos:
            found.append(self._eos_added(received.eos - 1, reference.eos, model))
        return found

    def crashes(self, *, model: str = "MODEL") -> Diagnostic | None:
        """A token that llama.cpp is to add and that the vocabulary has not: the engine aborts."""
        for name, text, adds, key in (
            ("BOS", self.bos, self.adds_bos, ADD_BOS),
            ("EOS", self.eos, self.adds_eos, ADD_EOS),
        ):
            if adds and not text:
                return Diagnostic(
                    "MK703" if name == "BOS" else "MK728",
                    Severity.ERROR,
                    f"llama.cpp adds {name} to every prompt ({key.rpartition('.')[2]}), and the vocabulary "
                    "has no such token: the engine aborts at the first prompt",
                    help=self.patch_advice(model, key, "false"),
                )
        return None

    def _bos_twice(self, written: int) -> Diagnostic:
        what = "the vocabulary adds one (add_bos_token), the TEMPLATE writes one"
        if not self.adds_bos:
            what = f"the TEMPLATE writes it {written} times"
        return Diagnostic(
            "MK325",
            Severity.ERROR,
            f"{self.bos} is at the start twice: {what}",
            help=f"remove the leading {self.bos} from the TEMPLATE",
        )

    def _bos_missing(self, model: str) -> Diagnostic:
        advice = f"begin the TEMPLATE with {self.bos}"
        if not self.bos_is_special:
            advice = (
                f"{self.bos} is no special token here, so that a TEMPLATE cannot write it: "
                + self.patch_advice(model, ADD_BOS, "true")
            )
        return Diagnostic(
            "MK702",
            Severity.ERROR,
            f"{self.bos} is missing at the start: the chat template writes it, the TEMPLATE and the "
            "vocabulary do not",
            help=advice,
        )

    def _bos_added(self, model: str) -> Diagnostic:
        if not self.adds_bos:
            return Diagnostic(
                "MK703",
                Severity.ERROR,
                f"the TEMPLATE writes {self.bos} at the start, which the reference does not",
                help=f"remove the leading {self.bos} from the TEMPLATE",
            )
        return Diagnostic(
            "MK703",
            Severity.WARNING,
            f"the vocabulary adds {self.bos} before every prompt (add_bos_token), the chat template writes "
            "none; no TEMPLATE can change that",
            help=self.patch_advice(model, ADD_BOS, "false"),
        )

    def _eos_added(self, written: int, expected: int, model: str) -> Diagnostic:
        if written and expected:
            return Diagnostic(
                "MK728",
                Severity.ERROR,
                f"{self.eos} is at the end twice: the vocabulary adds one (add_eos_token), the TEMPLATE "
                "writes one",
                help=f"remove the last {self.eos} from the TEMPLATE",
            )
        return Diagnostic(
            "MK728",
            Severity.ERROR,
            f"the vocabulary adds EOS ({self.eos}) to every prompt (add_eos_token), so the model takes its "
            "own turn for finished; no TEMPLATE can change that",
            help=self.patch_advice(model, ADD_EOS, "false"),
        )

    def patch_advice(self, model: str, key: str, value: str) -> str:
        """How to change what the engine adds: the command that writes a copy of the GGUF."""
        if self.forced:
            return "llama.cpp does so for every vocabulary of this kind, whatever the metadata says"
        return f"write a copy of the GGUF: `mkmodelfile patch {shlex.quote(model)} --set {key}={value}`"


def really_adds(kind: str, flag: bool) -> bool:
    """Whether llama.cpp adds a token. kind: `tokenizer.ggml.model`; flag: its add_bos or add_eos."""
    return kind in _ALWAYS or (flag and kind not in _NEVER)


def is_forced(kind: str, pre: str) -> bool:
    """Whether llama.cpp does so whatever the metadata says. pre: `tokenizer.ggml.pre`."""
    return kind in (*_ALWAYS, *_NEVER, "gemma4") or pre in ALWAYS_BOS_PRE


def strips_bos_text(kind: str, pre: str, add_bos_said: bool) -> bool:
    """Whether Ollama takes a leading `<bos>` off (llm/llama_server.go, tokenizerAddsBOS).

    kind, pre: `tokenizer.ggml.model` and `.pre`. add_bos_said: whether the file says add_bos_token; what
    llama.cpp takes for granted where the file is silent is not known to Ollama.
    """
    return pre in ("lfm2", "gemma4") or kind == "gemma4" or add_bos_said
