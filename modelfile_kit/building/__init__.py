"""The steps of a build, each a function with plain values in and out; `builder.build` runs them in order.

`sources` (which files, which chat template) → `end_token` and `additions` (what the package writes beside
the chat template) → `mode` (TEMPLATE or the GGUF's own Jinja) → `stops` → `modelfile_text` → `output`.
"""
