"""What stops the work.

KitError                 anything the kit raises on purpose
├── UsageError           wrong arguments, or a broken environment (exit code 2)
│   ├── MissingDependencyError   an extra that is not installed
│   └── ConfigError      a project's configuration that cannot be used
├── GGUFError            a file that is not a sound GGUF
│   └── SourceError      a name that leads to no file: of a hub, a registry or a server
├── ModelfileError       a Modelfile that Ollama refuses
├── PackageError         a mkmodelfile.yaml or family that cannot be used
├── TemplateReferenceError   a chat template that cannot be rendered as Hugging Face would
├── GoTemplateError      a Go template that does not parse or execute
├── PromptError          a request that an Ollama server answers with an error
├── StoppedError         a limit of the kit ended a rendering (base of both such errors, below)
├── EngineError          the llama.cpp child process failed
└── ServerError          an Ollama server failed, refused or vanished
"""

from __future__ import annotations

from collections.abc import Sequence

from .diagnostics import Diagnostic, Severity, Span

# Nothing was found out about a package: the file or the server was not there, or is not what it should
# be. To a script that is another thing than a finding (exit code 1).
_NOT_THERE = frozenset({"MK402", "MK501", "MK802", "MK803", "MK804", "MK805", "MK806"})


class KitError(Exception):
    """Base of all errors on purpose; carries what a `Diagnostic` carries.

    message: what was found and what was expected; help: what to do; span: where;
    code: the stable `MK` code.
    """

    code = "MK900"
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        span: Span | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.span = span
        if code:
            self.code = code
        if code in _NOT_THERE:
            self.exit_code = 2

    def to_diagnostic(self) -> Diagnostic:
        """The same as a finding, for the report formats."""
        return Diagnostic(self.code, Severity.ERROR, self.message, self.span, self.help)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All that is wrong: several, where the error is about a file that was read to its end."""
        return (self.to_diagnostic(),)

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span and str(self.span) else ""
        return f"{where}{self.message}"


class UsageError(KitError):
    """Wrong arguments or a broken environment."""

    code = "MK901"
    exit_code = 2


class MissingDependencyError(UsageError):
    """Something optional is needed and not installed; `help` says how to get it."""

    code = "MK902"


class ConfigError(UsageError):
    """A project's configuration that cannot be used; every fault is in `findings`, the first one in front."""

    def __init__(self, faults: Sequence[Diagnostic]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(first.message + more, help=first.help, span=first.span, code=first.code)
        self.faults = tuple(faults)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        return self.faults


class GGUFError(KitError):
    """A file that is not a sound GGUF: names offset, value found and limit."""

    code = "MK401"


class SourceError(GGUFError):
    """A name that leads to no file: there is none, it may not be read, or its source fails or lies."""

    code = "MK480"
    exit_code = 2


class ModelfileError(KitError):
    """A Modelfile that Ollama's parser refuses. `line` counts from 1, None where Ollama names none."""

    code = "MK101"

    @property
    def line(self) -> int | None:
        """The line Ollama would point at."""
        return self.span.line if self.span else None


class PackageError(KitError):
    """A mkmodelfile.yaml or a family that cannot be used; every finding is in `diagnostics`."""

    code = "MK501"

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        span: Span | None = None,
        code: str | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message, help=help, span=span, code=code)
        self.diagnostics = diagnostics or (self.to_diagnostic(),)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        return self.diagnostics


class TemplateReferenceError(KitError):
    """A chat template that cannot be rendered the way Hugging Face would; has the template's line."""

    code = "MK210"


class GoTemplateError(KitError):
    """A Go template that does not parse or execute; the message is Go's own text.

    line, column: the place in the template that the message names. Lines count from 1; columns count
    bytes, from 0, as Go does. None where Go names none.
    """

    code = "MK203"

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        span: Span | None = None,
        code: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message, help=help, span=span, code=code)
        self.line = line
        self.column = column


class StoppedError(KitError):
    """A limit of the kit ended a rendering: that says nothing about the template or the conversation.

    Whoever takes other errors of a rendering for an answer (refused, cannot be rendered) lets this one pass.
    The base of `gotemplate.LimitError` and `huggingface.TemplateLimitError`.
    """


class PromptError(KitError):
    """A request that an Ollama server would answer with an error; `status` is the HTTP status."""

    code = "MK230"

    def __init__(self, message: str, *, status: int = 500, help: str = "") -> None:
        super().__init__(message, help=help)
        self.status = status


class EngineError(KitError):
    """The llama.cpp child process died, timed out or refused a file; `stderr` is what it wrote."""

    code = "MK710"

    def __init__(self, message: str, *, help: str = "", stderr: str = "", code: str | None = None) -> None:
        super().__init__(message, help=help, code=code)
        self.stderr = stderr


class ServerError(KitError):
    """An Ollama server failed, refused or vanished; `status` is its HTTP status, if it gave one."""

    code = "MK801"

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, help=help, code=code)
        self.status = status
