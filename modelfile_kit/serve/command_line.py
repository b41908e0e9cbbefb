"""A package as the options of the program that serves it, and what that program cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import PackageError, UsageError
from ..gguf_file.split import split_of
from .chat_template import with_first_messages
from .program import LLAMA_SERVER, Program

if TYPE_CHECKING:
    from ..building.build import Build
    from ..core.conversation import Message

NOT_SERVED = "MK882"
NO_GPU = "MK883"
NO_CHAT_TEMPLATE = "MK884"

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
DEFAULT_CONTEXT = 4096  # what the models of this kit are tried with; the whole context of a model may be 128k
ALL_LAYERS = 999  # more than any model has: llama.cpp takes that for all of them
TEMPLATE_FILE = "chat_template.jinja"

# PARAMETERs that llama-server takes as defaults of every request (common/arg.cpp).
_LLAMA_SERVER_OPTIONS = {
    "temperature": "--temp",
    "top_k": "--top-k",
    "top_p": "--top-p",
    "min_p": "--min-p",
    "typical_p": "--typical",
    "repeat_penalty": "--repeat-penalty",
    "repeat_last_n": "--repeat-last-n",
    "presence_penalty": "--presence-penalty",
    "frequency_penalty": "--frequency-penalty",
    "mirostat": "--mirostat",
    "mirostat_tau": "--mirostat-ent",
    "mirostat_eta": "--mirostat-lr",
    "seed": "--seed",
    "num_predict": "--n-predict",
    "num_keep": "--keep",
    "num_thread": "--threads",
    "num_batch": "--batch-size",
    "main_gpu": "--main-gpu",
}
_PYTHON_OPTIONS = {
    "seed": "--seed",
    "num_thread": "--n_threads",
    "num_batch": "--n_batch",
    "main_gpu": "--main_gpu",
}
_ELSEWHERE = ("num_ctx", "num_gpu", "stop")  # PARAMETERs that become something else than one option
# By kind of program: model, projector, context, layers, alias, parallel requests.
_NAMES = {
    LLAMA_SERVER: ("--model", "--mmproj", "--ctx-size", "--n-gpu-layers", "--alias", "--parallel"),
}
_PYTHON_NAMES = ("--model", "--clip_model_path", "--n_ctx", "--n_gpu_layers", "--model_alias", "")


@dataclass(frozen=True)
class ServeOptions:
    """What the user asks for; None takes the package's value, or the default.

    context: tokens that one request may have; gpu_layers: how many layers go to the GPU; parallel: how many
    requests are answered at a time; alias: the model's name for clients; key_file: a file with API keys, one
    a line.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    context: int | None = None
    gpu_layers: int | None = None
    parallel: int | None = None
    alias: str | None = None
    key_file: Path | None = None


@dataclass(frozen=True)
class Option:
    """One option of a command line. file: whether its value is the path of a file to be read."""

    name: str
    value: str = ""
    file: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """As the program gets it."""
        return (self.name, self.value) if self.value else (self.name,)


@dataclass(frozen=True)
class CommandLine:
    """What is run.

    options: all but the chat template's file; template: the text of that file, None where the GGUF's own is
    used. parts: the further files of a split model, which no option names. alias: the model's name for
    clients; stops, context: what it is told of them. findings: what the package has and this program does
    not do.
    """

    program: Program
    name: str
    host: str
    port: int
    alias: str
    context: int
    options: tuple[Option, ...]
    stops: tuple[str, ...] = ()
    template: str | None = None
    parts: tuple[Path, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    gpu: bool = False

    @property
    def url(self) -> str:
        """The address of its API for a client on this machine."""
        return url_of(self.host, self.port)

    def all_options(self, template: Path | str | None) -> tuple[Option, ...]:
        """With the chat template's file, once it has a place."""
        if self.template is None or template is None:
            return self.options
        return (*self.options, Option("--chat-template-file", str(template), file=True))

    def words(self, template: Path | str | None = None) -> list[str]:
        """The whole command line."""
        return [*self.program.command, *(w for o in self.all_options(template) for w in o.words)]


def url_of(host: str, port: int) -> str:
    """The address of the API for a client: a server on every address is asked on this machine's own."""
    shown = {"0.0.0.0": DEFAULT_HOST, "::": "::1", "": DEFAULT_HOST}.get(host, host)  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/v1"


def make_command_line(built: Build, program: Program, options: ServeOptions) -> CommandLine:
    """The command line for a built package.

    Raises PackageError where the package has no chat template that the program could use, UsageError for
    a program that does not know an option without which nothing works.
    """
    return _Maker(built, program, options).made()


@dataclass
class _Maker:
    built: Build
    program: Program
    asked: ServeOptions
    found: list[Diagnostic] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def made(self) -> CommandLine:
        built, asked = self.built, self.asked
        package, files = built.package, built.files
        template = self.template()
        context = asked.context or _whole(package.parameters.get("num_ctx")) or self.default_context()
        layers = asked.gpu_layers if asked.gpu_layers is not None else _layers(package.parameters)
        alias = asked.alias or package.name
        stops = tuple(built.plan.stops.texts)
        model, projector, ctx, gpu, name, parallel = _NAMES.get(self.program.kind, _PYTHON_NAMES)
        chosen = [
            *self.needed(model, str(files.model), file=True),
            *(self.needed(projector, str(files.projector), file=True) if files.projector else ()),
            *self.needed("--host", asked.host),
            *self.needed("--port", str(asked.port)),
            *self.needed(name, alias),
            # llama-server divides its context among the requests that it answers at a time
            *self.needed(ctx, str(context * (asked.parallel or 1))),
            *(self.wanted(parallel, str(asked.parallel)) if asked.parallel else ()),
            *(self.wanted(gpu, str(layers)) if layers is not None else ()),
            *self.of_kind(stops),
            *self.parameters(),
        ]
        self.leftovers(stops)
        split = split_of(files.header)
        return CommandLine(
            program=self.program,
            name=package.name,
            host=asked.host,
            port=asked.port,
            alias=alias,
            context=context,
            options=tuple(chosen),
            stops=stops,
            template=template,
            parts=tuple(split.parts[1:]) if split else (),
            findings=tuple(self.found),
            gpu=bool(layers),
        )

    def default_context(self) -> int:
        """Where neither the package nor the user says more: what the model can, at most 4096."""
        header = self.built.files.header
        can = header.metadata.get(f"{header.architecture}.context_length")
        return min(DEFAULT_CONTEXT, can) if isinstance(can, int) and can > 0 else DEFAULT_CONTEXT

    def template(self) -> str | None:
        """The text of the chat template's file; None for the GGUF's own."""
        built, package = self.built, self.built.package
        reference = built.reference
        if reference is None:
            raise PackageError(
                f"{self.program.kind} uses Jinja chat templates; this package has only a Go TEMPLATE",
                span=package.span("template"),
                help="name the model's chat template beside it (`chat_template: chat_template.jinja`)",
                code=NO_CHAT_TEMPLATE,
            )
        if package.template is not None:
            self.say(
                "the package's TEMPLATE is written by hand; llama-server renders the chat template instead",
                "`mkmodelfile check` shows where the two differ",
            )
        first: list[Message] = list(package.first_messages)
        system = built.plan.system
        if built.plan.system_in_first_turn:
            self.say(
                "the chat template refuses system messages, so the package's system text is not sent",
                "clients have to send it in the user's message",
            )
            system, first = "", []
        own = reference.origin == "gguf" and not system and not first
        if self.program.kind != LLAMA_SERVER:
            self.python_template(reference.origin, bool(system or first))
            return None
        return None if own else with_first_messages(reference.text, system, first)

    def python_template(self, origin: str, texts: bool) -> None:
        """llama-cpp-python's server takes the GGUF's chat template alone."""
        if origin != "gguf":
            raise PackageError(
                "llama-cpp-python's server uses the GGUF's chat template; the package names another one",
                span=self.built.package.span("chat_template"),
                help="install llama-server, which takes any (it comes with Ollama 0.30 and later)",
                code=NO_CHAT_TEMPLATE,
            )
        if texts:
            self.say(
                "llama-cpp-python's server cannot add the package's system text or messages",
                "clients have to send them with every request",
            )

    def of_kind(self, stops: Sequence[str]) -> Iterator[Option]:
        """What only one of the programs has."""
        if self.program.kind != LLAMA_SERVER:
            if self.built.files.projector:
                yield from self.needed("--chat_format", "mtmd")
            return
        yield from self.wanted("--jinja")
        yield from self.wanted("--offline")
        if self.asked.key_file is not None:
            yield from self.needed("--api-key-file", str(self.asked.key_file.absolute()), file=True)
        for stop in stops:
            # It reads escapes in them (common/arg.cpp, string_process_escapes).
            yield from self.wanted("--reverse-prompt", stop.replace("\\", "\\\\"))
        for adapter in self.built.package.adapters:
            yield from self.needed("--lora", str(adapter), file=True)

    def parameters(self) -> Iterator[Option]:
        """The package's sampling parameters and the like, as defaults of every request."""
        table = _LLAMA_SERVER_OPTIONS if self.program.kind == LLAMA_SERVER else _PYTHON_OPTIONS
        lost = []
        for key, value in self.built.package.parameters.items():
            if key in _ELSEWHERE:
                continue
            if key == "num_predict" and isinstance(value, int) and value < 0:
                continue  # no limit, which is the default
            if key in table and table[key] in self.program.options:
                yield Option(table[key], str(value))
            else:
                lost.append(f"{key} {value}")
        if lost:
            self.say(
                f"{self.program.kind} has no option for {', '.join(lost)}",
                "clients have to send them with every request, where its API takes them",
            )

    def leftovers(self, stops: Sequence[str]) -> None:
        """What the package says and nobody does."""
        package = self.built.package
        if self.unknown:
            self.say(
                f"this {self.program.kind} does not know {', '.join(self.unknown)}: left out",
                "a newer one does",
            )
        if stops and (self.program.kind != LLAMA_SERVER or "--reverse-prompt" in self.unknown):
            self.say(
                f"{self.program.kind} cannot be told the package's stops",
                f"clients have to send them with every request: stop={list(stops)}",
                Severity.WARNING,
            )
        if self.built.plan.additions:
            self.say(
                "`end_token` and `image.separator` are texts that only a Go TEMPLATE adds",
                "clients have to send them in their messages",
                Severity.WARNING,
            )
        if package.draft is not None:
            self.say("`draft` is not used here: answers are the same, only slower", "nothing to do")
        if package.quantize:
            self.say(
                f"`quantize: {package.quantize}` is what Ollama does on create; the file is served as it is",
                "quantize the file with llama-quantize, and name the result in `model:`",
            )

    def needed(self, name: str, value: str, *, file: bool = False) -> Iterator[Option]:
        """An option without which the package would not be what it is."""
        if name not in self.program.options:
            raise UsageError(
                f"{self.program} does not know {name}",
                help="update it, or name another one by --llama-server PATH",
                code=NOT_SERVED,
            )
        yield Option(name, value, file)

    def wanted(self, name: str, value: str = "") -> Iterator[Option]:
        """An option that is left out where the program does not know it."""
        if name in self.program.options:
            yield Option(name, value)
        elif (name or "--parallel") not in self.unknown:
            self.unknown.append(name or "--parallel")

    def say(self, message: str, help: str, severity: Severity = Severity.INFO) -> None:
        self.found.append(Diagnostic(NOT_SERVED, severity, message, help=help))


def gpu_finding(line: CommandLine) -> Diagnostic | None:
    """The warning where layers are asked for on a GPU and the program sees none."""
    if not line.gpu or line.program.has_gpu() is not False:
        return None
    return Diagnostic(
        NO_GPU,
        Severity.WARNING,
        "layers were asked for on a GPU, and this llama-server sees none: the model runs on the CPU",
        help=f"`{line.program.command[0]} --list-devices` shows what it sees; use a llama-server built for "
        "your GPU, and install the GPU's driver",
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _layers(parameters: Mapping[str, Any]) -> int | None:
    value = parameters.get("num_gpu")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
