"""Hooks of the site (mkdocs.yml): links out of docs/ lead to the repository, where those files are."""

from __future__ import annotations

import posixpath
import re
from typing import Any

REPOSITORY = "https://github.com/modelfile-kit/modelfile-kit/blob/main"
_LINK = re.compile(r"(\]\()(\.\./[^)\s]*)(\))")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by MkDocs with the text of each page."""
    folder = posixpath.dirname(page.file.src_uri)

    def lead_out(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", folder, found[2]))
        return found[0] if path.startswith("docs/") else f"{found[1]}{REPOSITORY}/{path}{found[3]}"

    return _LINK.sub(lead_out, markdown)
