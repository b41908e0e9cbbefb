"""Which Ollama a package is for, what each release brought, and which llama.cpp is inside it.

A target is written as "latest", "0.12.6", ">=0.30" (the oldest server the package must work on) or
"0.30". Everything that depends on a release asks the tables of this file: a new release is a row. A
change between two releases that were read in source is counted with the later one, so that a promise
never comes too early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..core.errors import UsageError
from .releases import RELEASES

Version = tuple[int, int, int]

LATEST: Version = (0, 34, 4)
"""The newest release whose source was read and whose packages judged the tests."""


OLDEST: Version = (0, 5, 0)
"""The oldest release that can be a target; 0.5.13 is the oldest whose packages judge the tests."""

ALWAYS: Version = (0, 0, 0)
"""For what every release that counts has had from the beginning."""


@dataclass(frozen=True)
class Feature:
    """since: the first release that has it; what: one line; until: the first release without it again."""

    since: Version
    what: str
    until: Version | None = None


# Sources: parser/parser.go, template/template.go, api/types.go, server/*.go, cmd/cmd.go of each release.
SINCE: dict[str, Feature] = {
    "parameter_warnings": Feature(ALWAYS, "penalize_newline is only warned about"),
    "create_files": Feature((0, 5, 5), "/api/create takes files by their digests"),
    "range_int": Feature((0, 5, 13), "range over an integer or a function (built with Go 1.24)"),
    "gemma3_template": Feature((0, 6, 0), "create recognises the chat template of gemma3-instruct"),
    "rich_properties": Feature((0, 6, 8), "several types and items in a tool's property"),
    "short_options": Feature((0, 7, 0), "mirostat, low_vram and other old options are only warned about"),
    "projector_needs_no_blocks": Feature(
        (0, 8, 0), "a GGUF with block_count is a model even if it has vision.block_count"
    ),
    "thinking": Feature((0, 9, 0), "thinking: the request's think, .Thinking, .Think and .IsThinkSet"),
    "tool_messages": Feature((0, 9, 6), ".ToolName, and tool messages in a row stay apart"),
    "think_level": Feature((0, 11, 1), '.ThinkLevel and think as "low", "medium", "high"'),
    "current_date": Feature((0, 11, 1), "the function currentDate"),
    "typescript": Feature((0, 11, 3), "the function toTypeScriptType, .AnyOf of a property"),
    "debug_render": Feature((0, 11, 5), "_debug_render_only answers the rendered prompt"),
    "renderer": Feature((0, 12, 0), "the instructions RENDERER and PARSER"),
    "template_call_check": Feature((0, 12, 4), '{{ template "x" }} without a pipeline is refused'),
    "think_default": Feature((0, 12, 4), "think is true when the request does not say and the model can"),
    "think_refusal": Feature((0, 12, 5), "think false is taken from a model that cannot think"),
    "generate_as_chat": Feature(
        (0, 12, 6), "/api/generate renders as /api/chat does, images in the user's message"
    ),
    "short_tool_json": Feature((0, 12, 6), "empty type and description of a tool's property are left out"),
    "tool_call_id": Feature((0, 12, 10), ".ToolCallID of a message, .ID of a tool call"),
    "required_optional": Feature((0, 12, 11), "an empty `required` of a tool is left out"),
    "tool_named_key": Feature((0, 12, 11), 'a tool call may be {"name of the tool": {arguments}}'),
    "yesterday_date": Feature((0, 13, 3), "the function yesterdayDate"),
    "requires": Feature((0, 14, 0), "the instruction REQUIRES"),
    "template_types": Feature(
        (0, 14, 0), "tools and calls are turned into types of their own for a TEMPLATE"
    ),
    "drop_oldest": Feature(
        (0, 15, 5), "a conversation that is too long loses its oldest messages, one after the other"
    ),
    "property_required": Feature((0, 20, 0), ".Required of a tool's property"),
    "think_max": Feature((0, 22, 0), 'think as "max"'),
    "draft": Feature((0, 23, 1), "the instruction DRAFT"),
    "tool_string": Feature((0, 30, 0), "{{ . }} of a tool prints JSON again (0.14 to 0.24: a Go struct)"),
    "native_jinja": Feature(
        (0, 30, 0), "llama-server is the engine; the GGUF's own Jinja template can be used"
    ),
    "draft_num_predict": Feature((0, 30, 0), "the parameter draft_num_predict"),
    "draft_files": Feature((0, 30, 0), "create takes a draft model's GGUF (0.23.1 to 0.24 refuse DRAFT)"),
    "mmproj_type": Feature((0, 30, 4), "general.type mmproj is a projector even without vision.block_count"),
    "parser_direct_answers": Feature((0, 30, 9), "the parser lfm2-thinking takes a reply without a thought"),
    "renderer_lfm2_thoughts": Feature(
        (0, 30, 9), "the renderer lfm2-thinking writes thoughts of the request"
    ),
    "renderer_qwen35_tags": Feature(
        (0, 30, 11), "the renderer qwen3.5 takes tagged thoughts out of earlier turns that have a thought"
    ),
    "tool_round_trip_tie": Feature(
        (0, 30, 11), "Jinja wins a tie with tools when only it shows a tool round trip"
    ),
    "tool_json_strings": Feature(
        (0, 31, 0), "braces inside JSON strings do not end the search for bare tool calls"
    ),
    "parser_thought_after_tool": Feature(
        (0, 32, 1), "the parser gemma4 expects a thought after a tool's answer"
    ),
    "renderer_gemma4_turns": Feature(
        (0, 32, 1), "the renderer gemma4 joins turns of the model, and writes thoughts without calls"
    ),
    "renderer_laguna_thoughts": Feature(
        (0, 32, 2), "the renderer laguna takes thoughts out of texts, and writes arguments as spaced JSON"
    ),
    "parser_unclosed_glm": Feature(
        (0, 32, 3), "the parsers glm-4.7 and glm-ocr take a last call without its closing tag"
    ),
    "parser_space_before_tag": Feature(
        (0, 33, 0), "the parser nemotron-3-nano keeps white space before what may become a tag"
    ),
    "renderer_nemotron_layout": Feature(
        (0, 33, 0), "the renderer nemotron-3-nano writes no empty lines, and drops /think of users too"
    ),
    "parser_one_opening": Feature((0, 33, 0), "the parser qwen3.5 drops one opening tag at most"),
    "sampling_defaults": Feature((0, 33, 3), "sampler defaults come from general.sampling.* of the GGUF"),
    "gguf_kept": Feature((0, 34, 1), "create keeps the bytes of a GGUF instead of rewriting them"),
    "from_glob": Feature((0, 34, 1), "FROM and DRAFT take file name patterns"),
    "split_kept": Feature(
        (0, 34, 1), "the parts of a split GGUF stay files of their own; such a model asks for 0.35.0"
    ),
    "parser_flush": Feature(
        (0, 34, 3), "the PARSERs qwen3-coder and nemotron-* give what they still hold back when a reply ends"
    ),
    "renderer_levels": Feature(
        (0, 34, 3), "a model with a RENDERER takes any name as think, and those that the RENDERER knows count"
    ),
    "show_thinking": Feature((0, 34, 3), "/api/show tells which values think takes"),
    "lora_adapters": Feature(ALWAYS, "the instruction ADAPTER (LoRA adapters)", until=(0, 34, 1)),
    "typical_p": Feature(ALWAYS, "the parameter typical_p in new models and requests", until=(0, 34, 1)),
    "gguf_quantize": Feature(ALWAYS, "create quantizes a GGUF", until=(0, 34, 1)),
}
"""What came with which release, and what went away again."""

LLAMA_CPP: dict[Version, int] = {
    version: build
    for version, (_, build) in RELEASES.items()
    if build and build not in {r.llama_cpp for v, r in RELEASES.items() if v < version}
}
"""The llama.cpp build of each release whose build differs from the one before."""

_VERSION = re.compile(r"v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+][0-9A-Za-z.+-]+)?", re.ASCII)
_SPEC = re.compile(r"\s*(>=|==|=|~=)?\s*(\S*)\s*")
# What golang.org/x/mod/semver takes, with or without its "v".
_SEMVER = re.compile(
    r"v?(0|[1-9]\d*)(\.(0|[1-9]\d*)(\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)
_NEWEST: Version = (1_000_000, 0, 0)


def parse_version(text: str) -> Version | None:
    """A release's numbers: "0.33.0", "v0.30", "0.33.0-rc1" (its suffix is ignored); None for other text."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else None


def server_version(text: str) -> Version:
    """The release of a server that answers this to /api/version.

    "0.0.0" comes from a build that was not told its version and counts as newer than all; text that is
    no version counts as older than all.
    """
    found = parse_version(text)
    if found is None:
        return (0, 0, 0)
    return found if any(found) else _NEWEST


def is_semantic(text: str) -> bool:
    """Whether REQUIRES takes the text as a version (parser/parser.go, CreateRequest)."""
    return _SEMVER.fullmatch(text) is not None


def version_text(version: Version) -> str:
    """A release as people write it, "0.12.6"."""
    return ".".join(str(n) for n in version)


def llama_cpp_build(version: Version) -> str | None:
    """The llama.cpp inside an Ollama release, "b10488"; None before 0.30 and after `LATEST`."""
    builds = [build for since, build in LLAMA_CPP.items() if since <= version <= LATEST]
    return f"b{builds[-1]}" if builds else None


@dataclass(frozen=True, order=True)
class Target:
    """An Ollama release, and whether later ones count too.

    version: the (oldest) release. onwards: True for ">=0.30", where newer servers count as well.
    Features are attributes: `target.renderer`, `target.native_jinja`, … (the keys of `SINCE`).
    """

    version: Version = LATEST
    onwards: bool = False

    @classmethod
    def parse(cls, text: str | Target) -> Target:
        """Reads "latest", "0.12.6", ">=0.30"; raises UsageError for anything else, and before `OLDEST`."""
        if isinstance(text, Target):
            return text
        if text.strip().lower() == "latest":
            return cls()
        found = _SPEC.fullmatch(text)
        version = parse_version(found[2]) if found else None
        if not found or version is None:
            raise UsageError(
                f"target {text!r} is not a version of Ollama",
                help='write "latest", a release such as "0.12.6", or the oldest one as ">=0.30"',
            )
        if version < OLDEST:
            raise UsageError(
                f"target {text!r} is older than the oldest Ollama that is supported, {version_text(OLDEST)}",
                help=f'write ">={version_text(OLDEST)}" or a newer release',
            )
        return cls(version, found[1] == ">=")

    @property
    def newest(self) -> Target:
        """The newest release of the target, alone: the target itself, or `LATEST` where later ones count."""
        return Target(max(self.version, LATEST)) if self.onwards else self

    def has(self, feature: str) -> bool:
        """Whether every server of the target has the feature (a key of `SINCE`)."""
        row = SINCE[feature]
        ends = row.until is not None and (self.onwards or self.version >= row.until)
        return self.version >= row.since and not ends

    def may_have(self, feature: str) -> bool:
        """Whether some server of the target has the feature."""
        row = SINCE[feature]
        ended = row.until is not None and self.version >= row.until
        return (self.onwards or self.version >= row.since) and not ended

    def __getattr__(self, name: str) -> bool:
        if name in SINCE:
            return self.has(name)
        raise AttributeError(name)

    @cached_property
    def name(self) -> str:
        """The release as people write it, "0.12.6"."""
        return version_text(self.version)

    def __str__(self) -> str:
        return f">={self.name}" if self.onwards else self.name


def since(feature: str) -> str:
    """The release that brought a feature, "0.12.0"."""
    return version_text(SINCE[feature].since)


def until(feature: str) -> str:
    """The first release without a feature that went away, "0.34.1"; "" where it is still there."""
    end = SINCE[feature].until
    return version_text(end) if end else ""
