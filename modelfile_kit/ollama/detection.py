"""Which Go template create adds by itself to a package without TEMPLATE (see known_templates.py)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ..core.errors import UsageError
from .known_shapes import SHAPES, WORDS
from .known_templates import FINGERPRINTS, STOPS
from .template_distance import Piece, least, most, pieces_of, read_shape
from .versions import Target

# Create takes the nearest known template if fewer edits than these lead to it.
MAX_DISTANCE = 100


@dataclass(frozen=True)
class Detection:
    """Which known template create recognises in a Jinja text.

    name: the one that is taken, "" where none is. certain: whether that is known; if not, `name` is
    "" and `candidates` are those that may be taken. stops: what comes along, and stays even beside a
    TEMPLATE of the Modelfile's own unless it sets `stop`.
    """

    name: str = ""
    certain: bool = True
    candidates: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.name or self.candidates)


def detect(jinja: str, target: str | Target = "latest", *, folder: Path | None = None) -> Detection:
    """What create makes of a GGUF's Jinja text.

    folder: Ollama's own `template` folder, where it is at hand. Without it the distance is known within
    bounds; the answer is uncertain only where Ollama's limit, or another template's distance, lies between.
    """
    target = Target.parse(target)
    if folder is not None:
        return _by_distance(jinja, _read(folder), target)
    return _by_shape(jinja, target.has("gemma3_template"))


@lru_cache(maxsize=256)
def _by_shape(jinja: str, gemma3: bool) -> Detection:
    digest = hashlib.sha256(jinja.encode("utf-8", "surrogatepass")).hexdigest()
    near: list[tuple[str, tuple[Piece, ...]]] = []
    counts = Counter(jinja)
    for (name, start, known), shape in zip(_fingerprints(), SHAPES, strict=True):
        if name == "gemma3-instruct" and not gemma3:
            continue
        if digest.startswith(start):
            return Detection(name, stops=tuple(STOPS[name]))
        if _least_distance(counts, known) < MAX_DISTANCE:
            near.append((name, _shape(shape)))
    return _nearest(jinja, near) if near else Detection()


def _nearest(jinja: str, near: list[tuple[str, tuple[Piece, ...]]]) -> Detection:
    """The template that is nearest for certain, or those that may be."""
    pieces = pieces_of(jinja)
    bound = min(most(pieces, shape) for _, shape in near)
    # Ollama takes the first of equally near ones, so a tie is open; at the limit none is taken.
    limit = min(bound + 1, MAX_DISTANCE)
    names = dict.fromkeys(name for name, shape in near if least(jinja, shape, limit) < limit)
    if not names:
        return Detection()
    if bound < MAX_DISTANCE and len(names) == 1:
        name = next(iter(names))
        return Detection(name, stops=tuple(STOPS[name]))
    return Detection(certain=False, candidates=tuple(names))


@cache
def _shape(shape: str) -> tuple[Piece, ...]:
    return read_shape(shape, WORDS.split(";"))


def _offered(name: str, target: Target) -> bool:
    return name != "gemma3-instruct" or target.has("gemma3_template")


@cache
def _fingerprints() -> tuple[tuple[str, str, Mapping[str, int]], ...]:
    return tuple(
        (name, start, dict(zip(letters, (int(c, 36) for c in counts.split()), strict=True)))
        for name, start, letters, counts in FINGERPRINTS
    )


def _least_distance(counts: Mapping[str, int], known: Mapping[str, int]) -> int:
    """A lower bound of the edit distance: each edit fixes one surplus and one missing character."""
    surplus = sum(max(0, n - known.get(c, 0)) for c, n in counts.items())
    missing = sum(max(0, n - counts.get(c, 0)) for c, n in known.items())
    return max(surplus, missing)


def _read(folder: Path) -> list[tuple[str, str]]:
    """Names and Jinja texts of the folder's index."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        return [(entry["name"], entry["template"]) for entry in index]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UsageError(
            f"{folder} is not the template folder of Ollama's source: {e}",
            help="name the folder `template` of Ollama's source, which holds index.json",
        ) from e


def _by_distance(jinja: str, known: list[tuple[str, str]], target: Target) -> Detection:
    best, found = MAX_DISTANCE, ""
    counts = Counter(jinja)
    for name, text in known:
        if _offered(name, target) and _least_distance(counts, Counter(text)) < best:
            distance = _distance(jinja, text, best)
            if distance < best:
                best, found = distance, name
    return Detection(found, stops=tuple(STOPS.get(found, ())))


def _distance(a: str, b: str, limit: int) -> int:
    """Levenshtein's distance, or `limit` where it is no less: only the band around the diagonal."""
    if abs(len(a) - len(b)) >= limit:
        return limit
    previous = {j: j for j in range(min(len(b), limit) + 1)}
    for i, char in enumerate(a, 1):
        current: dict[int, int] = {}
        for j in range(max(0, i - limit), min(len(b), i + limit) + 1):
            best = previous.get(j, limit) + 1
            if j == 0:
                best = i
            else:
                best = min(
                    best, current.get(j - 1, limit) + 1, previous.get(j - 1, limit) + (char != b[j - 1])
                )
            current[j] = best
        if min(current.values()) >= limit:
            return limit
        previous = current
    return min(previous.get(len(b), limit), limit)
