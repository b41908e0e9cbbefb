"""One file for each kind of tokenizer file. Imported by the child process alone."""
