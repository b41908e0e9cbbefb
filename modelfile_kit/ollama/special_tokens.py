"""Which texts are written like special tokens: the one place that knows their spellings.

Nothing but a vocabulary says what is a token. Where there is none, or the question is whether a text was
meant as one, the spelling answers, in two degrees:

- `Kind.CONTROL`: no text for people is written so: `<|im_end|>`, `<｜User｜>`, `<start_of_turn>`, `[gMASK]`.
- `Kind.TAG`: some vocabularies have it as a token and others read it as ordinary text: `<think>`,
  `<tool_call>`, `[INST]`. It is a token of Qwen 3 and plain text to models that were trained with the same
  words later, so only a vocabulary can call it missing.

HTML's elements (`<div>`) and footnotes (`[1]`) are neither.
"""

from __future__ import annotations

import enum
import re


class Kind(enum.Enum):
    """How sure a spelling is."""

    CONTROL = "control"
    TAG = "tag"


# Shapes that only special tokens have. A new spelling is a row.
_SHAPES = (
    r"<\|[^<>|\s]{1,60}\|>",  # <|im_end|>: Qwen, Llama 3, Phi, GLM-4, gpt-oss, …
    r"<\uff5c[^<>\uff5c\n]{1,60}\uff5c>",  # <｜User｜>: DeepSeek, Hunyuan
    r"<\|[^<>|\s]{1,40}>",  # <|turn>: Gemma 4
    r"<[^<>|\s]{1,40}\|>",  # <turn|>
    r"\[\|[^\[\]|\s]{1,40}\|\]",  # [|endofturn|]: EXAONE
    r"</?(?:start|end)_of_[a-z]{1,20}>",  # <start_of_turn>: Gemma, SmolVLM
    r"<[a-z]{1,20}_soft_token>",  # <image_soft_token>: Gemma 3
    r"<[A-Z]{2,20}_TOKEN>",  # <BOS_TOKEN>: Command R
    r"<_[a-z]{1,20}>",  # <_user>: TeleChat
    r"<(?:reserved_|SPECIAL_|unused|extra_)[0-9]{1,6}>",
    r"\[UNUSED_TOKEN_[0-9]{1,6}\]",
)
# Names of one family's own.
_NAMES = (
    *("[gMASK]", "[sMASK]", "<sop>", "<eop>"),  # ChatGLM, GLM-4
    *("<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>"),  # SentencePiece
    *("[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[BOS]", "[EOS]", "[EOT]"),  # BERT, tekken
    *("<EOT>", "_<EOT>", "<fake_token_around_image>"),
    *("[e~[", "]~b]", "]~!b["),  # MiniMax
)
# Elements of HTML and Markdown that prompts hold; <img> and <s> are tokens too and not among them.
_HTML = (
    "a abbr article aside audio b blockquote body br button canvas center cite code col dd del details div "
    "dl dt em fieldset figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe input ins kbd "
    "label li link main mark meta nav ol option p pre q samp script section select small span strong style "
    "sub summary sup svg table tbody td textarea tfoot th thead title tr tt u ul var wbr"
)
_CONTROL = "|".join((*_SHAPES, *(re.escape(name) for name in _NAMES)))
_TAG = (
    rf"<(?!/?(?:{'|'.join(_HTML.split())})>)/?[^\W\d][\w.:-]{{0,60}}>"
    r"|\[/?[A-Z][A-Z_]{1,40}(?:-[0-9]{1,4})?\]"
)
_CONTROL_TEXT = re.compile(_CONTROL)
_SPECIAL_TEXT = re.compile(f"{_CONTROL}|{_TAG}")

TOKEN_LIKE = re.compile(f"{_CONTROL}|<[^<>\\s]{{1,60}}>|{_TAG}")
"""Where a text may be cut: every special text, and whatever else stands in angle brackets."""


def kind_of(text: str) -> Kind | None:
    """How a whole text is spelled; None where special tokens are not written so."""
    if _CONTROL_TEXT.fullmatch(text):
        return Kind.CONTROL
    return Kind.TAG if _SPECIAL_TEXT.fullmatch(text) else None


def control_texts(text: str) -> list[str]:
    """The parts of a text that can only be meant as control tokens, in order."""
    return _CONTROL_TEXT.findall(text)


def special_texts(text: str) -> list[str]:
    """The parts of a text that may be meant as special tokens, control tokens and tags, in order."""
    return _SPECIAL_TEXT.findall(text)


def without_control_texts(text: str) -> str:
    """A text with a space in the place of each text that can only be meant as a control token."""
    return _CONTROL_TEXT.sub(" ", text)


def way_to_end_at(token: int) -> str:
    """What to do about a stop that is this control token, which Ollama 0.30 and later do not see in a reply.

    llama.cpp ends at the token that a GGUF names as its end of message, whatever Ollama looks for.
    """
    return (
        f"to stop on every version, run `mkmodelfile patch MODEL --set tokenizer.ggml.eom_token_id={token}` "
        "and package the copy; safe to ignore if the model never ends a reply with it"
    )
