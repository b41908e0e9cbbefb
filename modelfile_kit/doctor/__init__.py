"""What is wrong with an environment, or behind an error message, and the next step."""

from __future__ import annotations

from .environment import examine
from .symptoms import diagnose

__all__ = ["diagnose", "examine"]
