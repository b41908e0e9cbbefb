"""The language server: an editor's messages, answered by the languages. Only this file knows pygls.

What takes time (lint reads the headers of the files that are named) runs in one thread beside the loop that
answers, on the newest text alone. The server writes nothing and asks no network: an edit is the client's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import sys
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from ..core.common_start import common_length
from ..core.diagnostics import Severity
from ..core.errors import KitError, UsageError
from ..core.interrupts import instead_of_interrupt
from ..core.version import __version__
from ..ollama.versions import Target
from .answers import Choice, ChoiceKind, OpenFile, Place, Problem, Symbol, SymbolKind
from .document_text import DocumentText
from .languages import MAX_CHARACTERS, Language, language_of

# How long nothing has to be typed before a file is looked at.
QUIET_SECONDS = 0.2
# A message beyond this is a mistake of the client, and would fill the memory before it is read (CWE-770).
MAX_MESSAGE = 64 * 1024 * 1024
READ_BYTES = 1 << 16

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_KINDS: Mapping[ChoiceKind, types.CompletionItemKind] = {
    "keyword": types.CompletionItemKind.Keyword,
    "property": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "file": types.CompletionItemKind.File,
    "folder": types.CompletionItemKind.Folder,
    "field": types.CompletionItemKind.Field,
    "function": types.CompletionItemKind.Function,
    "variable": types.CompletionItemKind.Variable,
}
_SYMBOLS: Mapping[SymbolKind, types.SymbolKind] = {
    "instruction": types.SymbolKind.Property,
    "key": types.SymbolKind.Key,
    "template": types.SymbolKind.Function,
    "block": types.SymbolKind.Namespace,
}
# Typed where a list of choices is worth opening by itself.
TRIGGERS = [".", "$", " ", "/", ":", "{", '"']

Answer = TypeVar("Answer")


@dataclass
class _Open:
    """An open file. version: the client's number of its state."""

    language: Language
    path: Path | None
    text: DocumentText
    version: int | None
    waiting: asyncio.Task[None] | None = field(default=None, repr=False)


class _Protocol(LanguageServerProtocol):
    """pygls' own, without the folder that the client has open, which nobody here reads.

    pygls would take it apart, and has no answer to `initialize` where Python refuses the address.
    """

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """The answer to `initialize`."""
        params.root_uri = params.root_path = params.workspace_folders = None
        return (yield from super().lsp_initialize(params))


class Server:
    """One client's open files, and the answers about them.

    shut_down, told_to_exit: whether the client has asked for the one and said the other.
    """

    def __init__(self, pygls_server: LanguageServer) -> None:
        self._pygls = pygls_server
        self._files: dict[str, _Open] = {}
        self._target = ""
        self.shut_down = self.told_to_exit = False
        # One at a time: what is newer waits, and what is overtaken is not begun.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="lint")

    def close(self) -> None:
        """Ends the thread as soon as it has finished what it does."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    # -- files ---------------------------------------------------------------------------------------------

    def set_up(self, options: Any) -> None:
        """The client's options: `{"target": ">=0.30"}`, by themselves or under "mkmodelfile"."""
        if isinstance(options, dict) and isinstance(options.get("mkmodelfile"), dict):
            options = options["mkmodelfile"]
        target = options.get("target") if isinstance(options, dict) else None
        if not isinstance(target, str) or target.strip() == self._target:
            return
        try:
            Target.parse(target.strip() or "latest")
        except KitError as error:
            self._tell(f"mkmodelfile.target: {error.message}; {error.help}", types.MessageType.Warning)
            return
        self._target = target.strip()
        for uri in self._files:
            self._look_soon(uri)

    def opened(self, document: types.TextDocumentItem) -> None:
        """A file was opened."""
        path = _path_of(document.uri)
        name = path.name if path else document.uri.rpartition("/")[2]
        language = language_of(name, document.language_id)
        if language is None:
            return
        text = DocumentText(document.text, self._unit)
        self._files[document.uri] = _Open(language, path, text, document.version)
        self._look_soon(document.uri)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """A file was edited."""
        file = self._files.get(params.text_document.uri)
        if file is None:
            return
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                first, last = change.range.start, change.range.end
                file.text = file.text.replaced(
                    (first.line, first.character), (last.line, last.character), change.text
                )
            else:
                file.text = DocumentText(change.text, self._unit)
        file.version = params.text_document.version
        self._look_soon(params.text_document.uri)

    def saved(self, uri: str) -> None:
        """A file was saved: what stands beside it may have changed, such as a model or the configuration."""
        if uri in self._files:
            self._look_soon(uri)

    def closed(self, uri: str) -> None:
        """A file was closed: nothing is said about it any more."""
        file = self._files.pop(uri, None)
        if file is None:
            return
        if file.waiting is not None:
            file.waiting.cancel()
        self._pygls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    @property
    def _unit(self) -> str:
        encoding = self._pygls.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return str(getattr(encoding, "value", encoding))

    # -- findings ------------------------------------------------------------------------------------------

    def _look_soon(self, uri: str) -> None:
        """Looks at a file when nothing was typed for a moment."""
        file = self._files[uri]
        if file.waiting is not None:
            file.waiting.cancel()
        file.waiting = asyncio.get_running_loop().create_task(self._look(uri))

    async def _look(self, uri: str) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        file = self._files.get(uri)
        if file is None:
            return
        version, text = file.version, file.text
        if len(text.text) > MAX_CHARACTERS:
            found = [_too_large(text)]
        else:
            opened = self._open_file(file)
            found = await self._worked(lambda: file.language.problems(opened), [])
        if self._files.get(uri) is not file or file.version != version:
            return
        diagnostics = [self._diagnostic(problem, text) for problem in found]
        self._pygls.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, diagnostics, version)
        )

    async def _worked(self, work: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The result of work in the thread; what nobody foresaw is told to the client's log."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except (KitError, OSError, ValueError, RecursionError, MemoryError) as error:
            self._log(f"not looked at: {error}")
        except Exception as error:
            self._log(f"internal error: {type(error).__name__}: {error}; this is a bug in modelfile-kit")
            logging.getLogger(__name__).exception("while a file was looked at")
        return otherwise

    def _diagnostic(self, problem: Problem, text: DocumentText) -> types.Diagnostic:
        return types.Diagnostic(
            _range(problem.place, text),
            problem.message,
            _SEVERITIES[problem.severity],
            problem.code or None,
            types.CodeDescription(problem.uri) if problem.uri else None,
            "mkmodelfile",
        )

    # -- questions -----------------------------------------------------------------------------------------

    def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        """What is said about a place."""
        if (asked := self._asked(uri, position)) is None:
            return None
        file, text, offset = asked
        found = file.language.hover(self._open_file(file), offset)
        if found is None:
            return None
        return types.Hover(
            types.MarkupContent(types.MarkupKind.Markdown, found.text), _range(found.place, text)
        )

    def choices(self, uri: str, position: types.Position) -> types.CompletionList | None:
        """What can be written at the cursor."""
        if (asked := self._asked(uri, position)) is None:
            return None
        file, text, offset = asked
        found = file.language.choices(self._open_file(file), offset)
        items = [_item(choice, text, offset, number) for number, choice in enumerate(found)]
        return types.CompletionList(False, items)

    def symbols(self, uri: str) -> list[types.DocumentSymbol]:
        """The outline."""
        if (file := self._small(uri)) is None:
            return []
        text = file.text
        return [_symbol(symbol, text) for symbol in file.language.symbols(self._open_file(file))]

    def links(self, uri: str) -> list[types.DocumentLink]:
        """The files that are named."""
        if (file := self._small(uri)) is None:
            return []
        text = file.text
        return [
            types.DocumentLink(_range(link.place, text), from_fs_path(str(link.target.absolute())))
            for link in file.language.links(self._open_file(file))
        ]

    def definition(self, uri: str, position: types.Position) -> types.Location | None:
        """The file, or the place in the same file, that the name at a place means."""
        if (asked := self._asked(uri, position)) is None:
            return None
        file, text, offset = asked
        opened = self._open_file(file)
        place = file.language.definition(opened, offset)
        if place is not None:
            return types.Location(uri, _range(place, text))
        for link in file.language.links(opened):
            target = from_fs_path(str(link.target.absolute()))
            if link.place[0] <= offset <= link.place[1] and target is not None:
                start = types.Position(0, 0)
                return types.Location(target, types.Range(start, start))
        return None

    def formatted(self, uri: str) -> list[types.TextEdit] | None:
        """The edit that formats a file, none where it is formatted or cannot be."""
        if (file := self._small(uri)) is None:
            return None
        written = file.language.formatted(self._open_file(file))
        return None if written is None else _whole_edit(written, file.text)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The fixes of the findings in a range, and all fixes of the file."""
        uri = params.text_document.uri
        if (file := self._small(uri)) is None:
            return []
        text, version = file.text, file.version
        wanted = params.context.only
        first, last = params.range.start, params.range.end
        place = text.offset(first.line, first.character), text.offset(last.line, last.character)
        opened = self._open_file(file)
        found: list[types.CodeAction] = []
        if _is_wanted(types.CodeActionKind.QuickFix, wanted):
            none: list[Problem] = []
            fixes = await self._worked(lambda: file.language.fixes(opened, place), none)
            found += [self._fix(uri, fix, text, params.context.diagnostics) for fix in fixes]
        if _is_wanted(types.CodeActionKind.SourceFixAll, wanted):
            written = await self._worked(lambda: file.language.fixed(opened), None)
            if written is not None and written != text.text:
                edit = types.WorkspaceEdit({uri: _whole_edit(written, text)})
                title = "Apply all safe fixes (mkmodelfile lint --fix)"
                found.append(types.CodeAction(title, types.CodeActionKind.SourceFixAll, edit=edit))
        return found if file.version == version else []

    def _fix(self, uri: str, fix: Problem, text: DocumentText, shown: Any) -> types.CodeAction:
        edits = [types.TextEdit(_range(edit.place, text), edit.text) for edit in fix.fix]
        about = _range(fix.place, text)
        fixed = [d for d in shown if d.code == fix.code and d.range.start.line == about.start.line]
        return types.CodeAction(
            f"Fix {fix.code}: {fix.message}",
            types.CodeActionKind.QuickFix,
            fixed or None,
            is_preferred=True,
            edit=types.WorkspaceEdit({uri: edits}),
        )

    def _asked(self, uri: str, position: types.Position) -> tuple[_Open, DocumentText, int] | None:
        """An open file, its text, and the index of a position."""
        file = self._small(uri)
        if file is None:
            return None
        return file, file.text, file.text.offset(position.line, position.character)

    def _small(self, uri: str) -> _Open | None:
        """An open file that is no larger than what is looked at."""
        file = self._files.get(uri)
        return file if file and len(file.text.text) <= MAX_CHARACTERS else None

    def _open_file(self, file: _Open) -> OpenFile:
        return OpenFile(file.text.text, file.path, self._target)

    def _log(self, message: str) -> None:
        self._pygls.window_log_message(types.LogMessageParams(types.MessageType.Warning, message))

    def _tell(self, message: str, kind: types.MessageType) -> None:
        self._pygls.window_show_message(types.ShowMessageParams(kind, message))


def make_server() -> tuple[LanguageServer, Server]:
    """A server that answers once it is started."""
    pygls_server = LanguageServer("mkmodelfile", __version__, protocol_cls=_Protocol)
    server = Server(pygls_server)
    _follow(server, pygls_server)
    _answer(server, pygls_server)
    return pygls_server, server


def _follow(server: Server, pygls_server: LanguageServer) -> None:
    """What the client tells: its options, its files, its end."""
    feature = pygls_server.feature

    @feature(types.INITIALIZE)
    def initialized(params: types.InitializeParams) -> None:
        # pygls would keep a copy of each file, which nobody reads: it edits at many times the cost of ours.
        # Of an address that Python refuses (`file://[a`) it makes none, and the file would not be opened.
        workspace: Any = pygls_server.workspace
        workspace.put_text_document = _no_copy
        workspace.update_text_document = _no_copy
        workspace.remove_text_document = _no_copy
        server.set_up(params.initialization_options)

    @feature(types.SHUTDOWN)
    def shut_down(_params: None) -> None:
        server.shut_down = True

    @feature(types.EXIT)
    def told_to_exit(_params: None) -> None:
        server.told_to_exit = True

    @feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        server.set_up(params.settings)

    @feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.opened(params.text_document)

    @feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params)

    @feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.saved(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)


def _answer(server: Server, pygls_server: LanguageServer) -> None:
    """What the client asks."""
    feature = pygls_server.feature

    @feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        return server.hover(params.text_document.uri, params.position)

    @feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS))
    def choices(params: types.CompletionParams) -> types.CompletionList | None:
        return server.choices(params.text_document.uri, params.position)

    @feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return server.symbols(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
    def links(params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        return server.links(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> types.Location | None:
        return server.definition(params.text_document.uri, params.position)

    @feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return server.formatted(params.text_document.uri)

    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]

    @feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await server.actions(params)


def _no_copy(*_: object) -> None:
    """What pygls does with a file: nothing, since `Server` does it."""


class _Input:
    """Standard input that knows whether it has ended, and stops waiting when it is told to.

    The thread that waits for the client would otherwise keep the process alive after a signal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._told, self._tell = os.pipe()
        self._there = bytearray()
        self.ended = False

    def stop(self) -> None:
        """Who waits for the client has the end of the input instead."""
        os.write(self._tell, b"x")

    def readline(self) -> bytes:
        """A line, what is left of one at the end."""
        looked = 0
        while (end := self._there.find(b"\n", looked)) < 0:
            looked = len(self._there)
            if not self._more():
                break
        return self._take(end + 1 or len(self._there))

    def read(self, count: int) -> bytes:
        """So many bytes, fewer at the end. Raises UsageError for more than a message can have."""
        if count > MAX_MESSAGE:
            raise UsageError(
                f"the client announces a message of {count:,} bytes, expected at most {MAX_MESSAGE:,}",
                help="start the server again; docs/editors.md has the settings of editors",
            )
        while len(self._there) < count and self._more():
            pass
        return self._take(count)

    def _more(self) -> bool:
        if os.name != "nt":  # whose pipes cannot be waited for together; a signal ends a process there
            waits = [self._descriptor, self._told]
            if self._told in select.select(waits, [], [])[0]:
                return False
        data = os.read(self._descriptor, READ_BYTES)
        self._there += data
        self.ended = not data
        return bool(data)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._there[:count])
        del self._there[:count]
        return taken


def _ends_by(given: _Input) -> contextlib.AbstractContextManager[None]:
    # Raised anywhere in the loop, an interrupt can leave a lock of its threads taken.
    return instead_of_interrupt(given.stop) if os.name != "nt" else contextlib.nullcontext()


def run_on_stdio(*, debug: bool = False) -> int:
    """Serves one client on standard input and output, until it says so or goes away.

    debug: whether what is wrong with messages is told on stderr. Returns the exit code that the protocol asks
    for: 1 where a client ends the server without `shutdown`. Raises KeyboardInterrupt where a signal did.
    """
    if not debug:
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
    given, stdout = _Input(sys.stdin.fileno()), sys.stdout
    sys.stdout = sys.stderr  # a stray print would break the protocol
    pygls_server, server = make_server()
    try:
        # A copy, since pygls closes what it writes to.
        with os.fdopen(os.dup(stdout.fileno()), "wb") as answers, _ends_by(given):
            pygls_server.start_io(cast(BinaryIO, given), answers)
    finally:
        server.close()
        sys.stdout = stdout
    if not given.ended and not server.told_to_exit:
        raise KeyboardInterrupt  # for pygls it was an end like any other
    return 1 if server.told_to_exit and not server.shut_down else 0


def _path_of(uri: str) -> Path | None:
    """The path of a file on this machine, None for what an editor has not saved or has elsewhere."""
    try:
        path = to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:  # what begins as an IPv6 address and is none
        return None
    return Path(path) if path and "\0" not in path else None


def _too_large(text: DocumentText) -> Problem:
    message = (
        f"{len(text.text):,} characters are more than the {MAX_CHARACTERS:,} that are looked at here\n"
        "`mkmodelfile lint` reads larger files"
    )
    return Problem(text.line_range(0), Severity.INFO, "MK105", message)


def _range(place: Place, text: DocumentText) -> types.Range:
    return types.Range(types.Position(*text.position(place[0])), types.Position(*text.position(place[1])))


def _whole_edit(written: str, text: DocumentText) -> list[types.TextEdit]:
    """The edit that makes one text of another, as small as its beginning and end allow."""
    before = text.text
    if written == before:
        return []
    same = common_length(before, written)
    end = common_length(before[same:][::-1], written[same:][::-1])
    # Within a CR LF there is no position.
    if before[same - 1 : same] == "\r" or before[same : same + 1] == "\n":
        same = max(0, same - 1)
    stop = len(before) - end
    if before[stop - 1 : stop + 1] == "\r\n":
        end -= 1
        stop += 1
    return [types.TextEdit(_range((same, stop), text), written[same : len(written) - end])]


def _item(choice: Choice, text: DocumentText, offset: int, number: int) -> types.CompletionItem:
    # Only the line of the cursor may be replaced.
    place = choice.place if choice.place[0] <= offset <= choice.place[1] else (offset, offset)
    return types.CompletionItem(
        choice.label,
        kind=_KINDS[choice.kind],
        detail=choice.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, choice.about) if choice.about else None,
        sort_text=f"{number:04}",
        text_edit=types.TextEdit(_range(place, text), choice.text or choice.label),
    )


def _symbol(symbol: Symbol, text: DocumentText) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        symbol.name,
        _SYMBOLS[symbol.kind],
        _range(symbol.place, text),
        _range(symbol.name_place, text),
        symbol.detail or None,
        children=[_symbol(inner, text) for inner in symbol.inside],
    )


def _is_wanted(kind: types.CodeActionKind, wanted: Any) -> bool:
    """Whether the client asks for actions of a kind: by name, by one above it, or by asking for all."""
    names = [str(getattr(each, "value", each)) for each in wanted or ()]
    return wanted is None or any(kind.value == n or kind.value.startswith(f"{n}.") or not n for n in names)
