"""Asking Hugging Face's hub, by huggingface_hub: what a repository has, who may write, what went wrong.

Only for pushes, which read and write; files are read by `sources`.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.api_keys import require_private, require_sendable
from ..core.errors import KitError, MissingDependencyError, ServerError, UsageError
from ..core.files import read_file
from ..core.foreign_text import shown
from ..core.urls import shown_url
from ..sources.hub import kit_client
from ..sources.name import require_hub_endpoint

DENIED = "MK896"
CHANGED_MEANWHILE = "MK898"
NO_ANSWER, BROKEN, ODD_ANSWER = "MK802", "MK805", "MK804"

_AGAIN = "what has arrived is not sent again"


@dataclass(frozen=True)
class Remote:
    """A repository as it is: its commit, and for each file how the hub names its contents, and its size.

    Large files are named by their SHA-256, small ones as git names a blob.
    """

    commit: str
    files: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


class HubClient:
    """The hub as one token sees it, inside a `with`: what the library raises there comes in the kit's words.

    endpoint: HF_ENDPOINT, else huggingface.co. repository: ORG/REPO. Raises MissingDependencyError without
    the library, UsageError (MK817) where the token would go over plain HTTP to another machine.
    """

    def __init__(self, repository: str) -> None:
        self.library = _library()
        self.repository = repository
        self.endpoint = require_hub_endpoint()
        require_private(self.endpoint, "the token for the hub")
        self.api = self.library.HfApi(endpoint=self.endpoint)
        self._leaving = contextlib.ExitStack()

    def __enter__(self) -> HubClient:
        self._leaving.enter_context(_failures(self.repository, self.endpoint))
        self._leaving.enter_context(_quiet())
        self._leaving.enter_context(kit_client(sending=True))
        return self

    def __exit__(self, *error: Any) -> bool:
        return bool(self._leaving.__exit__(*error))

    def look(self, revision: str | None = None) -> Remote | None:
        """The repository as it is; None where there is none, or this token does not see it."""
        errors: Any = importlib.import_module("huggingface_hub.errors")
        try:
            info = self.api.model_info(self.repository, revision=revision, files_metadata=True)
        except errors.RepositoryNotFoundError:
            return None
        files, sizes = {}, {}
        for entry in info.siblings or ():
            lfs = getattr(entry, "lfs", None)
            files[str(entry.rfilename)] = str((lfs and lfs.sha256) or entry.blob_id or "")
            sizes[str(entry.rfilename)] = int(entry.size or 0)
        return Remote(str(info.sha or ""), files, sizes)

    def read(self, name: str, commit: str, limit: int) -> bytes:
        """A small file of the repository, of a larger one the first `limit` bytes."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="mkmodelfile-") as folder:
            path = self.api.hf_hub_download(self.repository, name, revision=commit, cache_dir=folder)
            return read_file(Path(path), limit)

    def sign_in(self, *, to_write: bool) -> None:
        """Sees that the token may write before anything is sent. Raises UsageError where it may not."""
        how = "sign in with `hf auth login`, or set HF_TOKEN to a token that may write"
        token = self.library.get_token()
        require_sendable(token or "", "the token for the hub (HF_TOKEN, or of `hf auth login`)")
        if token is None:
            if to_write:
                raise self._denied("a push to the hub needs a token", how)
            return
        account = self.api.whoami()
        role = ((account.get("auth") or {}).get("accessToken") or {}).get("role")
        if to_write and role == "read":
            raise self._denied("the token for the hub may only read", how)

    def _denied(self, what: str, how: str) -> UsageError:
        return UsageError(f"hf.co/{self.repository}: {what}", help=how, code=DENIED)


def _library() -> Any:
    try:
        import huggingface_hub
    except ImportError as e:
        raise MissingDependencyError(
            "a push to Hugging Face's hub needs the package huggingface_hub",
            help="pip install 'modelfile-kit[hub]'",
        ) from e
    return huggingface_hub


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The library shows no bars of its own, and sends large files by its HTTP client.

    Its other way, the package hf_xet, has a client of its own, which no deadline of the kit binds.
    """
    utils: Any = importlib.import_module("huggingface_hub.utils")
    constants: Any = importlib.import_module("huggingface_hub.constants")
    before, without_xet = utils.are_progress_bars_disabled(), constants.HF_HUB_DISABLE_XET
    utils.disable_progress_bars()
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = without_xet
        if not before:
            utils.enable_progress_bars()


@contextlib.contextmanager
def _failures(repository: str, endpoint: str) -> Iterator[None]:
    """What the library raises, in the kit's words."""
    import httpx

    refused = importlib.import_module("huggingface_hub.errors").HfHubHTTPError
    # The library's client: httpx until its release 2, then a fork of httpx.
    theirs: Any = importlib.import_module("huggingface_hub.utils").httpx
    silence = (httpx.HTTPError, theirs.HTTPError)
    place = f"hf.co/{repository}"
    try:
        yield
    except refused as e:
        raise _refused(place, e) from e
    except silence as e:
        raise _unreachable(place, endpoint, e) from e
    except RuntimeError as e:  # of an upload; the cause says why
        cause = e.__cause__
        if isinstance(cause, refused):
            raise _refused(place, cause) from e
        if isinstance(cause, KitError):
            raise cause from e
        if isinstance(cause, silence):
            raise _unreachable(place, endpoint, cause) from e
        raise
    except (ValueError, KeyError, TypeError) as e:
        if isinstance(e, UnicodeError):
            raise
        raise ServerError(
            f"{place}: the hub's answer is of another form than expected: {shown(str(e))[:200]}",
            help="check HF_ENDPOINT; try again later",
            code=ODD_ANSWER,
        ) from e


def _refused(place: str, error: Any) -> ServerError:
    status = error.response.status_code
    said = shown(str(getattr(error, "server_message", "") or ""))[:200]
    detail = f"HTTP {status}" + (f", {said}" if said else "")
    if status in (401, 403):
        what, code = "the hub denies this", DENIED
        advice = "check with `hf auth whoami` that this account may write to the repository"
    elif status in (409, 412):
        what, code = "the repository has changed meanwhile", CHANGED_MEANWHILE
        advice = f"look at what has changed, then push again; {_AGAIN}"
    elif status == 429:
        what, code, advice = "too many requests", BROKEN, f"wait a while, then push again; {_AGAIN}"
    else:
        what, code, advice = "the hub refuses", ODD_ANSWER, f"push again later; {_AGAIN}"
    return ServerError(f"{place}: {what}: {detail}", help=advice, status=status, code=code)


def _unreachable(place: str, endpoint: str, error: Exception) -> ServerError:
    return ServerError(
        f"{place}: {shown_url(endpoint)} does not answer: {shown(str(error)) or type(error).__name__}",
        help=f"check the connection and HF_ENDPOINT, then push again; {_AGAIN}",
        code=NO_ANSWER,
    )
