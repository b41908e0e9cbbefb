"""The first line of a package file, by which an editor finds its JSON Schema."""

from __future__ import annotations

# Where the repository itself keeps the schema. A path within an installation would hold on one machine only.
SCHEMA_ID = "https://raw.githubusercontent.com/modelfile-kit/modelfile-kit/main/docs/mkmodelfile.schema.json"

SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_ID}\n"
"""As yaml-language-server reads it; editors that do not know it see a comment."""
