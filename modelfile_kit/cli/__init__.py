"""The command `mkmodelfile`: one file per command, nothing but options, calls and printing."""
