"""Writes a parrot as a GGUF file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..core.files import write_atomically
from ..gguf_file.encode import Value
from ..gguf_file.new_file import new_gguf
from ..micro.tokens import CONTROL, NORMAL, USER_DEFINED, byte_alphabet, to_byte_level
from .pieces import SEEN, contexts, cut, segments
from .voice import Voice
from .weights import BLOCK, REPLIES_MAX, SHAPE, Rule, parrot_tensors

MARKERS_MAX = REPLIES_MAX - 1
_TYPES = {"control": CONTROL, "user-defined": USER_DEFINED}


@dataclass(frozen=True)
class Reply:
    """What a parrot says.

    text: without the end of the turn. prompts: the prompts that it may have to answer, or their last
    hundred characters, as far as they are known: a reply whose beginning is also the end of the prompt
    is then told from it. end: the token at the end; None takes the voice's, "" none, so that the parrot says
    the text again and again. size: characters in a token of ordinary text.
    """

    text: str
    prompts: tuple[str, ...] = ()
    end: str | None = None
    size: int = 3


def marker(number: int) -> str:
    """A text that calls for the reply of that number, wherever it stands in the prompt."""
    return f"parrot-reply-{number:02}"


def build_parrot(path: Path, replies: Sequence[Reply], voice: Voice) -> tuple[int, ...]:
    """Writes the model and returns how many tokens each reply has, its end included.

    replies: the first is said unless the prompt holds the `marker` of another; of several markers the
    highest number counts. voice: tokens and chat template. The file appears whole or not at all, and its
    bytes depend on the arguments alone. Raises UnsayableError for a reply whose places cannot be told
    apart, UsageError for too many replies.
    """
    if not 1 <= len(replies) <= REPLIES_MAX:
        raise UsageError(
            f"a parrot can say 1 to {REPLIES_MAX} replies, not {len(replies)}", help="write several parrots"
        )
    tokens, types = _plain_vocabulary(voice, len(replies))
    ids = {_text_of(token, kind): n for n, (token, kind) in enumerate(zip(tokens, types, strict=True))}

    def id_of(text: str) -> int:
        if text not in ids:
            ids[text] = len(tokens)
            tokens.append(to_byte_level(text))
            types.append(NORMAL)
        return ids[text]

    rules: list[Rule] = []
    lengths = []
    for number, reply in enumerate(replies):
        texts = cut(reply.text, voice.special.keys(), reply.size, reply.prompts)
        end = voice.end if reply.end is None else reply.end
        rules += _rules(number, texts, end, reply.prompts, voice.special.keys(), id_of)
        lengths.append(len(texts) + bool(end))
    calls = {id_of(marker(number)): number for number in range(1, len(replies))}
    keys = {
        "general.type": "model",
        "general.name": "parrot",
        **_shape_keys(len(tokens), len(rules)),
        **_tokenizer_keys(voice, tokens, types, ids),
    }
    write_atomically(path, new_gguf(SHAPE.architecture, keys, parrot_tensors(len(tokens), rules, calls)))
    return tuple(lengths)


def _rules(
    number: int,
    texts: Sequence[str],
    end: str,
    prompts: Sequence[str],
    special: Collection[str],
    id_of: Callable[[str], int],
) -> list[Rule]:
    known = contexts(texts, prompts)
    marked = known is None
    if known is None:
        known = contexts(texts, prompts, marked=True)
    assert known is not None, "cut() looked at it"
    says = [*(id_of(text) for text in texts), *([id_of(end)] if end else [])]
    if not says:
        raise UsageError("a reply without text needs an end", help="give the token that ends it")
    told = [Rule(number, (), says[0])]
    if marked:
        tails = {tuple(_end_of_prompt(prompt, special)) for prompt in prompts}
        told += [Rule(number, tuple(map(id_of, tail)), says[0]) for tail in sorted(tails)]
    for i, say in enumerate(says[1:]):
        context = tuple(id_of(text) for text in texts[i + 1 - known[i] : i + 1])
        told.append(Rule(number, context, say))
    return told


def _end_of_prompt(prompt: str, special: Collection[str]) -> list[str]:
    """The last tokens of a prompt: special ones, and bytes."""
    tokens: list[str] = []
    for text, whole in segments(prompt, special):
        tokens += [text] if whole else [_byte_text(byte) for byte in text.encode()]
    return tokens[-SEEN:]


def _byte_text(byte: int) -> str:
    """What a byte is in a text; one that is no character of its own has none."""
    return chr(byte) if byte < 0x80 else f"byte {byte:#x}"


def _plain_vocabulary(voice: Voice, replies: int) -> tuple[list[str], list[int]]:
    """The bytes, the special tokens, and the markers, which any text may hold."""
    tokens = sorted(byte_alphabet())
    types = [NORMAL] * len(tokens)
    for text, kind in voice.special.items():
        if text in tokens:
            continue  # a single character, which is a token of the bytes
        tokens.append(text)
        types.append(_TYPES[kind])
    for number in range(1, replies):
        tokens.append(marker(number))
        types.append(USER_DEFINED)
    return tokens, types


def _text_of(token: str, kind: int) -> str:
    """What a token is in a text."""
    return _byte_text(byte_alphabet().index(token)) if kind == NORMAL else token


def _shape_keys(size: int, rules: int) -> dict[str, Value]:
    keys: dict[str, Value] = {
        "block_count": SHAPE.layers,
        "context_length": SHAPE.context,
        "embedding_length": SHAPE.width,
        "feed_forward_length": -(-rules // BLOCK) * BLOCK,
        "attention.head_count": SHAPE.heads,
        "attention.head_count_kv": SHAPE.heads,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "rope.freq_base": SHAPE.base,
        "rope.dimension_count": SHAPE.rotated,
        "vocab_size": size,
    }
    all_float32 = 0
    own = {f"{SHAPE.architecture}.{key}": value for key, value in keys.items()}
    return {"general.file_type": all_float32, **own}


def _tokenizer_keys(
    voice: Voice, tokens: Sequence[str], types: Sequence[int], ids: Mapping[str, int]
) -> dict[str, Value]:
    keys: dict[str, Value] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": voice.pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        # The list may not be empty. This one merges what no text holds, two NUL bytes.
        "tokenizer.ggml.merges": [f"{to_byte_level(chr(0))} {to_byte_level(chr(0))}"],
        **{f"tokenizer.ggml.{role}_token_id": ids[text] for role, text in voice.roles.items()},
    }
    if voice.add_bos is not None:
        keys["tokenizer.ggml.add_bos_token"] = voice.add_bos
    if voice.chat_template:
        keys["tokenizer.chat_template"] = voice.chat_template
    return keys
