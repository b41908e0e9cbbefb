"""One client of the OCI distribution API: what registries of models and of containers have in common.

Source: the OCI distribution specification 1.1, and what registry.ollama.ai and the registry of Docker
(distribution 2 and 3) do. Every digest is checked: of what comes, and of what the registry says it took.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ..core.api_keys import require_private
from ..core.errors import UsageError
from ..core.http_client import Budget, ClientOwner, open_client, under
from ..core.urls import origin, shown_url, without_login
from .registry_errors import (
    BROKEN,
    DENIED,
    MAX_ERROR_BYTES,
    NO_REGISTRY,
    NOT_SECURE,
    RegistryError,
    error_body,
    failures,
    not_a_registry,
    other_digest,
    refusal,
)
from .registry_logins import Challenge, Login, find_login, login_for_realm, read_challenges
from .registry_names import host_problem
from .repository import DIGEST

if TYPE_CHECKING:
    import httpx

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPES = (DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_INDEX, OCI_INDEX)

SILENCE_SECONDS = 60.0
SMALL_SECONDS = 120.0  # a manifest, a token, a page of tags: all of them are small
HEADER_SECONDS = 600.0  # all reads of one `BlobSource`
MAX_MANIFEST_BYTES = 4 << 20  # the specification's own bound
MAX_TOKEN_BYTES = 1 << 20
TAGS_A_PAGE = 1000
MAX_PAGES = 1000  # of a list of tags
PIECE_BYTES = 1 << 20
READ_ATTEMPTS = 3  # of a blob that breaks off, without a byte of progress between

_REPOSITORY = re.compile(r"[A-Za-z0-9_]+(?:[._-]+[A-Za-z0-9_]+)*(?:/[A-Za-z0-9_]+(?:[._-]+[A-Za-z0-9_]+)*)*")
_REFERENCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?')


@dataclass(frozen=True)
class Descriptor:
    """What names a blob or a manifest: media type, digest (`sha256:…`), and size in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        more = {"annotations": dict(self.annotations)} if self.annotations else {}
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size, **more}


@dataclass(frozen=True)
class Manifest:
    """A manifest as the registry has it.

    data: its very bytes, whose digest is `digest`; config: None where it has none; manifests: those that an
    index lists, empty for the manifest of one model.
    """

    media_type: str
    digest: str
    data: bytes
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...] = ()

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Every blob that it needs, each once: layers first, as they stand."""
        wanted = (*self.layers, *((self.config,) if self.config else ()))
        return tuple({d.digest: d for d in wanted}.values())


def digest_of(data: bytes) -> str:
    """`sha256:…` of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def read_manifest(data: bytes, *, host: str, asked: str, media_type: str = "") -> Manifest:
    """The manifest that these bytes are. Raises RegistryError (MK804) where they are none.

    host, asked: for the error; media_type: of the answer, where the manifest does not say it.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise not_a_registry(host, asked, f"{data[:60]!r}, which is no JSON") from e
    if not isinstance(found, dict) or found.get("schemaVersion") != 2:
        raise not_a_registry(host, asked, "something that is no manifest of version 2")
    try:
        config = found.get("config") or {}
        return Manifest(
            media_type=_text(found.get("mediaType") or media_type or OCI_MANIFEST),
            digest=digest_of(data),
            data=data,
            # Ollama writes a config without a digest where a model has none.
            config=None if isinstance(config, dict) and not config.get("digest") else _descriptor(config),
            layers=_descriptors(found.get("layers")),
            manifests=_descriptors(found.get("manifests")),
        )
    except ValueError as e:
        raise not_a_registry(host, asked, f"a manifest that is not sound: {e}") from e


def _descriptors(found: object) -> tuple[Descriptor, ...]:
    if found is not None and not isinstance(found, list):
        raise ValueError(f"{str(found)[:40]!r} where a list of descriptors was expected")
    return tuple(_descriptor(each) for each in found or ())


def _descriptor(found: object) -> Descriptor:
    if not isinstance(found, dict):
        raise ValueError(f"{str(found)[:40]!r} where a descriptor was expected")
    digest, size = _text(found.get("digest")), found.get("size")
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"{digest[:80]!r} is not a SHA-256 digest")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 50:
        raise ValueError(f"{str(size)[:40]!r} is not a size")
    notes = found.get("annotations")
    notes = notes if isinstance(notes, dict) else {}
    kept = {k: v for k, v in notes.items() if isinstance(v, str)}
    return Descriptor(_text(found.get("mediaType")), digest, size, kept)


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise ValueError(f"{str(found)[:40]!r} where a text was expected")
    return found


class Registry(ClientOwner):
    """A client of one registry. Use it as a context manager, or call `close`.

    host: `host` or `host:port`, as in a model's name. insecure: plain HTTP; never without being told so.
    login: None takes what docker or podman keep for the host. It is sent only when the registry asks who we
    are, only to this host, and never over plain HTTP to another machine (UsageError MK817).

    Every failure is a RegistryError that names the host, what was asked and what to do.
    """

    def __init__(self, host: str, *, insecure: bool = False, login: Login | None = None) -> None:
        if problem := host_problem(host):
            raise UsageError(problem, help="write host or host:port")
        self.host = host
        # The name that Docker Hub has among people is not where its API is.
        address = "registry-1.docker.io" if host.lower() in ("docker.io", "index.docker.io") else host
        self.url = f"{'http' if insecure else 'https'}://{address}"
        self.insecure = insecure
        self._given = login
        self.sends_ranges = True  # until it has answered one with all of a blob
        self._secret = ""  # the value of `Authorization`, once the registry asked for one

    # -- manifests and tags ---------------------------------------------------------

    def manifest(self, repository: str, reference: str) -> Manifest:
        """The manifest of a tag or digest. Raises RegistryError MK846 where there is none, MK845 where what
        came has another digest."""
        asked = _shown(repository, reference)
        path = _manifest_path(repository, reference)
        with self.ask("GET", path, f"manifest of {asked}", headers=_ACCEPT) as reply:
            self.expect(reply, f"manifest of {asked}", 200)
            data = self.body(reply, f"manifest of {asked}", MAX_MANIFEST_BYTES)
            said, kind = reply.headers.get("Docker-Content-Digest", ""), reply.headers.get("Content-Type", "")
        found = read_manifest(
            data, host=self.host, asked=f"manifest of {asked}", media_type=kind.partition(";")[0].strip()
        )
        expected = reference if DIGEST.fullmatch(reference) else said
        if DIGEST.fullmatch(expected) and expected != found.digest:
            raise other_digest(self.host, f"the manifest of {asked}", found.digest, expected)
        return found

    def manifest_digest(self, repository: str, reference: str) -> str | None:
        """The digest of a tag's manifest by HEAD; None where there is no such tag, "" where none is said."""
        asked = f"manifest of {_shown(repository, reference)}"
        with self.ask("HEAD", _manifest_path(repository, reference), asked, headers=_ACCEPT) as reply:
            if reply.status_code == 404:
                return None
            self.expect(reply, asked, 200)
            said = str(reply.headers.get("Docker-Content-Digest", ""))
        return said if DIGEST.fullmatch(said) else ""

    def put_manifest(self, repository: str, reference: str, data: bytes, media_type: str) -> str:
        """Gives a tag this manifest, whose blobs have to be there; its digest."""
        asked = f"manifest of {_shown(repository, reference)}"
        path = _manifest_path(repository, reference)
        headers = {"Content-Type": media_type}
        with self.ask("PUT", path, asked, headers=headers, content=lambda: [data], size=len(data)) as reply:
            self.expect(reply, asked, 200, 201)
            said = reply.headers.get("Docker-Content-Digest", "")
        digest = digest_of(data)
        if DIGEST.fullmatch(said) and said != digest:
            raise other_digest(self.host, f"the {asked} that it took", said, digest)
        return digest

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, in the registry's order."""
        asked = f"tags of {repository}"
        found: list[str] = []
        url = f"/v2/{_repository(repository)}/tags/list?n={TAGS_A_PAGE}"
        for _ in range(MAX_PAGES):
            with self.ask("GET", url, asked) as reply:
                self.expect(reply, asked, 200)
                page = _object(self.host, asked, self.body(reply, asked, MAX_MANIFEST_BYTES))
                more = _NEXT.search(reply.headers.get("Link", ""))
            tags = page.get("tags")
            found += [t for t in tags if isinstance(t, str)] if isinstance(tags, list) else []
            if not more:
                return found
            url = urljoin(f"{self.url}{url}" if url.startswith("/") else url, more[1])
            if not self.is_own(url):
                raise not_a_registry(self.host, asked, f"a next page at {shown_url(url)}")
        raise not_a_registry(self.host, asked, f"more than {MAX_PAGES} pages")

    # -- blobs ----------------------------------------------------------------------

    def blob_size(self, repository: str, digest: str) -> int | None:
        """The size of a blob by HEAD; None where the repository does not have it, -1 where it is not said."""
        asked = f"blob {digest} of {repository}"
        with self.ask("HEAD", blob_path(repository, digest), asked, follow=True) as reply:
            if reply.status_code == 404:
                return None
            self.expect(reply, asked, 200)
            length = reply.headers.get("Content-Length", "")
        return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else -1

    def blob(self, repository: str, descriptor: Descriptor, *, limit: int = MAX_MANIFEST_BYTES) -> bytes:
        """A small blob, whole. Raises RegistryError MK845 where it is not what its digest says.

        limit: more bytes than these are not read.
        """
        if descriptor.size > limit:
            raise RegistryError(
                f"{self.host}: blob {descriptor.digest} of {repository} has {descriptor.size} bytes, "
                f"expected at most {limit}",
                help="the manifest names a file where a small text is expected: look at it",
            )
        return b"".join(self.read_blob(repository, descriptor))

    def read_blob(
        self, repository: str, descriptor: Descriptor, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """The pieces of a blob from a byte on; a connection that breaks is taken up where it was.

        end: of what is wanted; a registry without ranges sends all of it nevertheless (`sends_ranges`).

        From the beginning on, the digest is checked, and the last piece comes only when it is right; who goes
        on from a later byte has to check it.
        """
        asked = f"blob {descriptor.digest} of {repository}"
        sha, at, held, failed = hashlib.sha256(), start, b"", 0
        end = descriptor.size if end is None else end
        while at < end:
            try:
                for piece in self._range(repository, descriptor, at, end, asked):
                    if held:
                        yield held
                    sha.update(piece)
                    at, held, failed = at + len(piece), piece, 0
            except RegistryError as e:
                failed += 1
                if e.code != BROKEN or failed >= READ_ATTEMPTS:
                    raise
                if held:
                    yield held
                held = b""
        found = f"sha256:{sha.hexdigest()}"
        if start == 0 and at == descriptor.size and found != descriptor.digest:
            raise other_digest(self.host, f"blob {descriptor.digest}", found, descriptor.digest)
        if held:
            yield held

    def redirects(self, repository: str, descriptor: Descriptor) -> bool:
        """Whether the registry sends on to another address for a blob, instead of sending it itself."""
        asked = f"blob {descriptor.digest} of {repository}"
        with self.ask("GET", blob_path(repository, descriptor.digest), asked) as reply:
            if reply.is_redirect:
                return True
            self.expect(reply, asked, 200)
        return False

    def open_blob(self, repository: str, descriptor: Descriptor, start: int = 0) -> BlobSource:
        """A blob whose beginning is read, by ranges, as a GGUF's header is; start: its first byte."""
        return BlobSource(self, repository, descriptor, start)

    def _range(
        self, repository: str, descriptor: Descriptor, at: int, end: int, asked: str
    ) -> Iterator[bytes]:
        """The bytes from `at` to `end`; fewer only as an error, more where the registry sends no ranges."""
        part = end < descriptor.size
        headers = {"Range": f"bytes={at}-{end - 1 if part else ''}"} if at or part else {}
        path = blob_path(repository, descriptor.digest)
        with self.ask("GET", path, asked, headers=headers, follow=True, budget=Budget()) as reply:
            self.expect(reply, asked, 200, 206)
            if at and reply.status_code == 200:
                raise RegistryError(
                    f"{self.host} gives {asked} only from its beginning",
                    help="start the download anew",
                    code=NO_REGISTRY,
                )
            if headers and reply.status_code == 200:
                self.sends_ranges, end = False, descriptor.size
            elif headers:
                _first_byte(self.host, asked, reply, at)
            left = end - at
            with failures(self.host, asked):
                for piece in reply.iter_raw(PIECE_BYTES):
                    left -= len(piece)
                    if left < 0:
                        raise _other_size(self.host, asked, descriptor.size)
                    yield piece
            if left:
                raise RegistryError(
                    f"{self.host} sent {end - left} bytes of {asked}, expected {end}",
                    help="try again: what has arrived stays",
                    code=BROKEN,
                )

    # -- the wire -------------------------------------------------------------------

    @contextmanager
    def ask(
        self,
        method: str,
        url: str,
        asked: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], Iterable[bytes]] | None = None,
        size: int = 0,
        follow: bool = False,
        budget: Budget | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> Iterator[httpx.Response]:
        """One request, asked again with a token or login where the registry wants to know who asks.

        url: a path of this registry, or an address that it gave. asked: what for, for errors. content: makes
        the body anew for each try, of `size` bytes. budget: for the answer, its body included.
        """
        budget = budget or Budget(SMALL_SECONDS)
        reply = self._send(method, url, asked, headers, content, size, follow, budget, silence)
        try:
            if reply.status_code == 401 and self.is_own(str(reply.url)):
                challenges = read_challenges(", ".join(reply.headers.get_list("WWW-Authenticate")))
                if self._sign_in(challenges, asked):
                    _end(reply)
                    reply = self._send(method, url, asked, headers, content, size, follow, budget, silence)
            yield reply
        finally:
            _end(reply)

    def _send(
        self,
        method: str,
        url: str,
        asked: str,
        headers: Mapping[str, str] | None,
        content: Callable[[], Iterable[bytes]] | None,
        size: int,
        follow: bool,
        budget: Budget,
        silence: float,
    ) -> httpx.Response:
        address = url if "://" in url else f"{self.url}{url}"
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if self._secret and self.is_own(address):
            sent["Authorization"] = self._secret
        if content is not None or method in ("POST", "PUT", "PATCH"):
            sent["Content-Length"] = str(size)
        with failures(self.host, asked):
            request = self._http.build_request(
                method,
                address,
                headers=sent,
                content=content() if content else None,
                extensions=under(budget),
                timeout=silence,
            )
            reply = self._http.send(request, stream=True, follow_redirects=follow)
        for hop in (*reply.history, reply):
            # Whoever is between could write there what it likes.
            if self.url.startswith("https:") and hop.url.scheme != "https":
                reply.close()
                raise RegistryError(
                    f"{self.host} redirects the request for {asked} to {shown_url(str(hop.url))}, "
                    "which is not HTTPS",
                    help="ask whoever runs the registry",
                    code=NOT_SECURE,
                )
        return reply

    def expect(self, reply: httpx.Response, asked: str, *good: int) -> None:
        """Passes these statuses; raises RegistryError for all others."""
        if reply.status_code in good:
            return
        if reply.is_redirect:
            target = shown_url(reply.headers.get("location", "nowhere"))
            raise not_a_registry(self.host, asked, f"a redirect to {target}")
        host = self.host
        if not self.is_own(str(reply.url)):  # after a redirect: whose refusal it is
            host = f"{self.host} (by {urlsplit(str(reply.url)).hostname})"
        raise refusal(host, asked, reply.status_code, error_body(reply), reply.headers)

    def body(self, reply: httpx.Response, asked: str, limit: int) -> bytes:
        """The body of an answer, which may have at most `limit` bytes."""
        data = bytearray()
        with failures(self.host, asked):
            for piece in reply.iter_bytes():
                data += piece
                if len(data) > limit:
                    raise not_a_registry(self.host, asked, f"more than {limit} bytes")
        return bytes(data)

    def is_own(self, url: str) -> bool:
        """Whether an address is this registry's own, which may hear who we are."""
        try:
            return "://" not in url or origin(url) == origin(self.url)
        except ValueError:
            return False

    def address(self, location: str) -> str:
        """The whole address that a header `Location` means. Raises RegistryError for what is none."""
        try:
            url, login = without_login(urljoin(f"{self.url}/", location))
            known = origin(url)[0] in ("http", "https") and url.isascii() and url.isprintable()
        except ValueError:
            url, login, known = location, None, False
        if not location or login or not known:
            raise not_a_registry(self.host, "an upload", f"the address {shown_url(location)!r}")
        if self.url.startswith("https:") and not url.startswith("https:"):
            raise RegistryError(
                f"{self.host} wants the upload at {shown_url(url)}, which is not HTTPS",
                help="ask whoever runs the registry: it does not know that it is behind HTTPS",
                code=NOT_SECURE,
            )
        return url

    @cached_property
    def _http(self) -> httpx.Client:
        return open_client(self.url, silence=SILENCE_SECONDS)

    # -- who we are -----------------------------------------------------------------

    def _sign_in(self, challenges: Sequence[Challenge], asked: str) -> bool:
        """Gets what the registry wants to see; False where it offers no way that we know."""
        before = self._secret
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.values.get("realm"):
                self._secret = f"Bearer {self._token(challenge.values, asked)}"
                return True
        for challenge in challenges:
            if challenge.scheme == "basic" and (login := self._given or find_login(self.host)):
                if login.identity_token:
                    continue  # which is no password
                require_private(self.url, f"the login for {self.host}")
                self._secret = login.header
                return self._secret != before
        return False

    def _token(self, values: Mapping[str, str], asked: str) -> str:
        """A token from where the registry sends us (distribution: "Token Authentication")."""
        realm, login = without_login(values["realm"])
        try:
            host = urlsplit(realm).netloc
            secure, own = origin(realm)[0] == "https", origin(realm) == origin(self.url)
        except ValueError:
            raise not_a_registry(self.host, asked, "a realm that is no address") from None
        if login or not (secure or own or self.insecure):
            raise RegistryError(
                f"{self.host} sends us to sign in at {shown_url(realm)}, which is not HTTPS",
                help="ask whoever runs the registry",
                code=NOT_SECURE,
            )
        known = (self._given or find_login(self.host)) if own else login_for_realm(host, self.host)
        service = [("service", values["service"])] if values.get("service") else []
        scopes = values.get("scope", "").split()
        what = f"token of {host}"
        if known:
            require_private(realm, f"the login for {host}")
        with failures(host, what):
            if known is not None and known.identity_token:
                request = self._token_by_identity(realm, service, scopes, known)
            else:
                query = urlencode([*service, *(("scope", scope) for scope in scopes)])
                request = self._http.build_request(
                    "GET",
                    f"{realm}{'&' if urlsplit(realm).query else '?'}{query}",
                    headers={
                        "Accept-Encoding": "identity",
                        **({"Authorization": known.header} if known else {}),
                    },
                    extensions=under(Budget(SMALL_SECONDS)),
                )
            reply = self._http.send(request, stream=True)
        try:
            if reply.status_code != 200:
                raise self._no_token(reply, host, what, known)
            found = _object(host, what, self.body(reply, what, MAX_TOKEN_BYTES))
        finally:
            reply.close()
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise not_a_registry(host, what, "no token in it")
        return token

    def _token_by_identity(
        self, realm: str, service: Sequence[tuple[str, str]], scopes: Sequence[str], known: Login
    ) -> httpx.Request:
        """Asks with the identity token of docker's login (distribution: "OAuth2 Token Authentication")."""
        form = {
            "grant_type": "refresh_token",
            **dict(service),
            "client_id": "modelfile-kit",
            "refresh_token": known.identity_token,
            "scope": " ".join(scopes),
        }
        return self._http.build_request(
            "POST",
            realm,
            data={key: value for key, value in form.items() if value},
            headers={"Accept-Encoding": "identity"},
            extensions=under(Budget(SMALL_SECONDS)),
        )

    def _no_token(self, reply: httpx.Response, host: str, what: str, known: Login | None) -> RegistryError:
        error = refusal(host, what, reply.status_code, error_body(reply), reply.headers)
        if error.code == DENIED:
            used = f"the login of {known.user} in {known.source or 'the program'}" if known else "no login"
            error.help = (
                f"{used} was sent there; sign in with `docker login {self.host if known else host}`"
                + ("" if known or host == self.host else ": a login for another host is not sent to this one")
            )
        return error


class BlobSource:
    """A blob as `Source`: bytes from its beginning on, by ranges, for reading a header.

    Nothing proves these bytes: the digest is of the whole blob. size: as the manifest says.
    """

    place: Path | None = None

    def __init__(self, registry: Registry, repository: str, descriptor: Descriptor, start: int = 0) -> None:
        self.name = f"{registry.host}/{repository}@{descriptor.digest}"
        self.size: int | None = descriptor.size
        self._registry = registry
        self._path = blob_path(repository, descriptor.digest)
        self._at = start
        self._budget = Budget(HEADER_SECONDS)

    def read(self, count: int) -> bytes:
        """The next bytes, fewer than `count` (at least one) only before the end; b"" at the end."""
        assert self.size is not None
        count = min(count, self.size - self._at)
        if count <= 0:
            return b""
        headers = {"Range": f"bytes={self._at}-{self._at + count - 1}"}
        registry, asked = self._registry, f"blob {self.name}"
        more: dict[str, Any] = {"headers": headers, "follow": True, "budget": self._budget}
        with registry.ask("GET", self._path, asked, **more) as reply:
            registry.expect(reply, asked, 200, 206)
            if reply.status_code == 206:
                _first_byte(registry.host, asked, reply, self._at, self.size)
                skip = 0
            else:  # it knows no ranges: what was read before is read once more
                skip = self._at
            data = bytearray()
            with failures(registry.host, asked):
                for piece in reply.iter_raw():
                    gone = min(skip, len(piece))
                    skip -= gone
                    data += piece[gone:]
                    if len(data) >= count:
                        break
        if not data:
            raise _other_size(registry.host, asked, self.size)
        self._at += min(count, len(data))
        return bytes(data[:count])

    def close(self) -> None:
        """Nothing to close: the connection is the registry's."""


def _end(reply: httpx.Response) -> None:
    """Closes an answer; a connection can be used again only if the answer was read to its end."""
    import httpx

    with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
        if not reply.is_stream_consumed:
            for _ in itertools.islice(reply.iter_raw(MAX_ERROR_BYTES), 1):
                pass
    with contextlib.suppress(httpx.HTTPError):
        reply.close()


_ACCEPT = {"Accept": ", ".join(MANIFEST_TYPES)}


def blob_path(repository: str, digest: str) -> str:
    """The path of a blob. Raises UsageError for what is no repository or digest."""
    if not DIGEST.fullmatch(digest):
        raise UsageError(f"{digest!r} is not a digest", help="write sha256: and 64 hexadecimal digits")
    return f"/v2/{_repository(repository)}/blobs/{digest}"


def _manifest_path(repository: str, reference: str) -> str:
    if not _REFERENCE.fullmatch(reference):
        raise UsageError(f"{reference!r} is neither a tag nor a digest", help="write a tag, such as latest")
    return f"/v2/{_repository(repository)}/manifests/{quote(reference, safe=':')}"


def _repository(name: str) -> str:
    if not _REPOSITORY.fullmatch(name):
        raise UsageError(f"{name!r} is not a repository of a registry", help="write namespace/model")
    return name


def uploads_path(repository: str) -> str:
    """The path where uploads begin."""
    return f"/v2/{_repository(repository)}/blobs/uploads/"


def _shown(repository: str, reference: str) -> str:
    return f"{repository}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def _object(host: str, asked: str, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise not_a_registry(host, asked, f"{data[:60]!r} where a JSON object was expected")
    return found


def _first_byte(host: str, asked: str, reply: httpx.Response, at: int, size: int | None = None) -> None:
    """Checks that a part of a file is the part that was asked for."""
    said = reply.headers.get("Content-Range", "")
    found = _RANGE.fullmatch(said)
    if not found or int(found[1]) != at:
        raise not_a_registry(host, asked, f"the range {said[:80]!r}, asked for bytes from {at}")
    if size is not None and found[3] not in ("*", str(size)):
        raise _other_size(host, asked, size)


def _other_size(host: str, asked: str, size: int) -> RegistryError:
    return RegistryError(
        f"{host} has another size for {asked} than the {size} bytes of the manifest",
        help="the registry or a proxy before it holds damaged data: push the model again",
        code="MK845",
    )
