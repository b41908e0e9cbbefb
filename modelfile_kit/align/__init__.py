"""Token alignment: what the model would see by way of Ollama against what its chat template says.

`tokenizer` asks llama.cpp (in a child process) for tokens, `compare` finds the first difference of
two prompts, `causes` names the known reasons, `check` does it for a package's conversations.
"""

from __future__ import annotations
