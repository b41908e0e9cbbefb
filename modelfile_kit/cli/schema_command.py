"""`mkmodelfile schema`."""

from __future__ import annotations

import json

import click

from .command import Command
from .output import deliver


@click.command(
    "schema",
    cls=Command,
    examples=("mkmodelfile schema", "mkmodelfile schema > mkmodelfile.schema.json"),
)
def command() -> None:
    """Print the JSON Schema of mkmodelfile.yaml (draft 2020-12).

    An editor with a language server for YAML completes and checks a package file by it. `init` writes its
    address as the first line of the file; without a network, write the path of what this command printed:
    # yaml-language-server: $schema=mkmodelfile.schema.json
    """
    from ..package.schema import json_schema

    deliver(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")
