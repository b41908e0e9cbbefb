"""Passes over the IR, each from statements to statements."""
