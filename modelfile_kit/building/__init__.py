"""The steps of a build, each a function with plain values in and out; `build.build` runs them in order.

`sources` (which files, which chat template) → `plan`, which decides everything: `end_token` and `additions`
(what the package adds to the chat template), `mode` (TEMPLATE or the GGUF's own Jinja), `template_in_use`
(what servers make of it), `stops` → `modelfile_text` → `report` → `output`.
"""
