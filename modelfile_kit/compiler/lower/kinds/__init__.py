"""What each kind of value means by the operations of Python (see `semantics`), one file a kind."""
