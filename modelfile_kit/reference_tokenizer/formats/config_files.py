"""tokenizer_config.json, special_tokens_map.json and added_tokens.json: what they add to a tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..reference import AddedToken
from .loaded import unreadable

NAMES = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
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
        found: dict[str, str] = {}
        for name in NAMES[:2]:
            for role in _ROLES:
                text = _content(self._data.get(name, {}).get(f"{role}_token"))
                if text:
                    found.setdefault(role, text)
        return found

    @property
    def added(self) -> list[AddedToken]:
        """Tokens with their ids, in the order of these."""
        found: dict[int, AddedToken] = {}
        for text, number in self._data.get("added_tokens.json", {}).items():
            if isinstance(number, int):
                found[number] = AddedToken(number, text)
        decoder = self._data.get("tokenizer_config.json", {}).get("added_tokens_decoder")
        for number, token in (decoder if isinstance(decoder, dict) else {}).items():
            content = _content(token)
            if not str(number).isdecimal() or not content or not isinstance(token, dict):
                raise unreadable(
                    f"added_tokens_decoder of tokenizer_config.json: {number!r} is not a token with an id"
                )
            keys = ("special", "lstrip", "rstrip", "single_word", "normalized")
            flags = {k: bool(token.get(k)) for k in keys}
            found[int(number)] = AddedToken(int(number), content, **flags)
        return [found[number] for number in sorted(found)]

    def origin(self, token: AddedToken) -> str:
        """The file that a token of `added` comes from."""
        return NAMES[2] if self._data.get(NAMES[2], {}).get(token.text) == token.id else NAMES[0]

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
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as e:
        raise unreadable(f"{name}: broken JSON in line {e.lineno}, column {e.colno}: {e.msg}") from e
    except (UnicodeDecodeError, RecursionError) as e:
        raise unreadable(f"{name} is not JSON: {e}") from e
    if not isinstance(data, dict):
        raise unreadable(f"{name} holds {type(data).__name__}, expected a JSON object")
    return data


def _content(value: Any) -> str:
    """The text of a token that is written as a text or as an object with `content`."""
    value = value.get("content") if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""
