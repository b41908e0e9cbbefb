"""The tags that a GLM model left out of a call (model/parsers/glm46.go, repairGLM46XML).

A call is a name and then, again and again, a key and a value with their tags. A tag that is missing is put
before the next one that is there, and text that stands where a tag should begin belongs into that tag.
"""

from __future__ import annotations

from .go_text import find_space, trim_left

OPEN_KEY, CLOSE_KEY = b"<arg_key>", b"</arg_key>"
OPEN_VALUE, CLOSE_VALUE = b"<arg_value>", b"</arg_value>"
_CYCLE = (OPEN_KEY, CLOSE_KEY, OPEN_VALUE, CLOSE_VALUE)
# What closes a pair that the text breaks off in, by the tag that is expected next.
_ENDS = (b"", CLOSE_KEY + OPEN_VALUE + CLOSE_VALUE, OPEN_VALUE + CLOSE_VALUE, CLOSE_VALUE)


def repair(text: bytes) -> bytes:
    """The text with all tags of its pairs."""
    at, found = _next_tag(text)
    if at < 0:
        return text
    out, expected = _beginning(text[:at], found)
    text = text[at:]
    while text:
        at, found = _next_tag(text)
        opens = expected % 2 == 0
        if at < 0:
            if not opens:
                out += [text, _CYCLE[expected]]
                expected = (expected + 1) % 4
            break
        if found == expected:
            out += [text[:at], _CYCLE[found]]
            text = text[at + len(_CYCLE[found]) :]
            expected = (expected + 1) % 4
        elif opens and at > 0:
            out += [_CYCLE[expected], text[:at]]
            text = text[at:]
            expected = (expected + 1) % 4
        else:
            text = _catch_up(out, text, at, expected, found)
            expected = found
    return b"".join(out) + _ENDS[expected]


def _next_tag(text: bytes) -> tuple[int, int]:
    """The place of the first tag and which one it is; -1 where there is none."""
    places = [(at, i) for i, tag in enumerate(_CYCLE) if (at := text.find(tag)) >= 0]
    return min(places, default=(-1, -1))


def _beginning(prefix: bytes, found: int) -> tuple[list[bytes], int]:
    """What stands before the first tag, and the tag that is expected then.

    Where that is not the tag of a key, a name has no spaces: what follows the first one is the key.
    """
    space = find_space(prefix) if _CYCLE[found] != OPEN_KEY else -1
    if space < 0:
        return [prefix], 0
    return [prefix[:space], OPEN_KEY, trim_left(prefix[space:])], 1


def _catch_up(out: list[bytes], text: bytes, at: int, expected: int, found: int) -> bytes:
    """Writes the tags between the expected one and the one that is there; the text that is left."""
    while expected != found:
        if expected % 2 and (expected + 1) % 4 == found and at > 0:
            out.append(text[:at])
            text, at = text[at:], 0
        out.append(_CYCLE[expected])
        expected = (expected + 1) % 4
    return text
