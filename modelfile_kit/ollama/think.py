"""What becomes of a request's `think`, per release (server/routes.go, api/types.go)."""

from __future__ import annotations

from typing import Any

from ..core.errors import PromptError
from .versions import Target

Think = bool | str | None
_LEVELS = ("low", "medium", "high")


def resolve_think(think: Think, target: Target, *, can: bool, harmony: bool, name: str) -> Think:
    """The value that the TEMPLATE sees: None for not set.

    can: whether the model can think; harmony: whether it is parsed as harmony; name: for messages.
    Raises PromptError (400) where the server refuses.
    """
    if not target.has("thinking"):
        return None
    _check(think, target)
    if target.has("think_default") and think is None and can:
        return True
    if think == "max" and harmony:
        return "high"
    # 0.12.4 alone takes even `false` for a wish to think.
    strict = target.has("think_default") and not target.has("think_refusal")
    asks = think is not None if strict else bool(think)
    if asks and not can:
        raise PromptError(
            f"{name} does not support thinking",
            status=400,
            help="leave `think` out, or use a TEMPLATE in which Ollama finds thinking tags",
        )
    return think


def _check(think: Think, target: Target) -> None:
    if think is None or isinstance(think, bool):
        return
    levels = [*_LEVELS, "max"] if target.has("think_max") else [*_LEVELS]
    if not target.has("think_level"):
        levels = []
    if think not in levels:
        allowed = ", ".join([*(f'"{level}"' for level in levels), "true or false"])
        raise PromptError(f"think is {think!r}, the server takes {allowed}", status=400)


def think_values(think: Think, target: Target) -> dict[str, Any]:
    """`.Think`, `.ThinkLevel`, `.IsThinkSet` as far as the release has them."""
    if not target.has("thinking"):
        return {}
    values: dict[str, Any] = {"Think": bool(think), "IsThinkSet": think is not None}
    if target.has("think_level"):
        values["ThinkLevel"] = think if isinstance(think, str) else "medium" if think else ""
    return values
