"""Times for people."""

from __future__ import annotations

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def duration_text(seconds: float) -> str:
    """Seconds in the largest unit that they fill, and what is over in the next, as in `2 h 5 min`."""
    left = max(0, int(seconds))
    for place, (size, unit) in enumerate(_UNITS):
        if left >= size:
            rest = left % size
            more, name = _UNITS[place + 1] if place + 1 < len(_UNITS) else (1, "")
            return f"{left // size} {unit}" + (f" {rest // more} {name}" if rest >= more and name else "")
    return "0 s"


def clock_text(seconds: float) -> str:
    """Minutes and seconds as 1:52, with hours as 2:03:04."""
    minutes, left = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
