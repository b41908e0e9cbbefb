"""`python -m modelfile_kit` is `mkmodelfile`."""

from .cli.main import main

main()
