"""What Hugging Face's `apply_chat_template` would render, in bounds of time, memory and output."""

from __future__ import annotations

from .environment import environment
from .guard import TemplateLimitError
from .render import ConversationRefusedError, Reference, render_reference

__all__ = [
    "ConversationRefusedError",
    "Reference",
    "TemplateLimitError",
    "environment",
    "render_reference",
]
