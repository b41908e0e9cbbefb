"""A published model's stand-in: the same Modelfile with a parrot in place of the model's GGUF.

What reads a reply is then what reads the model's: its TEMPLATE, PARSER, stops and chat template, and its
control tokens; only the text is ours.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.interrupts import terminated_as_interrupted
from ..ollama.selection import select
from ..parrot import Reply, Voice, build_parrot
from ..replies.said import CONTEXT
from ..runtime.ollama.client import OllamaServer
from .blobs import Blob, DigestCache, digest_file, upload
from .create_request import CreateRequest, LocalFile
from .take_over import end_engine, working_model


@dataclass(frozen=True)
class ParrotModel:
    """A parrot on a server.

    name: its working name; lengths: how many tokens each reply has, its end included.
    """

    name: str
    lengths: tuple[int, ...]


@contextlib.contextmanager
def parrot_model(
    server: OllamaServer,
    name: str,
    request: CreateRequest,
    replies: Sequence[Reply],
    voice: Voice,
    architecture: str = "",
) -> Iterator[ParrotModel]:
    """A model that says these replies, under a working name of `name`; it is always removed afterwards.

    request: of the model itself. architecture: the model's, as some get a RENDERER and a PARSER from Ollama
    without being told; the parrot is of another one, and is told. SIGTERM counts as Ctrl-C meanwhile.
    Raises ServerError where the server refuses it, UsageError where a reply cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="modelfile-kit-") as folder, terminated_as_interrupted():
        path = Path(folder) / "parrot.gguf"
        lengths = build_parrot(path, replies, voice)
        meant = _stand_in(request, path, voice, architecture)
        digest, _ = digest_file(path, cache=DigestCache(Path(folder)))
        with working_model(server, name) as temporary:
            upload(server, Blob(path, path.name, digest, path.stat().st_size, False))
            server.create(meant.body(temporary, {path: digest}))
            try:
                yield ParrotModel(temporary, lengths)
            finally:
                end_engine(server, temporary)


def _stand_in(request: CreateRequest, path: Path, voice: Voice, architecture: str) -> CreateRequest:
    """The request with the parrot's file, and with what the architecture would have brought."""
    chosen = select(
        template=request.template,
        jinja=voice.chat_template,
        renderer=request.renderer or "",
        parser=request.parser or "",
        architecture=architecture,
    )
    parameters = {**request.parameters, "num_ctx": CONTEXT}
    if chosen.stops and "stop" not in parameters and not request.template:
        parameters["stop"] = list(chosen.stops)
    parser = chosen.parser or ("harmony" if chosen.harmony else "")
    return replace(
        request,
        files=(LocalFile(path, path.name),),
        adapters=(),
        drafts=(),
        from_model=None,
        renderer=chosen.renderer or None,
        parser=parser or None,
        requires=None,
        licenses=(),
        parameters=parameters,
    )
