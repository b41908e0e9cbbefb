"""The releases of Ollama whose sources were read: when each was made, and the llama.cpp build inside.

Made by `python -m tools.ollama_release --write VERSION` from the Go module: its time, and its file
LLAMA_CPP_VERSION, which came with 0.30. CI holds it against the modules.
"""

from __future__ import annotations

from typing import NamedTuple


class Release(NamedTuple):
    """day: as 2026-09-23; llama_cpp: the number of its build, None before 0.30."""

    day: str
    llama_cpp: int | None


RELEASES: dict[tuple[int, int, int], Release] = {
    (0, 5, 13): Release("2025-03-03", None),
    (0, 9, 6): Release("2025-07-07", None),
    (0, 12, 6): Release("2025-10-16", None),
    (0, 17, 4): Release("2026-02-27", None),
    (0, 24, 0): Release("2026-05-14", None),
    (0, 30, 0): Release("2026-06-01", 9452),
    (0, 30, 4): Release("2026-06-03", 9493),
    (0, 31, 0): Release("2026-06-29", 9840),
    (0, 32, 0): Release("2026-07-13", 9888),
    (0, 33, 0): Release("2026-08-25", 10488),
    (0, 33, 1): Release("2026-08-26", 10630),
    (0, 33, 2): Release("2026-08-28", 10630),
    (0, 33, 3): Release("2026-09-02", 10760),
    (0, 34, 0): Release("2026-09-09", 10760),
    (0, 34, 1): Release("2026-09-15", 10864),
    (0, 34, 2): Release("2026-09-17", 10969),
    (0, 34, 3): Release("2026-09-19", 10969),
    (0, 34, 4): Release("2026-09-23", 11081),
}
