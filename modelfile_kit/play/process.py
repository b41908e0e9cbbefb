"""The parent's side of `play`: a process that renders, started again where it had to be ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from ..building.sources import ModelTemplate
from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import EngineError, KitError, MissingDependencyError, PackageError, UsageError
from ..core.foreign_text import shown
from ..gguf_file import Vocabulary, read_header
from ..ollama.conversation_rules import with_system
from ..prover.native import NativePrompter, native_prompter
from ..runtime.child_process import ChildProcess, start
from ..runtime.local import server_instead
from ..runtime.server_tokenizer import ServerTokenizer
from .subject import Asked
from .worker import failure

OPEN_SECONDS = 600.0
ANSWER_SECONDS = 10.0


class PlayProcess(ChildProcess):
    """The process in which a subject is open. Raises what opening it raised there."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(start("modelfile_kit.play.worker", {}), name=asked.source, timeout=OPEN_SECONDS)
        self.facts = self.prepare({"op": "open", "asked": asdict(asked)})
        if "failed" in self.facts:
            self.close()
            raise _opened_not(self.facts)
        self.timeout = ANSWER_SECONDS

    def timed_out(self, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a conversation whose rendering takes too long."""
        if head["op"] == "open":
            message = f"{self.name}: opening it took more than {self.timeout:g} s"
        else:
            message = f"the rendering took more than {self.timeout:g} s and was ended"
        return EngineError(message, help="shorten the conversation", stderr=stderr)

    def died(self, returncode: int | None, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a process that ended on its own, as where memory runs out."""
        last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "")
        message = f"the process that renders ended ({returncode}){f': {last[:200]}' if last else ''}"
        return EngineError(message, help="shorten the conversation", stderr=stderr)

    def refused(self, answer: Mapping[str, Any], head: Mapping[str, Any], stderr: str) -> KitError:
        """An error that nobody planned."""
        return EngineError(f"{self.name}: {answer['error']}", help="this is a bug; please report it")


class Player:
    """Answers conversations about a package or template, whatever becomes of the process that renders them.

    asked: what is played with. Use it as a context manager. Raises what opening it raises.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self._process: PlayProcess | None = PlayProcess(asked)
        self.facts = self._process.facts
        self._native: NativePrompter | None = None
        self._no_native = ""
        self._tokens: ServerTokenizer | None = None
        try:
            if self.facts["wants_tokens"]:
                self._open_tokens()
            if self.facts["native"]:
                self._open_native()
        except BaseException:
            self.close()
            raise

    def answer(self, conversation: Any, reply: str) -> dict[str, Any]:
        """The answer to a conversation; an error where it has none, which is told as `refused`."""
        with self._lock:
            request = {
                "op": "answer",
                "conversation": conversation,
                "reply": reply,
                "native": self._natively(conversation),
            }
            try:
                if self._process is None:
                    self._process = PlayProcess(self.asked)
                    self._tell_tokens()
                return self._process.ask(request)[0]
            except KitError as error:
                if self._process is not None:
                    self._process.close()
                    self._process = None
                return {"refused": failure(error)}

    def close(self) -> None:
        """Ends its processes; may be called twice."""
        self._opened.close()
        if self._process is not None:
            self._process.close()
            self._process = None

    def _open_tokens(self) -> None:
        """Lets a llama-server tell the tokens, in place of llama-cpp-python."""
        try:
            program = server_instead()
            if program is None:
                return
            self._tokens = self._opened.enter_context(ServerTokenizer(self.facts["model"], program))
            self._tell_tokens()
        except MissingDependencyError as error:
            self.facts["no_tokens"] = f"{error.message}: {error.help}"
        except (EngineError, UsageError) as error:
            self._tokens = None
            self.facts["no_tokens"] = shown(error.message, lines=True)

    def _tell_tokens(self) -> None:
        if self._tokens is not None and self._process is not None:
            program, url = str(self._tokens.program), self._tokens.url
            self._process.ask({"op": "tokens", "program": program, "url": url})

    def _open_native(self) -> None:
        try:
            self._native = self._opened.enter_context(self._prompter())
        except (EngineError, UsageError) as error:
            self._no_native = error.message

    def _prompter(self) -> AbstractContextManager[NativePrompter]:
        facts = self.facts
        reference = ModelTemplate(facts["chat_template"], "", facts["bos_token"], facts["eos_token"])
        vocabulary = None
        if facts["model"] is not None:
            vocabulary = Vocabulary.from_header(read_header(Path(facts["model"])))
        return native_prompter(reference, vocabulary, images=facts["images"])

    def _natively(self, conversation: Any) -> dict[str, Any] | None:
        """What llama-server makes of a request, where the package leaves the prompt to it."""
        if not self.facts["native"]:
            return None
        if self._native is None:
            return {"absent": self._no_native}
        try:
            messages = with_system(conversation["messages"], self.facts["system"], self.facts["first"])
            tools, think = conversation.get("tools"), conversation.get("think")
            return {"text": self._native.render(messages, tools=tools, think=think)}
        except KitError as error:
            return {"error": error.message}
        except (AttributeError, KeyError, TypeError, ValueError):
            return {"error": "the conversation has another shape"}  # which its check says better

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _opened_not(facts: Mapping[str, Any]) -> KitError:
    """What the child said of a subject that could not be opened, as an error of this process."""
    found = tuple(_diagnostic(data) for data in facts["failed"])
    first = found[0]
    error = PackageError(first.message, help=first.help, span=first.span, code=first.code, diagnostics=found)
    error.exit_code = facts["exit_code"]
    return error


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    span = Span(**data["span"]) if "span" in data else None
    return Diagnostic(data["code"], Severity(data["severity"]), data["message"], span, data.get("help", ""))
