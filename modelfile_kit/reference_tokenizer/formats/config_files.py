"""tokenizer_config.json, special_tokens_map.json and added_tokens.json: what they add to a tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.files import read_file
from ...core.numbers import read_count
from ...sources.text_files import TOKENIZER_ADDITIONS
from ..reference import AddedToken
from .loaded import MAX_FILE_BYTES, MAX_TOKENS, parsed_json, require_text, unreadable

NAMES = TOKENIZER_ADDITIONS
_DECODER = "added_tokens_decoder"
_LISTS = ("additional_special_tokens", "extra_special_tokens")
_PLACES = ("lstrip", "rstrip", "single_word", "normalized")
_POSSIBLE = f"ids from 0 to {MAX_TOKENS:,} are possible"
_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


class ConfigFiles:
    """The files that stand beside a tokenizer; none of them has to be there.

    files: by name. Raises Refused for one that is no JSON object.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._data = {Path(f).name: _read(f) for f in files.values()}

    @property
    def special(self) -> dict[str, str]:
        """The texts of special tokens by role: bos, eos, unk, pad, sep, cls, mask."""
        found = {role: _content(self._naming.get(f"{role}_token")) for role in _ROLES}
        return {role: text for role, text in found.items() if text}

    @property
    def named(self) -> list[AddedToken]:
        """The special tokens that a role or a list names, without their ids (-1).

        transformers adds those that the tokenizer does not have as added tokens, flags as written there.
        """
        values = [self._naming.get(f"{role}_token") for role in _ROLES]
        values += [value for key in _LISTS for value in _listed(self._naming.get(key))]
        found: dict[str, AddedToken] = {}
        for value in values:
            if text := _content(value):
                written = value if isinstance(value, dict) else {}
                flags = {k: bool(written.get(k)) for k in _PLACES}
                found.setdefault(text, AddedToken(-1, text, special=True, **flags))
        return list(found.values())

    @property
    def added(self) -> list[AddedToken]:
        """Tokens with their ids, in the order of these."""
        if not self.says_flags:
            named = {token.text for token in self.named}
            numbers = self._data.get(NAMES[2], {})
            found = {}
            for text, n in numbers.items():
                if type(n) is not int or not 0 <= n < MAX_TOKENS:
                    raise unreadable(f"{NAMES[2]}: {text[:60]!r} has the id {str(n)[:20]}, {_POSSIBLE}")
                found[n] = AddedToken(n, text, special=text in named, normalized=text not in named)
            return [found[number] for number in sorted(found)]
        found = {}
        for number, token in self._data[NAMES[0]][_DECODER].items():
            content = _content(token)
            n = read_count(str(number))
            if n is None or not content or not isinstance(token, dict):
                raise unreadable(f"{_DECODER} of {NAMES[0]}: {number[:60]!r} is not a token with an id")
            if n >= MAX_TOKENS:
                raise unreadable(f"{NAMES[0]} gives {content[:60]!r} the id {n}, {_POSSIBLE}")
            flags = {k: bool(token.get(k)) for k in ("special", *_PLACES)}
            found[int(number)] = AddedToken(int(number), content, **flags)
        return [found[number] for number in sorted(found)]

    @property
    def says_flags(self) -> bool:
        """Whether tokenizer_config.json lists the added tokens.

        Then transformers reads neither of the two other files; else these have the last word.
        """
        return isinstance(self._data.get(NAMES[0], {}).get(_DECODER), dict)

    @property
    def _naming(self) -> dict[str, Any]:
        """What names special tokens."""
        config = self._data.get(NAMES[0], {})
        return config if self.says_flags else {**config, **self._data.get(NAMES[1], {})}

    @property
    def origin(self) -> str:
        """The file that the tokens of `added` come from."""
        return NAMES[0] if self.says_flags else NAMES[2]

    def flag(self, key: str) -> bool | None:
        """A boolean of tokenizer_config.json, None where it says nothing."""
        value = self._data.get("tokenizer_config.json", {}).get(key)
        return value if isinstance(value, bool) else None

    def text(self, key: str) -> str:
        """A text of tokenizer_config.json, "" where it says nothing."""
        value = self._data.get("tokenizer_config.json", {}).get(key)
        return value if isinstance(value, str) else ""


def _read(path: str) -> dict[str, Any]:
    name = Path(path).name
    try:
        text = read_file(Path(path), MAX_FILE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise unreadable(f"{name} is not JSON: it is not UTF-8 (byte {e.start})") from e
    data = parsed_json(text, name)
    if not isinstance(data, dict):
        raise unreadable(f"{name} holds {type(data).__name__}, expected a JSON object")
    require_text(json.dumps(data, ensure_ascii=False), name)
    return data


def _listed(value: Any) -> list[Any]:
    """The tokens of a list, or of an object that names each."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _content(value: Any) -> str:
    """The text of a token that is written as a text or as an object with `content`."""
    value = value.get("content") if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""
