"""tekken.json, Mistral's own format: tokens, pattern and special tokens in one file.

As mistral-common reads it (tokens/tokenizers/tekken.py): special tokens come first, so an id is a rank and
their number; what the file holds beyond its default size is not used.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .byte_pairs import BytePairs, Content
from .loaded import MAX_TOKENS, parsed_json, require_text, unreadable

_OLD_SPECIAL = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]"),
    *("[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]"),
)
"""What files up to version v7 do not say: their special tokens, by id (DEPRECATED_SPECIAL_TOKENS there)."""

_WITHOUT_LIST = ("v1", "v2", "v3", "v7")
_ROLES = {"unk": "<unk>", "bos": "<s>", "eos": "</s>", "pad": "<pad>"}


def read_tekken(text: str) -> BytePairs:
    """The tokenizer of a file. text: its content. Raises Refused where it is not such a file."""
    data = parsed_json(text)
    try:
        config = data["config"]
        size, count = int(config["default_vocab_size"]), int(config["default_num_special_tokens"])
        pattern, version = str(config["pattern"]), str(config.get("version"))
        if not 0 <= count <= size <= MAX_TOKENS:
            raise unreadable(f"its config says {size} tokens, {count} of them special")
        ranks = {
            base64.b64decode(token["token_bytes"], validate=True): int(token["rank"])
            for token in data["vocab"][: size - count]
        }
        special, ordinary = _special(data.get("special_tokens"), count, version)
    except KeyError as e:
        raise unreadable(f"it is not a tekken.json of Mistral's: it has no {e}") from e
    except (TypeError, ValueError, OverflowError, AttributeError, binascii.Error) as e:
        raise unreadable(f"it is not a tekken.json of Mistral's: {e}") from e
    return BytePairs(Content("tekken.json", ranks, pattern, special, _ROLES, ordinary, shift=count))


def _special(listed: Any, count: int, version: str) -> tuple[dict[str, int], frozenset[str]]:
    if listed is None and version not in _WITHOUT_LIST:
        raise unreadable(f"it is of version {version} and has no list of special tokens")
    ids = {f"<SPECIAL_{number}>": number for number in range(count)}
    rows = (
        [(n, t, True) for n, t in enumerate(_OLD_SPECIAL)]
        if listed is None
        else [(int(row["rank"]), str(row["token_str"]), bool(row.get("is_control", True))) for row in listed]
    )
    for _, text, _ in rows:
        require_text(text, "its special tokens")
    named = {number: text for number, text, _ in rows}
    found = {named.get(number, text): number for text, number in ids.items()}
    return found, frozenset(text for _, text, control in rows if not control)
