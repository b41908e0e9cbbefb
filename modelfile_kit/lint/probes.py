"""Prompts of a few ordinary conversations, from which rules read what a TEMPLATE does to them.

Every text of a probe is a word of its own, so that it can be found again in the prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import KitError
from ..core.later import later
from ..core.step_account import steps_together
from ..gotemplate import LimitError
from ..ollama.prompt import PromptTemplate
from ..ollama.versions import Target

if TYPE_CHECKING:
    from ..huggingface import render
else:
    render = later("modelfile_kit.huggingface.render")

PROBE_STEPS = 1_000_000
"""Steps of a TEMPLATE for one probe, whose conversation is short: the hungriest real one takes 150,000 for a
long prompt."""

SYSTEM, QUESTION, ANSWER, AGAIN = "Qsystemq", "Qquestionq", "Qanswerq", "Qagainq"
THOUGHT, RESULT, TOOL, PLACE = "Qthoughtq", "Qresultq", "q_tool", "Qplaceq"

_USER = {"role": "user", "content": QUESTION}
_TOOL = {
    "type": "function",
    "function": {
        "name": TOOL,
        "description": "What it does",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "Where"},
                "more": {"type": "object", "description": "What else"},
            },
            "required": ["place"],
        },
    },
}
# Mistral's templates want an id of nine letters and digits.
_CALL = {
    "id": "callq0001",
    "function": {"name": TOOL, "arguments": {"place": PLACE, "more": {"q_key": True}}},
}
_RESULT = {"role": "tool", "content": RESULT, "tool_name": TOOL, "tool_call_id": "callq0001"}
_REQUESTS: Mapping[str, dict[str, Any]] = {
    "single": {"messages": [_USER]},
    "dialogue": {
        "messages": [_USER, {"role": "assistant", "content": ANSWER}, {"role": "user", "content": AGAIN}]
    },
    "offered": {"messages": [_USER], "tools": [_TOOL]},
    "offered-system": {"messages": [{"role": "system", "content": SYSTEM}, _USER], "tools": [_TOOL]},
    "system": {"messages": [{"role": "system", "content": SYSTEM}, _USER]},
    "images": {"messages": [{**_USER, "images": 1}]},
    "tools": {
        "messages": [_USER, {"role": "assistant", "content": "", "tool_calls": [_CALL]}, _RESULT],
        "tools": [_TOOL],
    },
    "thinking": {"messages": [_USER], "think": True},
    "thought": {
        "messages": [
            _USER,
            {"role": "assistant", "content": ANSWER, "thinking": THOUGHT},
            {"role": "user", "content": AGAIN},
        ],
        "think": True,
    },
}


@dataclass(frozen=True)
class Probe:
    """The prompt of one conversation, or the error that a server would answer with."""

    name: str
    text: str = ""
    error: KitError | None = None

    def between(self, start: str, end: str | None = None) -> str | None:
        """What stands between two texts (or from one to the prompt's end); None where one is missing."""
        _, found, after = self.text.partition(start)
        if not found:
            return None
        if end is None:
            return after
        inside, found, _ = after.partition(end)
        return inside if found else None


def lacks_generation_prompt(dialogue: Probe) -> tuple[str, str] | None:
    """The end of a dialogue's prompt and the header before its answer, where the end lacks the header."""
    header, ending = dialogue.between(QUESTION, ANSWER), dialogue.between(AGAIN)
    if header is None or ending is None or header == ending:
        return None
    after_answer = dialogue.between(ANSWER, AGAIN) or ""
    # What follows every message alike is the end of a turn; what a header has more than the prompt's end
    # may also be a tag that the model writes itself, as <think>.
    if header.strip() and after_answer.startswith(ending) and not ending.startswith(header.rstrip()):
        return ending, header
    return None


class OwnTemplate:
    """What the model's own chat template makes of the same conversations, asked only where it matters."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._made: dict[str, str | None] = {}

    def loses(self, name: str, texts: Iterable[str]) -> bool:
        """Whether it leaves all of these texts out of a probe's conversation as well."""
        text = self.prompt(name)
        return text is not None and not any(part in text for part in texts)

    def ignores_tools(self) -> bool:
        """Whether tools that are offered change nothing, although the source mentions them."""
        text = self.prompt("single")
        return text is not None and text == self.prompt("offered")

    def refuses(self, name: str) -> bool:
        """Whether a probe's conversation cannot be rendered with it either."""
        return self.prompt(name) is None

    def text(self, name: str, bos: str, eos: str) -> str | None:
        """The prompt of a probe's conversation with these texts of BOS and EOS; None where it is refused."""
        try:
            return render.render_reference(self._source, bos_token=bos, eos_token=eos, **_REQUESTS[name])
        except KitError:
            return None

    def prompt(self, name: str) -> str | None:
        """The prompt of a probe's conversation without a BOS, None where it refuses or fails."""
        if name not in self._made:
            self._made[name] = self._render(name)
        return self._made[name]

    def _render(self, name: str) -> str | None:
        try:
            return render.render_reference(self._source, **_REQUESTS[name])
        except KitError:
            return None


class Probes:
    """Renders a conversation when a rule asks for it, and each only once."""

    def __init__(self, prompt: PromptTemplate, newest: Target) -> None:
        self.prompt = prompt
        self._newest = newest
        self._made: dict[tuple[str, bool], Probe] = {}
        self._hopeless: LimitError | None = None

    def __getitem__(self, name: str) -> Probe:
        return self._probe(name, self.prompt, newest=False)

    def everywhere(self, name: str) -> tuple[Probe, ...]:
        """The probe on the oldest and, where it is another one, on the newest Ollama that is meant."""
        first = self[name]
        if self._newest == self.prompt.target:
            return (first,)
        try:
            newer = PromptTemplate(self.prompt.source, target=self._newest)
        except KitError:
            return (first,)
        return (first, self._probe(name, newer, newest=True))

    @property
    def can_think(self) -> bool:
        """Whether Ollama lets this TEMPLATE think."""
        return "thinking" in self.prompt.capabilities

    @property
    def takes_tools(self) -> bool:
        """Whether Ollama lets this TEMPLATE be offered tools."""
        return "tools" in self.prompt.capabilities

    def asked(self) -> tuple[Probe, ...]:
        """The probes whose requests a server would not refuse for this TEMPLATE."""
        names = ["single", "dialogue", "system", "images"]
        names += ["tools"] if self.takes_tools else []
        names += ["thinking", "thought"] if self.can_think else []
        return tuple(self[name] for name in names)

    def _probe(self, name: str, prompt: PromptTemplate, *, newest: bool) -> Probe:
        if self._hopeless:  # one that runs into the limits is not run again
            return Probe(name, error=self._hopeless)
        key = (name, newest)
        if key not in self._made:
            self._made[key] = self._render(name, prompt)
        return self._made[key]

    def _render(self, name: str, prompt: PromptTemplate) -> Probe:
        try:
            with steps_together(PROBE_STEPS, PROBE_STEPS, anew=True):
                return Probe(name, prompt.render(**_REQUESTS[name]))
        except LimitError as error:
            self._hopeless = error
            return Probe(name, error=error)
        except KitError as error:
            return Probe(name, error=error)
