"""Names become files: paths, URLs, repositories of a hub, models of Ollama.

`resolve.resolve` is the way in: it turns a text into a `Resolved`, with the files that were chosen. `name`
parses the text, `quantizations` chooses, `repository` says what every source of files can do; `hub`,
`modelscope`, `ollama` and `web` are such sources. `places` lets everything that takes a path read a file that
is not on this machine yet. `registry` is the client of registries, for `ollama` and for `push`.
"""
