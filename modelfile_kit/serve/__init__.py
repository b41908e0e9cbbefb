"""A package on llama-server, and whether a server that speaks OpenAI's API works as the package promises."""
