"""Files of a build that were only looked at until now: what is packed has to be on this machine, whole."""

from __future__ import annotations

from ..building.build import Build, model_files
from ..core.progress import Progress, Step
from ..sources.places import remote


def bring_here(built: Build, *, progress: Progress | None = None) -> None:
    """Fetches the files of a build that lie on a hub or in a registry, and were read by ranges.

    Raises SourceError where one cannot be had; what came by then is kept, and gone on with the next time.
    """
    for file in model_files(built):
        found = remote(file)
        if found is None:
            continue

        def told(done: int, total: int, title: str = found.title) -> None:
            if progress is not None:
                progress(Step("fetch", title, done, total))

        found.repository.fetch(found.file, told)
