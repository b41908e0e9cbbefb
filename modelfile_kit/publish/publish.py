"""Publishing: files up, model created under a working name, verified, and only then given its own name.

How the model is created, by the server's API or by `ollama create`, makes no difference to the rest.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.diagnostics import Diagnostic
from ..core.errors import ServerError, UsageError
from ..core.interrupts import terminated_as_interrupted
from ..core.listed import some
from ..core.numbers import told_count
from ..core.progress import Progress, Step
from ..gguf_file.pairing import FileKind
from ..ollama.parameters import PARAMETERS
from ..ollama.versions import Target, server_version
from ..runtime import error_texts
from ..runtime.ollama.client import OllamaServer
from ..runtime.ollama.program import OllamaProgram, find_ollama_command
from ..runtime.ollama.replies import RefusedError
from .blobs import Blob, digest_file, digests_in, upload
from .create_request import CreateRequest, file_kind
from .expectation import Expectation
from .keeping import keeping, previous_name, replacing
from .names import require_name
from .push import push_on, require_pushable
from .quantize_here import only_here, quantized_here
from .request_of import request_of
from .request_text import modelfile_of
from .reuse import LayerMemory, body_from_layers
from .served_model import ServedModel, differences
from .shared_store import shared_blobs
from .take_over import Leftover, clean, digest_of, end_engine, sweep, take_over, working_model
from .verify import VerifyReport, verify_on

if TYPE_CHECKING:
    from ..building.build import Build

SECOND_FROM_REFUSED = "MK807"
OTHER_SERVER = "MK816"
WAYS = ("api", "cli")
# The instructions (fields of `CreateRequest`) that not every server takes, and most ignore silently: the
# row of `ollama.versions.SINCE`.
_NEEDS = {
    "renderer": "renderer",
    "parser": "renderer",
    "requires": "requires",
    "drafts": "draft_files",
    "adapters": "lora_adapters",
}


class NotVerifiedError(ServerError):
    """The new model failed its verification, so the name still belongs to what had it before.

    report: every check with its outcome.
    """

    code = "MK814"

    def __init__(self, name: str, report: VerifyReport) -> None:
        failed = [c.name for c in report.checks if c.status == "fail"]
        super().__init__(
            f"{name} was not published: verification failed ({some(failed, 3)}); the server is unchanged",
            help="fix what the failed checks report, or publish all the same with `--anyway` (`force=True`)",
        )
        self.report = report


class NotPushedError(ServerError):
    """The model was published, and its registry did not take it; message and code are those of the push."""

    def __init__(self, error: ServerError, name: str, url: str) -> None:
        super().__init__(
            error.message,
            help=f"{error.help}; {name} is on {url} all the same: a push goes on from there, "
            f"`ollama rm {name}` removes it".removeprefix("; "),
            status=error.status,
            code=error.code,
        )


@dataclass(frozen=True)
class Published:
    """What a publish did.

    name, host, version: model, URL and version of the server; blobs: the files; reused: whether the
    server's layers were taken over instead of rewritten; unchanged: whether the server had exactly this
    already, so that nothing was (in a dry run: would be) done but the verification; request: the body of
    POST /api/create, with the model's own name; digest: of the manifest, empty after a dry run; removed:
    working names of killed publishes that were cleaned up; verified: the verification, None where there was
    none.
    command: the command line of `ollama create` where that created it (in a dry run: would). kept: the name
    under which the replaced model is, "" where none was kept. also: the further names that it has.
    """

    name: str
    host: str
    version: str
    blobs: tuple[Blob, ...] = ()
    reused: bool = False
    unchanged: bool = False
    request: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    dry_run: bool = False
    pushed: bool = False
    removed: tuple[str, ...] = ()
    verified: VerifyReport | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    command: tuple[str, ...] = ()
    kept: str = ""
    also: tuple[str, ...] = ()

    @property
    def uploaded_bytes(self) -> int:
        """How much went over the wire (in a dry run: would go)."""
        return sum(b.size for b in self.blobs if b.uploaded)


def publish(
    source: str | Path | CreateRequest | Build,
    name: str,
    *,
    host: str | None = None,
    dry_run: bool = False,
    push: bool = False,
    progress: Progress | None = None,
    reuse: bool = True,
    verify: bool = True,
    force: bool = False,
    cache_folder: Path | None = None,
    by: str = "api",
    ollama_command: str | None = None,
    keep_previous: bool = False,
    also: Sequence[str] = (),
    insecure: bool = False,
) -> Published:
    """Creates the model on the server; the one of that name stays as it was if anything goes wrong.

    The model is created under a working name, verified there, and only then takes over the real name.

    source: a Build, a Modelfile's path, or a CreateRequest; name: the model's name; host: as `OllamaServer`
    takes it;
    dry_run: hash the files and ask which are missing, but upload and create nothing; push: push the model
    to its registry afterwards; progress: told every step; reuse: take over what the server has already;
    verify: hold the new model to what its source says before it gets its name; force: give it the name
    even if verification fails; cache_folder: where digests are remembered; by: "api", or "cli" to have the
    program `ollama` create it; ollama_command: that program, as `find_ollama_command` takes it.
    insecure: the registry of a push speaks plain HTTP. A push is checked before anything is done
    (`push.require_pushable`).
    keep_previous: the model that is replaced stays as TAG-previous (`keeping.roll_back` takes it back).
    also: further names that the model gets once it has its own, and that are pushed with it.
    Ctrl-C, SIGTERM and SIGHUP are safe at any time; what kill -9 leaves, the next publish removes.

    Raises NotVerifiedError, which carries the report, where verification fails; NotPushedError where only the
    push failed; ServerError, UsageError or ModelfileError for everything else, each with what to do.
    """
    for each in (name, *also):
        require_name(each)
    require_way(by, ollama_command)
    request = request_of(source, progress)
    with OllamaServer(host) as server:
        program = None
        if by == "cli":
            command = find_ollama_command(server.url, ollama_command)
            program = OllamaProgram(command, server.url, patience=server.patience)
        for each in (name, *also) if push else ():
            require_pushable(server, each, insecure=insecure)
        run = _Run(server, request, name, progress, cache_folder, program, _folder_of(source, request))
        if dry_run:
            return run.rehearse(reuse=reuse)
        meant = _expectation_of(source, request) if verify else None
        with terminated_as_interrupted():
            done = run.create(reuse=reuse, meant=meant, force=force, keep_previous=keep_previous)
            for other in also:
                run.name_too(other, keep_previous=keep_previous)
        for each in (name, *also) if push else ():
            _push(server, each, done.digest, insecure=insecure, progress=progress)
        return replace(done, also=tuple(also), pushed=push)


def _push(server: OllamaServer, name: str, digest: str, *, insecure: bool, progress: Progress | None) -> None:
    """Pushes the model that was published: a server pushes whatever has the name."""
    try:
        push_on(server, name, insecure=insecure, progress=progress)
    except ServerError as error:
        raise NotPushedError(_replaced(server, name, digest) or error, name, server.url) from error
    if (other := _replaced(server, name, digest)) is not None:
        raise NotPushedError(other, name, server.url)


def _replaced(server: OllamaServer, name: str, digest: str) -> ServerError | None:
    """The error where another publish has taken the name; None also where the server does not say."""
    try:
        there = digest_of(server, name)
    except ServerError:
        return None
    if not digest or there == digest:
        return None
    return ServerError(
        f"another publish replaced {name} on {server.url} while it was pushed: its registry may have the "
        "other model, or neither",
        help="push again when no other publish of this name runs",
        code="MK811",
    )


def clean_up(host: str | None = None) -> list[Leftover]:
    """Removes what killed publishes left on a server, as the next publish would.

    Every working name that is there, also those of a publish that still runs, which stay.
    """
    with OllamaServer(host) as server:
        return clean(server)


def require_way(by: str, ollama_command: str | None) -> None:
    """Raises UsageError for a way to create a model that there is not, and for a command without its way."""
    if by not in WAYS:
        raise UsageError(f"a model is created by {' or '.join(WAYS)}, not by {by!r}", help="leave `by` out")
    if ollama_command is not None and by != "cli":
        raise UsageError(
            "a command for `ollama` is given, and the model is created by the API, which needs none",
            help='add --by cli (`by="cli"`), or leave --ollama-command out',
        )


def _folder_of(source: str | Path | CreateRequest | Build, request: CreateRequest) -> Path:
    """Where the Modelfile for `ollama create` is written: a folder that a container with the files sees."""
    if isinstance(source, (str, Path)):
        return Path(source).absolute().parent
    if not isinstance(source, CreateRequest):
        return source.package.folder
    return request.files[0].path.absolute().parent if request.files else Path.cwd()


def _expectation_of(source: str | Path | CreateRequest | Build, request: CreateRequest) -> Expectation:
    if isinstance(source, (str, Path, CreateRequest)):
        return Expectation.from_request(request)
    return Expectation.from_build(source)


class _Run:
    """One publish."""

    def __init__(
        self,
        server: OllamaServer,
        request: CreateRequest,
        name: str,
        progress: Progress | None,
        cache_folder: Path | None,
        program: OllamaProgram | None,
        folder: Path,
    ) -> None:
        self.program = program
        self.folder = folder
        self.server = server
        self.request = request
        self.name = name
        self.progress = progress
        self.digests = digests_in(cache_folder)
        self.layers = LayerMemory(cache_folder / "layers" if cache_folder else None)
        self.version = self._check_version()
        self.blobs: tuple[Blob, ...] = ()

    def rehearse(self, *, reuse: bool) -> Published:
        """Everything short of changing the server."""
        self._hash()
        unchanged = reuse and self._is_there_already()
        if not unchanged:
            self._ask_for_blobs()
        command = () if unchanged else self._command_line(Path("Modelfile"))
        return self._published(dry_run=True, reused=unchanged, unchanged=unchanged, command=command)

    def create(
        self, *, reuse: bool, meant: Expectation | None, force: bool, keep_previous: bool = False
    ) -> Published:
        """Uploads, creates, verifies, and takes the name over; meant: None leaves the verification out."""
        self._hash()
        removed = tuple(sweep(self.server))
        if reuse and self._is_there_already():
            verified = self._verified(self.name, meant, force)
            digest = digest_of(self.server, self.name) or ""
            return self._published(
                digest=digest, reused=True, unchanged=True, removed=removed, verified=verified
            )
        with working_model(self.server, self.name) as temporary:
            reused = reuse and self.program is None and self._create_from_layers(temporary)
            if not reused:
                self._create_from_files(temporary)
            end_engine(self.server, temporary)
            verified = self._verified(temporary, meant, force)
            with self._keeping(temporary, self.name, wanted=keep_previous) as kept:
                digest = take_over(self.server, temporary, self.name)
        command = self._command_line(Path("Modelfile"))
        return self._published(
            digest=digest, reused=reused, removed=removed, verified=verified, command=command, kept=kept
        )

    @contextlib.contextmanager
    def _keeping(self, temporary: str, name: str, *, wanted: bool) -> Iterator[str]:
        """Keeps the model that is about to lose the name; gives its own, "" where nothing is replaced."""
        with replacing(self.server, name) if wanted else contextlib.nullcontext():
            replaced = digest_of(self.server, name) if wanted else None
            if replaced is None or replaced == digest_of(self.server, temporary):
                yield ""
                return
            with keeping(self.server, name, previous_name(name)) as kept:
                yield kept

    def name_too(self, other: str, *, keep_previous: bool) -> None:
        """Gives the model that has its name another one."""
        with self._keeping(self.name, other, wanted=keep_previous):
            take_over(self.server, self.name, other)

    def _verified(self, name: str, meant: Expectation | None, force: bool) -> VerifyReport | None:
        """The verification of the model under that name; raises where it fails, unless forced."""
        if meant is None:
            return None
        report = verify_on(self.server, name, expectation=meant, progress=self.progress)
        if not report.ok and not force:
            raise NotVerifiedError(self.name, report)
        return report

    def tell(self, stage: str, part: Mapping[str, Any]) -> None:
        """Hands a progress object of the server on."""
        if self.progress:
            done, total = (told_count(part.get(k)) for k in ("completed", "total"))
            self.progress(Step(stage, str(part.get("status") or ""), done, total))

    def _check_version(self) -> str:
        version = self.server.require("create_files", "creating a model from files")
        for part, feature in _NEEDS.items():
            if getattr(self.request, part):
                name = part if part == "requires" else part.removesuffix("s")
                self.server.require(feature, f"{name.upper()} in a Modelfile")
        for parameter in self.request.parameters:
            if feature := PARAMETERS[parameter].feature:
                self.server.require(feature, f"PARAMETER {parameter} in a Modelfile")
        return version

    def _hash(self) -> None:
        self.blobs = self._hashed(self.request)

    def _hashed(self, request: CreateRequest) -> tuple[Blob, ...]:
        blobs = []
        for file in request.local_files:
            digest, known = digest_file(file.path, progress=self.progress, cache=self.digests)
            blobs.append(Blob(file.path, file.name, digest, file.path.stat().st_size, known))
        return tuple(blobs)

    def _create_from_layers(self, temporary: str) -> bool:
        """Builds on the layers of the model that has the name; False where that cannot be done exactly."""
        existing = self._with_same_layers()
        body = body_from_layers(self.request, existing, self.name, temporary) if existing else None
        if existing is None or body is None:
            return False
        try:
            self.server.create(body, lambda part: self.tell("create", part))
        except RefusedError:
            return False  # the way by files says what is wrong, if anything is
        made = self._served(temporary)
        if made.layers != existing.layers or not self._is_as_meant(made):
            return False
        self.blobs = tuple(replace(b, uploaded=False) for b in self.blobs)
        return True

    def _is_there_already(self) -> bool:
        """Whether the model of that name is, to the last parameter, the one that is to be published."""
        existing = self._with_same_layers()
        if existing is None or not self.request.template or not self._is_as_meant(existing):
            return False
        self.blobs = tuple(replace(b, uploaded=False) for b in self.blobs)
        return True

    def _with_same_layers(self) -> ServedModel | None:
        """The model that has the name, if its layers are what these files became."""
        layers = self.layers.get(self.blobs, self.request.quantize) if self.blobs else None
        if not layers:
            return None
        try:
            existing = self._served(self.name)
        except RefusedError:
            return None
        return existing if existing.layers == layers else None

    def _is_as_meant(self, served: ServedModel) -> bool:
        """Whether nothing is missing, other, or more than was asked for."""
        request = self.request
        more = {k for k, v in served.parameters.items() if v != [] and k not in request.parameters}
        same = (
            served.license == "\n".join(request.licenses),
            served.requires == request.requires,
            (served.renderer, served.parser) == (request.renderer, request.parser),
        )
        return all(same) and not more and not self._unlike(served)

    def _create_from_files(self, temporary: str) -> None:
        try:
            with self._to_send() as (request, blobs):
                if self.program is None:
                    self._create_by_api(temporary, request, blobs)
                else:
                    self._create_by_program(self.program, temporary, request, blobs)
        except RefusedError as e:
            raise self._explained(e) from e
        made = self._served(temporary)
        self._check_projector(made)
        if wrong := self._unlike(made):
            raise ServerError(
                f"the server said success, but what it holds is not what was sent: {wrong[0].message}",
                help=wrong[0].help,
                code="MK811",
            )
        if self.blobs and made.layers:
            self.layers.put(self.blobs, made.layers, self.request.quantize)

    @contextlib.contextmanager
    def _to_send(self) -> Iterator[tuple[CreateRequest, tuple[Blob, ...]]]:
        """The request and its files; a model that this server does not quantize is quantized before."""
        able = Target(server_version(self.version)).has("gguf_quantize")
        if self.request.quantize is None or (able and not only_here(self.request)):
            yield self.request, self.blobs
            return
        with quantized_here(self.request, self.server.url, self.progress) as request:
            yield request, self._hashed(request)

    def _create_by_api(self, temporary: str, request: CreateRequest, blobs: tuple[Blob, ...]) -> None:
        folder = lru_cache(lambda: shared_blobs(self.server))  # asked for only where something is missing
        sent = tuple(
            replace(b, uploaded=upload(self.server, b, progress=self.progress, folder=folder)) for b in blobs
        )
        self._note(sent)
        body = request.body(temporary, {b.path: b.digest for b in sent})
        self.tell("create", {"status": self.name})
        self.server.create(body, lambda part: self.tell("create", part))

    def _note(self, sent: tuple[Blob, ...]) -> None:
        """What was sent, told as what became of the package's own files."""
        self.blobs = tuple(replace(b, uploaded=s.uploaded) for b, s in zip(self.blobs, sent, strict=True))

    def _create_by_program(
        self, program: OllamaProgram, temporary: str, request: CreateRequest, blobs: tuple[Blob, ...]
    ) -> None:
        self._note(tuple(replace(b, uploaded=not self.server.has_blob(b.digest)) for b in blobs))
        sizes = {b.digest: b for b in blobs}

        def told(status: str, percent: int, digest: str) -> None:
            if self.progress and (blob := sizes.get(digest)):
                self.progress(Step("upload", blob.path.name, blob.size * percent // 100, blob.size))
            elif self.progress and not digest:
                self.progress(Step("create", status))

        self.tell("create", {"status": self.name})
        patterns = Target(server_version(self.version)).may_have("from_glob")
        text = modelfile_of(request, patterns=patterns)
        with _written_beside(self.folder, text) as modelfile:
            program.create(temporary, modelfile, quantize=request.quantize, told=told)
        if not self.server.exists(temporary):
            program.remove(temporary)
            raise ServerError(
                f"`{shlex.join(program.command)} create` succeeded, and {self.server.url} does not have the "
                "model: the command talks to another server",
                help="set OLLAMA_HOST in --ollama-command, or --host, so that both are the same server",
                code=OTHER_SERVER,
            )

    def _ask_for_blobs(self) -> None:
        self.blobs = tuple(replace(b, uploaded=not self.server.has_blob(b.digest)) for b in self.blobs)

    def _command_line(self, modelfile: Path) -> tuple[str, ...]:
        if self.program is None:
            return ()
        return self.program.create_line(self.name, modelfile, self.request.quantize)

    def _served(self, name: str) -> ServedModel:
        return ServedModel.from_show(name, self.server.show(name))

    def _unlike(self, made: ServedModel) -> list[Diagnostic]:
        """What did not arrive. An unused TEMPLATE did arrive; `verify` speaks about that."""
        request = self.request
        if request.from_model:
            return []  # what the base model brings is part of the result
        # Create adds stops of its own for some models: what was asked for must be there, more may be.
        kept = {k: v for k, v in made.parameters.items() if k in request.parameters}
        found = differences(
            replace(made, parameters=kept),
            template=request.template,
            system=request.system or "",
            parameters=request.parameters,
            messages=request.messages,
            renderer=request.renderer,
            parser=request.parser,
            requires=request.requires,
            quantization=request.quantize,
            adapters=len(request.adapters),
            drafts=len(request.drafts),
        )
        arrived = request.template is not None and request.template in str(made.raw.get("modelfile"))
        return [d for d in found if not (d.code == "MK201" and arrived)]

    def _check_projector(self, made: ServedModel) -> None:
        """A server that took only one of the files says success all the same."""
        if self.request.from_model or made.has_projector or "vision" in made.capabilities:
            return
        projectors = [f for f in self.request.files if file_kind(f.path) is FileKind.PROJECTOR]
        if projectors and len(self.request.files) > len(projectors):
            raise ServerError(
                f"the server took the model and dropped the projector {projectors[0].path.name}: "
                "images would not work",
                help=f"Ollama {self.version} does not take a second FROM; update it to 0.30 or later",
                code=SECOND_FROM_REFUSED,
            )

    def _explained(self, error: RefusedError) -> ServerError:
        known = error_texts.reason(error.detail)
        if known is None or known.code != SECOND_FROM_REFUSED or len(self.request.files) < 2:
            return error
        return ServerError(
            f"the Ollama {self.version} at {self.server.url} refuses a second FROM, which carries the "
            f"projector: {error.detail}",
            help=f"{known.step}; without its projector the model cannot see images",
            status=error.status,
            code=SECOND_FROM_REFUSED,
        )

    def _published(self, **known: Any) -> Published:
        body = self.request.body(self.name, {b.path: b.digest for b in self.blobs})
        return Published(
            name=self.name,
            host=self.server.url,
            version=self.version,
            blobs=self.blobs,
            request=body,
            diagnostics=self.request.diagnostics,
            **known,
        )


@contextlib.contextmanager
def _written_beside(folder: Path, text: str) -> Iterator[Path]:
    """A file with this text in the folder, or in the system's own where that cannot be written; then gone."""
    prefix, suffix = ".mkmodelfile-", ".Modelfile"
    try:
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=folder)
    except OSError:
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=suffix)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
