"""Describes many images: finds the files, prepares them, asks a model, and remembers its answers."""
