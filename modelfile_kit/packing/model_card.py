"""The model card of a repository: a stub with what the files say of themselves.

Source of the keys: https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..building.build import Build
from ..core.files import read_file
from ..gguf_file import Header
from ..gguf_file.arrays import StringArray
from ..sources.model_name import model_part

CARD = "README.md"

MAX_CARD = 1 << 20
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_HUBS = ("https://huggingface.co/", "https://hf.co/", "https://www.huggingface.co/")
MAX_BASES = 8


def own_card(folder: Path) -> bytes | None:
    """The package's own model card: its README.md, if it has the hub's front matter."""
    try:
        data = read_file(folder / CARD, MAX_CARD)
    except OSError:
        return None
    return data if data.startswith((b"---\n", b"---\r\n")) else None


def write_card(built: Build, label: str, repository: str = "ORG/REPO") -> bytes:
    """A model card with front matter and how to run the model.

    label: the quantization by which the hub finds it, "" where there is none; repository: its name there.
    """
    import yaml

    head = yaml.safe_dump(front_matter(built), allow_unicode=True, sort_keys=False)
    name = model_part(built.package.name)
    tag = f":{label}" if label else ""
    body = (
        f"# {name}\n\nFor Ollama, with prompts that were compared with the model's own chat template:\n\n"
        f"```sh\nollama run hf.co/{repository}{tag}\n```\n\n"
        "`template`, `system` and `params` are what Ollama gets. The `Modelfile` makes the model from the "
        "downloaded files: `ollama create NAME -f Modelfile`.\n"
    )
    return f"---\n{head}---\n\n{body}".encode()


def front_matter(built: Build) -> dict[str, Any]:
    """What the hub lists the repository under: only what the package or the GGUF says."""
    header = built.files.header
    values: dict[str, Any] = {"library_name": "gguf", "tags": ["gguf", "ollama"]}
    values["pipeline_tag"] = "image-text-to-text" if built.files.takes_images else "text-generation"
    if bases := base_models(header):
        values["base_model"] = bases if len(bases) > 1 else bases[0]
    terms = header.metadata.text("general.license").lower()
    if _LICENSE.fullmatch(terms) and terms != "other":
        values["license"] = terms
    elif built.package.license is not None:
        values |= {"license": "other", "license_name": "license", "license_link": "LICENSE"}
    spoken = header.metadata.get("general.languages")
    if isinstance(spoken, StringArray):
        known = [word for word in list(spoken)[:200] if _LANGUAGE.fullmatch(word)]
        values |= {"language": known} if known else {}
    return values


def base_models(header: Header) -> list[str]:
    """The repositories on the hub that a GGUF names as those it was made of, ORG/REPO each."""
    found = []
    for number in range(min(header.metadata.integer("general.base_model.count") or 0, MAX_BASES)):
        said = header.metadata.text(f"general.base_model.{number}.repo_url")
        for start in _HUBS:
            name = said.removeprefix(start).removesuffix("/")
            if name != said and _REPOSITORY.fullmatch(name):
                found.append(name)
    return found
