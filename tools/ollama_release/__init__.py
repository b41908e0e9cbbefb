"""What a release of Ollama changed, and the tables that are made from its sources.

    python -m tools.ollama_release [VERSION] [--since OLDER] [--write] [--no-judges]
    python -m tools.ollama_release --check

The first asks the Go proxy for the newest release (or takes VERSION), reads its sources, compares them with
the release before, puts the recorded questions to the judges of both, and prints what differs, each with
what a person has to look at. --write adds its row to modelfile_kit/ollama/releases.py. --check holds the
committed tables against the sources of the releases that the tests ask; it writes nothing, and a difference
is exit code 1. Needs Go.
"""
