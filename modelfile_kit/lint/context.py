"""What rules look at: the instructions, and whatever can be found out from them, worked out once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ..core.diagnostics import Diagnostic
from ..core.errors import GoTemplateError
from ..gguf_file.inputs import IMAGE, projector_input, vision_inside
from ..ollama.builtin import library_renderer
from ..ollama.grammar import LINE_BREAK, Instruction, Modelfile
from ..ollama.parameters import validate
from ..ollama.prompt import PromptTemplate
from ..ollama.prompt_ends import Ends, PromptEnds
from ..ollama.selection import select
from ..ollama.versions import Target
from .files import Files, is_path
from .probes import OwnTemplate, Probes
from .template_types import Walk

if TYPE_CHECKING:
    from ..gotemplate.parse.nodes import Node
    from ..ollama.selection import Selection


_HEAD = re.compile(r'[^\s]+[ \t]+(?:(?<=message[ \t])[ \t]*\w+[ \t]+)?("""|"|)', re.IGNORECASE)


def _value_start(written: str, value: str) -> int:
    """Where the value of an instruction begins in its own text."""
    head = _HEAD.match(written)
    return head.end() if head else max(written.find(value[:1]), 0)


class Place(TypedDict, total=False):
    """Where a finding is, as far as it is known."""

    line: int
    column: int


class Context:
    """A Modelfile as the rules see it.

    text: decoded; modelfile: parsed; folder: what relative paths start from, None where no file is to be
    looked at; target: the Ollama that the file is for; memory: bytes that it is to run in, None if nobody
    said how many.
    """

    def __init__(
        self,
        text: str,
        modelfile: Modelfile,
        folder: Path | None,
        target: Target,
        memory: int | None = None,
    ) -> None:
        self.memory = memory
        self.text = text
        self.modelfile = modelfile
        self.folder = folder
        self.target = target
        self.files = Files(modelfile, folder, target)

    def last(self, name: str) -> Instruction | None:
        """The instruction that counts where the last one wins."""
        found = self.modelfile.all(name)
        return found[-1] if found else None

    def written(self, instruction: Instruction) -> str:
        """An instruction as it stands in the file."""
        return self.text[slice(*instruction.span)]

    @cached_property
    def newest(self) -> Target:
        """The newest Ollama that is meant: the target itself, or the latest where later ones count."""
        return self.target.newest

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, as an editor has them."""
        return LINE_BREAK.split(self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]

    @cached_property
    def template(self) -> Instruction | None:
        """The TEMPLATE that counts; an empty one is none to Ollama."""
        found = self.last("template")
        return found if found and found.value else None

    @cached_property
    def stops(self) -> tuple[Instruction, ...]:
        """Every `PARAMETER stop`."""
        return self.modelfile.all("parameter", "stop")

    @cached_property
    def takes_images(self) -> bool:
        """Whether images are taken, by what the Modelfile says or by what the files are."""
        model = self.files.model
        if model and model.header and vision_inside(model.header):
            return True
        headers = [s.header for s in self.files.projectors if s.header]
        if headers:
            return any(IMAGE in projector_input(h) for h in headers)
        return bool(self.modelfile.projectors)

    def complaints(self, code: str) -> Iterator[tuple[Instruction, Diagnostic]]:
        """What `ollama.parameters.validate` finds of one code, with the instruction."""
        yield from self._validated.get(code, ())

    @cached_property
    def _validated(self) -> dict[str, list[tuple[Instruction, Diagnostic]]]:
        by_line = {i.line: i for i in self.modelfile.instructions}
        found: dict[str, list[tuple[Instruction, Diagnostic]]] = {}
        for diagnostic in validate(self.modelfile, self.target):
            if diagnostic.span and diagnostic.span.line:
                pair = (by_line[diagnostic.span.line], diagnostic)
                found.setdefault(diagnostic.code, []).append(pair)
        return found

    @cached_property
    def _parsed(self) -> PromptTemplate | GoTemplateError | None:
        if self.template is None:
            return None
        try:
            # Without the Modelfile's own SYSTEM and MESSAGEs, which would blur what the probes show.
            return PromptTemplate(self.template.value, target=self.target)
        except GoTemplateError as error:
            return error

    @property
    def prompt(self) -> PromptTemplate | None:
        """The TEMPLATE, ready to render; None where there is none or it does not parse."""
        return None if isinstance(self._parsed, GoTemplateError) else self._parsed

    @property
    def template_error(self) -> GoTemplateError | None:
        """Why the TEMPLATE does not parse."""
        return self._parsed if isinstance(self._parsed, GoTemplateError) else None

    @cached_property
    def selection(self) -> Selection | None:
        """Who makes the prompt on that newest Ollama; None where the TEMPLATE does not parse."""
        if self.template_error:
            return None
        try:
            return select(
                template=self.prompt,
                jinja=self.files.chat_template,
                renderer=self.modelfile.last("renderer") or "",
                parser=self.modelfile.last("parser") or "",
                architecture=self.files.architecture,
                target=self.newest,
            )
        except GoTemplateError:
            return None

    @property
    def from_files(self) -> bool:
        """Whether every FROM names a file; a published model may bring TEMPLATE, RENDERER and PARSER."""
        froms = self.modelfile.froms
        return bool(froms) and all(is_path(i.value) or self.files.exists(i.value) for i in froms)

    @property
    def library_model(self) -> str:
        """The published model behind FROM whose RENDERER is inherited, "" where there is none."""
        names = [i.value for i in self.modelfile.froms if not is_path(i.value)]
        names = [name for name in names if not self.files.exists(name)]
        return names[-1] if names and library_renderer(names[-1]) else ""

    @property
    def template_is_used(self) -> bool:
        """Whether some Ollama that is meant renders the TEMPLATE, as far as can be seen here."""
        if self.prompt is None:
            return False
        if self.last("renderer") or self.library_model:
            return False
        older = not self.target.has("native_jinja")
        return older or self.selection is None or self.selection.source == "template"

    @property
    def reads_by_tags(self) -> bool:
        """Whether replies are read by the TEMPLATE's tags, not by a parser of Ollama's own."""
        harmony = self.selection is not None and self.selection.harmony
        return self.template_is_used and not self.last("parser") and not harmony

    @cached_property
    def probes(self) -> Probes | None:
        """Prompts of ordinary conversations; None where the TEMPLATE is not what makes the prompt."""
        return Probes(self.prompt, self.newest) if self.prompt and self.template_is_used else None

    @cached_property
    def reply_tags(self) -> dict[str, str]:
        """The tags by which Ollama reads replies, each with what it stands around."""
        tags: dict[str, str] = {}
        if self.prompt and "tools" in self.prompt.capabilities and self.prompt.tool_tag.text is not None:
            tags[self.prompt.tool_tag.tag] = "tool calls"
        if self.prompt and (thinking := self.prompt.thinking_tags):
            tags |= {thinking.opening: "thinking", thinking.closing: "thinking"}
        return tags

    def is_control(self, text: str) -> bool:
        """Whether the model's file is here and has this text as a control token."""
        vocabulary = self.files.vocabulary
        token = vocabulary.id_of(text) if vocabulary else None
        return vocabulary is not None and token is not None and vocabulary.type_of(token) == "control"

    @cached_property
    def ends(self) -> tuple[Diagnostic, ...]:
        """What is wrong with BOS and EOS of an ordinary prompt, by the rule for all (`PromptEnds`).

        Without a chat template that could say otherwise, one BOS and no EOS is right.
        """
        vocabulary = self.files.vocabulary
        if vocabulary is None:
            return ()
        ends, model = PromptEnds.of(vocabulary), Path(vocabulary.source).name
        if crash := ends.crashes(model=model):
            return (crash,)
        reference = self.own_template.text("single", ends.bos, ends.eos) if self.own_template else None
        if self.probes is not None:
            if self.probes["single"].error:
                return ()
            received = ends.ends_of(ends.received(self.probes["single"].text))
        elif reference is not None and self.selection is not None and self.selection.source == "jinja":
            received = ends.ends_of(ends.received_natively(reference))
        else:
            return ()
        right = ends.ends_of(reference) if reference is not None else Ends(min(received.bos, 1), 0)
        return tuple(ends.judge(received, right, model=model))

    @cached_property
    def own_template(self) -> OwnTemplate | None:
        """The model's own chat template, to ask whether it does the same; None where it is not here."""
        return OwnTemplate(self.files.chat_template) if self.files.chat_template else None

    def also_lost(self, probe: str, texts: Iterable[str]) -> bool:
        """Whether the model's own chat template is here and leaves the texts out too."""
        return self.own_template is not None and self.own_template.loses(probe, texts)

    @cached_property
    def walk(self) -> Walk | None:
        """The TEMPLATE's nodes with the types of what they name; None where it does not parse."""
        return Walk(self.prompt) if self.prompt else None

    def place(self, node: Node) -> Place:
        """`line` (and `column`, where it is known) of a node of the TEMPLATE in the Modelfile."""
        position: int = getattr(node, "pos", -1)
        if self.template is None or position < 0:
            return {}
        line, column = self.value_place(self.template, position)
        return {"line": line, "column": column}

    def value_line(self, instruction: Instruction, line: int) -> int:
        """The line in the Modelfile of a line of an instruction's value, as Go counts: by LF, from 1."""
        lines = instruction.value.split("\n")
        return self.value_place(instruction, len("\n".join(lines[: line - 1])) + (line > 1))[0]

    def value_place(self, instruction: Instruction, position: int) -> tuple[int, int]:
        """Line and column in the Modelfile of a character of an instruction's value."""
        value = instruction.value
        at = instruction.span[0] + _value_start(self.written(instruction), value)
        for char in value[:position]:
            # Characters that Ollama drops stand in the file and not in the value.
            while at < len(self.text) and self.text[at] != char:
                at += 1
            at += 1
        before = LINE_BREAK.split(self.text[:at])
        return len(before), len(before[-1]) + 1
