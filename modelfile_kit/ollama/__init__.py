"""What Ollama makes of a package: its Modelfile, prompts, inferences and template selection.

Everything here was read in Ollama's source and is compared with Ollama's own packages by the tests.
"""
