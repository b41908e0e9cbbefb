"""What is wrong with a model on a server: its files, how they fit, and what a repair would change."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.diagnostics import Diagnostic, Severity
from ..core.errors import GGUFError, KitError, PackageError, ServerError
from ..gguf_file import Header, read_header
from ..gguf_file.pairing import FileKind, check_pair, classify
from ..gguf_file.soundness import check_soundness
from ..publish.repair_plan import CANNOT, plan_repair
from ..publish.served_model import ServedModel
from ..runtime.ollama.client import OllamaServer

WOULD_CHANGE = "MK877"
NO_FORMAT = "MK876"


def examine_model(server: OllamaServer, name: str) -> tuple[Diagnostic, ...]:
    """What is found about a model without running it.

    Its files are looked at where the server keeps them on this machine. Raises ServerError where the server
    does not have the model.
    """
    served = ServedModel.from_show(name, server.show(name))
    return tuple(dict.fromkeys((*_format(served), *_files(served), *_repair(server, name))))


def _format(served: ServedModel) -> Iterator[Diagnostic]:
    if served.promptless:
        yield Diagnostic(
            NO_FORMAT,
            Severity.ERROR,
            f"{served.name} has no TEMPLATE, and its GGUF no chat template: a chat is sent as bare text",
            help="publish a package with `chat_template: FILE.jinja` of the original model; a base model "
            "that only completes text needs none",
        )


def _files(served: ServedModel) -> Iterator[Diagnostic]:
    headers: list[Header] = []
    for instruction, path in served.files:
        if instruction != "FROM":
            continue
        try:
            headers.append(read_header(path))
        except GGUFError as e:
            if path.exists():
                yield e.to_diagnostic()
            return  # of another machine: nothing is known of the files
    for header in headers:
        yield from check_soundness(header)
    model = next((h for h in headers if classify(h) is FileKind.MODEL), None)
    projector = next((h for h in headers if classify(h) is FileKind.PROJECTOR), None)
    if model is not None:
        yield from check_pair(model, projector)


def _repair(server: OllamaServer, name: str) -> Iterator[Diagnostic]:
    try:
        plan = plan_repair(server, name)
    except ServerError as error:
        # Why it cannot be compared is worth a word, and no fault of the model.
        severity = Severity.INFO if error.code == CANNOT else Severity.ERROR
        yield Diagnostic(error.code, severity, error.message, help=error.help)
        return
    except PackageError as error:
        yield from error.diagnostics
        return
    except KitError as error:
        yield error.to_diagnostic()
        return
    for change in plan.changes:
        yield Diagnostic(
            WOULD_CHANGE,
            Severity.WARNING,
            f"{change.instruction} of {name}: {change.why}",
            help=f"`mkmodelfile repair {name} --dry-run` shows what it would be; without the option it is "
            "given",
        )
