"""The values of expressions at compile time."""
