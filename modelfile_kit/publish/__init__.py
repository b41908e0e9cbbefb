"""Publishing to an Ollama server, and seeing that what is there works."""

from __future__ import annotations
