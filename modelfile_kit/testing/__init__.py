"""Template regression tests: prompts and tokens that are kept beside a package and must not change unseen."""

from .golden import RenderedConversation, TokenText, compare_golden

__all__ = ["RenderedConversation", "TokenText", "compare_golden"]
