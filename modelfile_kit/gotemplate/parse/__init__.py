"""A template's source to its tree and back (text/template/parse)."""
