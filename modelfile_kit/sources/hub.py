"""Hugging Face's hub, and whatever speaks its API (HF_ENDPOINT).

huggingface_hub lists the files and knows the token and the cache's layout; its HTTP client is replaced by the
kit's own, so that deadlines hold and the token goes to the hub alone. Files are read and fetched by the kit,
into huggingface_hub's own cache, where every program that uses it finds them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..core.api_keys import require_private, require_sendable
from ..core.diagnostics import Span
from ..core.errors import MissingDependencyError, SourceError, UsageError
from ..core.files import MAX_TEXT_BYTES, write_atomically
from ..core.http_client import Budget, open_transport, under
from ..core.urls import hide_logins, origin, shown_url
from .byte_source import HEADER_SECONDS, READ_SECONDS, FileSource, HTTPSource, Source
from .download import download
from .name import HUB, HUB_ENDPOINT, Name, hub_endpoint, require_hub_endpoint
from .repository import (
    COMMIT,
    GATED,
    MAX_FILES,
    NOT_THERE,
    RATE_LIMITED,
    UNREACHABLE,
    RepositoryFile,
    Told,
    is_sound_path,
)

if TYPE_CHECKING:
    import httpx

MAIN = "main"
_ON = frozenset({"1", "on", "yes", "true"})
_PROGRAMS = "/api/agent-harnesses"
COMMIT_SECONDS = 300.0
"""Silence that is borne while something is sent: the hub checks large files before it answers."""
MAX_ANSWERS = 1_000
"""To one question: each page of a list names the next, and the hub's have a thousand files."""


class HubRepository:
    """A model's repository on the hub (`repository.Repository`)."""

    def __init__(self, name: Name) -> None:
        """name: of kind "hub". Raises MissingDependencyError without huggingface_hub."""
        self.name = name
        self._library = _library()
        self._endpoint = require_hub_endpoint()
        self._asked = name.revision or MAIN

    @property
    def title(self) -> str:
        return f"hf.co/{self.name.repository}"

    @cached_property
    def offline(self) -> bool:
        """Whether only the cache is read: HF_HUB_OFFLINE says so."""
        return (os.environ.get("HF_HUB_OFFLINE") or "").lower() in _ON

    @property
    def revision(self) -> str:
        return self._state[0]

    def files(self) -> tuple[RepositoryFile, ...]:
        return self._state[1]

    @property
    def from_cache(self) -> str:
        """Why only what the cache has is known of the repository; "" where the hub was asked."""
        return self._state[2]

    def settle(self, revision: str, files: Sequence[RepositoryFile]) -> None:
        self._state = (revision, tuple(files), "HF_HUB_OFFLINE is set" if self.offline else "")

    def open(
        self, file: RepositoryFile, start: int = 0, *, to_end: bool = False, end: int | None = None
    ) -> Source:
        here = self.local(file)
        if here is not None:
            return FileSource(here, start)
        if self.from_cache:
            raise self._not_in_cache(f"{file.path} is not in the cache")
        return HTTPSource(
            self._address(file),
            name=f"{self.title}/{file.path}",
            start=start,
            end=end,
            to_end=to_end,
            promised=file.size,
            key=self._token,
            refusal=lambda status, headers: self.refusal(status, headers, file.path),
        )

    def place(self, file: RepositoryFile) -> Path:
        return self._snapshot / file.path

    def local(self, file: RepositoryFile) -> Path | None:
        place = self.place(file)
        if not place.is_file() and (blob := self._blob(file)) is not None and blob.is_file():
            _link(place, blob)
        return place if place.is_file() else None

    def fetch(self, file: RepositoryFile, told: Told | None = None) -> Path:
        if (here := self.local(file)) is not None:
            return here
        if self.from_cache:
            raise self._not_in_cache(f"{file.path} is not in the cache")
        blob = self._blob(file)
        download(
            lambda start, end=None: self.open(file, start, to_end=True, end=end),
            blob or self.place(file),
            file,
            title=f"{self.title}/{file.path}",
            told=told,
        )
        if blob is not None:
            _link(self.place(file), blob)
        self._remember_revision()
        return self.place(file)

    # -- the cache -----------------------------------------------------------------------------------------

    @cached_property
    def _folder(self) -> Path:
        return cache_folder() / f"models--{self.name.repository.replace('/', '--')}"

    @property
    def _snapshot(self) -> Path:
        return self._folder / "snapshots" / self.revision

    def _blob(self, file: RepositoryFile) -> Path | None:
        return self._folder / "blobs" / file.etag if file.etag.isalnum() else None

    def _remember_revision(self) -> None:
        if self._asked == self.revision:
            return
        reference = self._folder / "refs" / self._asked
        reference.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(reference, self.revision.encode("ascii"))

    def _cached(self) -> tuple[str, tuple[RepositoryFile, ...]] | None:
        """What the cache has of the revision that was asked for."""
        revision = self._asked
        if not self.name.is_commit:
            try:
                revision = (self._folder / "refs" / self._asked).read_text(encoding="ascii").strip()
            except (OSError, ValueError):
                return None
        folder = self._folder / "snapshots" / revision
        found = (
            sorted(path for path in folder.rglob("*") if path.is_file()) if COMMIT.fullmatch(revision) else []
        )
        files = tuple(RepositoryFile(p.relative_to(folder).as_posix(), p.stat().st_size) for p in found)
        return (revision, files) if files else None

    # -- asking the hub ------------------------------------------------------------------------------------

    @cached_property
    def _state(self) -> tuple[str, tuple[RepositoryFile, ...], str]:
        """Revision, files, and why these are the cache's alone ("" where they are the hub's)."""
        cached = self._cached()
        if self.offline:
            if cached is None:
                raise self._not_in_cache("is not in the cache")
            return (*cached, "HF_HUB_OFFLINE is set")
        wanted = self.name.file
        if cached is not None and self.name.is_commit and wanted in {f.path for f in cached[1]}:
            return (*cached, "this commit is in the cache")
        try:
            return (*self._ask(), "")
        except SourceError as e:
            if cached is None or e.code != UNREACHABLE:
                raise
            return (*cached, "the hub cannot be reached")

    def _ask(self) -> tuple[str, tuple[RepositoryFile, ...]]:
        library = self._library
        with _asking(self):
            api = library.HfApi(endpoint=self._endpoint, token=self._token or False)
            info = api.model_info(self.name.repository, revision=self.name.revision or None)
            revision = str(info.sha or "")
            if not COMMIT.fullmatch(revision):
                raise ValueError("no commit")
            files: list[RepositoryFile] = []
            listed = api.list_repo_tree(self.name.repository, recursive=True, revision=revision)
            for number, entry in enumerate(listed):
                if (file := _file(entry)) is not None:
                    files.append(file)
                if number >= MAX_FILES:
                    raise self._error(
                        f"lists more than {MAX_FILES:,} files", "name a file of it by its address", NOT_THERE
                    )
        return revision, tuple(sorted(files, key=lambda file: file.path))

    @cached_property
    def _token(self) -> str:
        token = str(self._library.get_token() or "").strip()
        require_sendable(token, "the token for the hub (HF_TOKEN, or of `hf auth login`)")
        return token

    def _address(self, file: RepositoryFile) -> str:
        return f"{self._endpoint}/{self.name.repository}/resolve/{self.revision}/{quote(file.path)}"

    # -- what went wrong -----------------------------------------------------------------------------------

    def refusal(self, status: int, headers: Mapping[str, str], path: str = "") -> SourceError:
        """Why the hub refuses, by its status and its headers X-Error-Code and X-Error-Message."""
        said, name = headers.get("X-Error-Code", ""), self.name.repository
        page = f"{HUB_ENDPOINT}/{name}"
        log_in = "log in with `hf auth login`, or set HF_TOKEN"
        if status == 429:
            seconds = headers.get("Retry-After", "")
            wait = f"; it says to wait {seconds} s" if seconds.isdigit() and len(seconds) < 6 else ""
            advice = "wait, then try again" + (
                "" if self._token else f"; who is logged in may ask more often: {log_in}"
            )
            return self._error(f"the hub has had too many requests from here{wait}", advice, RATE_LIMITED)
        if said == "GatedRepo":
            what = "is gated: its owner lets in only those who ask"
            if self._token:
                return self._error(
                    f"{what}, and this token's owner did not", f"ask on {page}, then try again", GATED
                )
            return self._error(what, f"ask on {page}, then {log_in}", GATED)
        if said == "RevisionNotFound":
            what = f"has no revision {self._asked!r}"
            return self._error(
                what, f"{page} lists its branches and tags; leave it out for the newest", NOT_THERE
            )
        if said == "EntryNotFound":
            return self._error(
                f"has no file {path!r}", f"{page}/tree/{self._asked} lists its files", NOT_THERE
            )
        if headers.get("X-Error-Message", "") == "Access to this resource is disabled.":
            return self._error("was closed by the hub", f"{page} may say why", NOT_THERE)
        if said == "RepoNotFound" or status in (401, 403, 404):
            if self._token:
                advice = "check the name; a private one needs a token (HF_TOKEN) that may read it"
            else:
                advice = f"check the name; for a private one {log_in}"
            # The hub answers the same to both, so that nobody learns which private ones there are.
            return self._error("does not exist on the hub, or is private", advice, NOT_THERE)
        if status >= 500:
            return self._error(f"the hub fails: HTTP {status}", "try again later", UNREACHABLE)
        return self._error(f"the hub refuses: HTTP {status}", "check the name", NOT_THERE)

    def no_hub(self) -> SourceError:
        """The error where an answer is none of the hub's API."""
        what = f"{shown_url(self._endpoint)} answers otherwise than the hub does"
        return self._error(what, "check HF_ENDPOINT", UNREACHABLE)

    def endless(self) -> SourceError:
        """The error where each answer names one more without end."""
        what = f"{shown_url(self._endpoint)} answers one question with more than {MAX_ANSWERS:,} pages"
        return self._error(f"{what}, each of which names the next", "check HF_ENDPOINT", UNREACHABLE)

    def unreachable(self, error: BaseException) -> SourceError:
        """The error where there is no connection."""
        reason = hide_logins(str(error)) or type(error).__name__
        return self._error(
            f"{shown_url(self._endpoint)} cannot be reached: {reason}",
            "check the connection and HF_ENDPOINT; what is in the cache works without it",
            UNREACHABLE,
        )

    def _not_in_cache(self, what: str) -> SourceError:
        why = "HF_HUB_OFFLINE is set" if self.offline else "the hub cannot be reached"
        return self._error(f"{what}, and {why}", "fetch it while there is a connection", UNREACHABLE)

    def _error(self, what: str, advice: str, code: str) -> SourceError:
        return SourceError(what, span=Span(self.title), help=advice, code=code)


def repositories_of(owner: str) -> list[str]:
    """ORG/REPO of every repository of an owner that has GGUF files, by name.

    Raises SourceError as `HubRepository` does, MK481 where there are none; MissingDependencyError without the
    extra `hub`.
    """
    asked = HubRepository(Name(f"hf.co/{owner}", HUB, repository=owner))
    with _asking(asked):
        api = asked._library.HfApi(endpoint=asked._endpoint, token=asked._token or False)
        found = [str(model.id) for model in api.list_models(author=owner, filter="gguf")]
    if not found:
        raise SourceError(
            "has no repositories with GGUF files that can be seen",
            span=Span(asked.title),
            help=f"check the owner's name on {HUB_ENDPOINT}/{owner}; private ones need a token (HF_TOKEN)",
            code=NOT_THERE,
        )
    return sorted(found)


def file_address(name: Name) -> str:
    """The address of a file that a name of the hub says."""
    revision = quote(name.revision or MAIN, safe="")
    return f"{hub_endpoint()}/{name.repository}/resolve/{revision}/{quote(name.file)}"


def cache_folder() -> Path:
    """The folder of huggingface_hub's cache, as it finds it: HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME."""
    environment = os.environ
    if given := environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given).expanduser()
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(environment.get("HF_HOME") or f"{base}/huggingface").expanduser() / "hub"


def _library() -> ModuleType:
    try:
        import huggingface_hub
    except ImportError as e:
        raise MissingDependencyError(
            "names of Hugging Face's hub need the package huggingface_hub",
            help="`pip install 'modelfile-kit[hub]'`; without it, give a file's address with /resolve/",
        ) from e
    return huggingface_hub


def _file(entry: Any) -> RepositoryFile | None:
    """An entry of the list as a file, None for a folder."""
    size, lfs = getattr(entry, "size", None), getattr(entry, "lfs", None)
    path = str(getattr(entry, "path", ""))
    if not isinstance(size, int) or size < 0 or not is_sound_path(path):
        return None
    digest = str(getattr(lfs, "sha256", "") or "")
    etag = digest or str(getattr(entry, "blob_id", "") or "")
    return RepositoryFile(path, size, f"sha256:{digest}" if digest else "", etag)


def _link(place: Path, blob: Path) -> None:
    """The snapshot's name for a blob; a copy's work is spared where links are not possible by moving it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        place.unlink()
    try:
        place.symlink_to(os.path.relpath(blob, place.parent))
    except FileExistsError:
        return
    except OSError:
        blob.replace(place)


# -- the library's client ------------------------------------------------------------------------------------


class RefusedError(Exception):
    """The hub refuses in a way after which the library would ask on and on."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class _KitClient:
    """While at least one thread asks, huggingface_hub sends its requests through the kit's client.

    The library has one client for the whole process; what it had before is put back afterwards.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self.sending = 0
        self._before: Any = None

    def __enter__(self) -> ModuleType:
        library = importlib.import_module("huggingface_hub.utils._http")
        http: ModuleType = getattr(library, "httpx2", None) or library.httpx
        with self._lock:
            self._count += 1
            if self._count == 1:
                own = getattr(library, "_GLOBAL_CLIENT_FACTORY", library.default_client_factory)
                self._before = own
                library.set_client_factory(lambda: _client(http))
        return http

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                importlib.import_module("huggingface_hub.utils._http").set_client_factory(self._before)


_KIT_CLIENT = _KitClient()


class _EndlessError(Exception):
    """More answers to one question than a list of the hub can have pages."""


class _Question(threading.local):
    """What this thread asks the hub: its answers so far, and how long they may take together."""

    answers = 0
    budget: Budget | None = None

    def begin(self) -> None:
        self.answers, self.budget = 0, Budget(HEADER_SECONDS)

    def end(self) -> None:
        self.budget = None

    def next_answer(self) -> Mapping[str, Any]:
        """The `extensions` of a request. Raises _EndlessError for pages that name one another without end."""
        if self.budget is None:
            return {}
        self.answers += 1
        if self.answers > MAX_ANSWERS:
            raise _EndlessError
        return under(self.budget)


_QUESTION = _Question()


@contextlib.contextmanager
def kit_client(*, sending: bool = False) -> Iterator[ModuleType]:
    """Inside, huggingface_hub sends through the kit's client; gives the module of its own client's errors.

    sending: it may also write: to a repository, and to where the hub sends large files, without the token.
    Raises RefusedError, where it does not send, for answers after which the library would ask on and on.
    """
    with _KIT_CLIENT as http:
        _KIT_CLIENT.sending += sending
        try:
            yield http
        finally:
            _KIT_CLIENT.sending -= sending


@contextlib.contextmanager
def _asking(repository: HubRepository) -> Iterator[None]:
    """Inside, the library may be asked about a repository; what goes wrong is told in the kit's words."""
    import httpx

    with kit_client() as http:
        _QUESTION.begin()
        try:
            yield
        except (SourceError, UsageError):
            raise
        except RefusedError as e:
            raise repository.refusal(e.status, e.headers) from e
        except _EndlessError as e:
            raise repository.endless() from e
        except (httpx.HTTPError, http.HTTPError) as e:
            response = getattr(e, "response", None)
            if response is not None:
                raise repository.refusal(response.status_code, response.headers) from e
            raise repository.unreachable(e) from e
        except OSError as e:
            raise repository.unreachable(e) from e
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:  # of another form
            raise repository.no_hub() from e
        finally:
            _QUESTION.end()


def _client(http: ModuleType) -> Any:
    """A client of the library's kind, which is httpx until its release 2, then a fork of httpx.

    What it sends goes through the kit's transport: to the models of the hub alone, unless something is sent
    to the hub, and with the token to the hub's own address alone.
    """
    import httpx

    ours = open_transport()

    class Body(http.SyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, answer: httpx.Response) -> None:
            self._answer = answer

        def __iter__(self) -> Iterator[bytes]:
            left = MAX_TEXT_BYTES  # the library holds all of an answer
            for piece in self._answer.iter_raw():
                left -= len(piece)
                if left < 0:
                    raise ValueError(f"an answer of more than {MAX_TEXT_BYTES >> 20} MiB")
                yield piece

        def close(self) -> None:
            self._answer.close()

    class Sent(httpx.SyncByteStream):
        def __init__(self, body: Any) -> None:
            self._body = body

        def __iter__(self) -> Iterator[bytes]:
            return iter(self._body)

    class Bridge(http.BaseTransport):  # type: ignore[name-defined, misc]
        def handle_request(self, request: Any) -> Any:
            url, endpoint = str(request.url), hub_endpoint()
            root = urlsplit(endpoint).path.rstrip("/")
            path, sending = urlsplit(url).path, bool(_KIT_CLIENT.sending)
            known = path == f"{root}/api/models" or path.startswith(f"{root}/api/models/")
            if not known and (not sending or path.startswith(f"{root}{_PROGRAMS}")):
                # The library asks for a list of programs too, to name this one in its requests.
                return http.Response(404, content=b"")
            if "authorization" in request.headers:
                if origin(url) != origin(endpoint):
                    del request.headers["authorization"]
                else:
                    require_private(url, "the token for the hub")
            headers = list(request.headers.raw)
            asked = httpx.Request(request.method, url, headers=headers, stream=Sent(request.stream))
            silence = COMMIT_SECONDS if sending else READ_SECONDS
            asked.extensions["timeout"] = httpx.Timeout(silence).as_dict()
            asked.extensions.update(_QUESTION.next_answer())
            answer = ours.handle_request(asked)
            if not sending and (answer.status_code == 429 or answer.status_code >= 500):
                answer.close()
                raise RefusedError(answer.status_code, answer.headers)
            return http.Response(answer.status_code, headers=list(answer.headers.raw), stream=Body(answer))

        def close(self) -> None:
            ours.close()

    return http.Client(transport=Bridge(), follow_redirects=True, timeout=READ_SECONDS, trust_env=False)
