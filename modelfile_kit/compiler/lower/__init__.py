"""How each kind of construct is said in a Go template, one file per kind."""
