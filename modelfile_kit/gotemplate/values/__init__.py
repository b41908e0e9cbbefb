"""How Go's values look in Python."""
