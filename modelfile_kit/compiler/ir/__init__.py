"""The target language: nodes of a Go template, and how they are printed."""
