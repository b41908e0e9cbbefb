"""Which Ollama is meant, and what that version can do.

A target is written as "latest", "0.12.6", ">=0.30" (the oldest server the package must work on) or
"0.30". The table says since which release something is there; releases between two that were read
in source are counted with the older one, so that a promise never comes too early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..core.errors import UsageError

Version = tuple[int, int, int]

LATEST: Version = (0, 33, 0)
"""The newest release whose source was read and whose packages judged the tests."""

# Since which release. Sources: parser/parser.go, template/template.go, api/types.go, server/*.go.
SINCE: dict[str, tuple[Version, str]] = {
    "range_int": ((0, 5, 13), "range over an integer or a function (built with Go 1.24)"),
    "rich_properties": ((0, 6, 8), "several types and items in a tool's property"),
    "short_options": ((0, 7, 0), "mirostat, low_vram and other options of old are only warned about"),
    "thinking": ((0, 9, 0), "thinking: the request's think, .Thinking, .Think and .IsThinkSet"),
    "tool_messages": ((0, 9, 6), ".ToolName, and tool messages in a row stay apart"),
    "think_level": ((0, 11, 1), '.ThinkLevel and think as "low", "medium", "high"'),
    "current_date": ((0, 11, 1), "the function currentDate"),
    "typescript": ((0, 11, 3), "the function toTypeScriptType, .AnyOf of a property"),
    "debug_render": ((0, 11, 5), "_debug_render_only answers the rendered prompt"),
    "renderer": ((0, 12, 0), "the instructions RENDERER and PARSER"),
    "template_call_check": ((0, 12, 4), '{{ template "x" }} without a pipeline is refused'),
    "think_default": ((0, 12, 4), "think is true when the request does not say and the model can"),
    "think_refusal": ((0, 12, 5), "think false is taken from a model that cannot think"),
    "generate_as_chat": (
        (0, 12, 6),
        "/api/generate renders as /api/chat does, pictures in the user's message",
    ),
    "short_tool_json": ((0, 12, 6), "empty type and description of a tool's property are left out"),
    "tool_call_id": ((0, 12, 10), ".ToolCallID of a message, .ID of a tool call"),
    "required_optional": ((0, 12, 11), "an empty `required` of a tool is left out"),
    "tool_named_key": ((0, 12, 11), 'a tool call may be {"name of the tool": {arguments}}'),
    "yesterday_date": ((0, 13, 3), "the function yesterdayDate"),
    "requires": ((0, 14, 0), "the instruction REQUIRES"),
    "template_types": ((0, 14, 0), "tools and calls are turned into types of their own for a TEMPLATE"),
    "drop_oldest": ((0, 15, 5), "too long a conversation loses its oldest messages, one after the other"),
    "property_required": ((0, 20, 0), ".Required of a tool's property"),
    "think_max": ((0, 22, 0), 'think as "max"'),
    "draft": ((0, 23, 1), "the instruction DRAFT"),
    "tool_string": ((0, 30, 0), "{{ . }} of a tool prints JSON again (0.14 to 0.24: a Go struct)"),
    "native_jinja": ((0, 30, 0), "llama-server is the engine; the GGUF's own Jinja template can be used"),
    "draft_num_predict": ((0, 30, 0), "the parameter draft_num_predict"),
    "tool_json_strings": ((0, 31, 0), "braces inside JSON strings do not end the search for bare tool calls"),
    "mmproj_type": ((0, 30, 4), "general.type mmproj is a projector even without vision.block_count"),
    "tool_round_trip_tie": ((0, 30, 11), "Jinja wins a tie with tools when only it shows a tool round trip"),
}

_SPEC = re.compile(
    r"\s*(>=|==|=|~=)?\s*v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+][0-9A-Za-z.-]+)?\s*"
)


@dataclass(frozen=True, order=True)
class Target:
    """An Ollama release, and whether later ones are meant too.

    version: the (oldest) release. onwards: True for ">=0.30", where newer servers count as well.
    Features are attributes: `target.renderer`, `target.native_jinja`, … (the keys of `SINCE`).
    """

    version: Version = LATEST
    onwards: bool = False

    @classmethod
    def parse(cls, text: str | Target) -> Target:
        """Reads "latest", "0.12.6", ">=0.30"; raises UsageError for anything else."""
        if isinstance(text, Target):
            return text
        if text.strip().lower() == "latest":
            return cls()
        found = _SPEC.fullmatch(text)
        if not found:
            raise UsageError(
                f"target {text!r} is not a version of Ollama",
                help='write "latest", a release such as "0.12.6", or the oldest one as ">=0.30"',
            )
        operator, major, minor, patch = found.groups()
        return cls((int(major), int(minor or 0), int(patch or 0)), operator == ">=")

    def has(self, feature: str) -> bool:
        """Whether every server that is meant has the feature (a key of `SINCE`)."""
        return self.version >= SINCE[feature][0]

    def may_have(self, feature: str) -> bool:
        """Whether some server that is meant has the feature."""
        return self.onwards or self.has(feature)

    def __getattr__(self, name: str) -> bool:
        if name in SINCE:
            return self.has(name)
        raise AttributeError(name)

    @cached_property
    def name(self) -> str:
        """The release as people write it, "0.12.6"."""
        return ".".join(str(n) for n in self.version)

    def __str__(self) -> str:
        return f">={self.name}" if self.onwards else self.name


def since(feature: str) -> str:
    """The release that brought a feature, "0.12.0"."""
    return ".".join(str(n) for n in SINCE[feature][0])
