"""What a publish or a push asks for, from any of the things that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..building.build import model_files
from ..core.progress import Progress, Step
from ..sources.fetched import bring
from .create_request import CreateRequest, read_request
from .expectation import request_of_build

if TYPE_CHECKING:
    from ..building.build import Build


def request_of(source: str | Path | CreateRequest | Build, progress: Progress | None = None) -> CreateRequest:
    """The request for a Build, a Modelfile's path, or itself; files that a name stands for are fetched."""
    if isinstance(source, CreateRequest):
        return source
    if isinstance(source, (str, Path)):
        return read_request(Path(source))
    told = None if progress is None else lambda title, done, of: progress(Step("fetch", title, done, of))
    bring(model_files(source), told)
    return request_of_build(source)
