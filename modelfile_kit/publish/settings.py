"""What a model has, whoever says it, as a package file with the files that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..package.schema_line import SCHEMA_LINE

PACKAGE_FILE = "mkmodelfile.yaml"
TEMPLATE_FILE = "template.gotmpl"
LICENSE_FILE = "LICENSE"


@dataclass(frozen=True)
class Settings:
    """A model's settings in the words of a package.

    model, projector, adapters, draft: paths as the package file is to have them. template: the TEMPLATE as
    it is, None for the chat template in the GGUF, compiled; native: that chat template as the server renders
    it. parameters: without `stop`; stop: None for those that a build finds. target: as in the package file.
    """

    name: str
    model: str
    projector: str = "none"
    template: str | None = None
    native: bool = False
    renderer: str = ""
    parser: str = ""
    stop: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    system: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    licenses: tuple[str, ...] = ()
    adapters: tuple[str, ...] = ()
    draft: str = ""
    target: str = ""


def package_files(settings: Settings, remark: str) -> dict[str, bytes]:
    """The package file and what it names beside it, by file name.

    remark: where the settings come from, one line. What a build decides by itself is not written.
    """
    import yaml

    found = settings
    keys: dict[str, Any] = {"name": found.name, "model": found.model, "projector": found.projector}
    files: dict[str, bytes] = {}
    if found.renderer:
        keys |= {"mode": "renderer", "renderer": found.renderer}
    elif found.native:
        keys["mode"] = "native"
    elif found.template is not None:
        keys |= {"mode": "go", "template": TEMPLATE_FILE}
        files[TEMPLATE_FILE] = found.template.encode()
    if found.parser:
        keys["parser"] = found.parser
    elif found.renderer or found.native or found.template is not None:
        keys["parser"] = "none"
    keys["stop"] = "auto" if found.stop is None else list(found.stop)
    if found.system:
        keys["system"] = found.system
    if found.messages:
        keys["messages"] = [{"role": role, "content": content} for role, content in found.messages]
    if found.parameters:
        keys["parameters"] = dict(found.parameters)
    if found.licenses:
        keys["license"] = LICENSE_FILE
        files[LICENSE_FILE] = "\n".join(found.licenses).encode()
    if found.adapters:
        keys["adapters"] = list(found.adapters)
    if found.draft:
        keys["draft"] = found.draft
    if found.target:
        keys["target"] = found.target
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False, width=110)
    return {PACKAGE_FILE: f"{SCHEMA_LINE}# {remark}\n{text}".encode(), **files}
