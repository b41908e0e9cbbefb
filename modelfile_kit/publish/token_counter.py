"""How many tokens a prompt has, by the same files and llama.cpp, without the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import KitError, UsageError
from ..ollama.prompt_ends import PromptEnds
from ..runtime.local import LocalEngine, LocalTokenizer, open_engine, open_tokenizer
from ..runtime.tokenizer import spell_out

_NO_FILES = "the GGUF files are not on this machine"


class TokenCounter:
    """Counts reference prompts as llama-server should. model, projector: the GGUF files; ends: what the
    engine adds around prompts.

    BOS and EOS that the engine adds take the place of those that the reference writes. Text needs the
    vocabulary alone; the weights are loaded only for a prompt with images.
    """

    def __init__(self, model: Path | None, projector: Path | None, ends: PromptEnds | None = None) -> None:
        self.model = model
        self.projector = projector
        self.ends = ends or PromptEnds()
        self._tokenizer: LocalTokenizer | None = None
        self._engine: LocalEngine | None = None

    def count(self, prompt: str, images: Sequence[bytes] = ()) -> int:
        """Tokens of a reference prompt with `[img-N]` tags: what prompt_eval_count should be.

        Raises MissingDependencyError where there is no llama.cpp, EngineError where it fails.
        """
        if self.model is None:
            raise UsageError(_NO_FILES)
        prompt = self.ends.to_send(prompt)
        if images:
            return self._engine_for(self.model).prompt_token_count(prompt, list(images))
        return len(self._tokenizer_for(self.model).tokenize(prompt))

    def spell(self, text: str) -> list[tuple[int, str]]:
        """The tokens of a text, with their texts; nothing where they cannot be asked for."""
        if self.model is None:
            return []
        try:
            return spell_out(text, self._tokenizer_for(self.model))
        except KitError:
            return []

    def close(self) -> None:
        """Ends the child processes."""
        for child in (self._tokenizer, self._engine):
            if child is not None:
                child.close()
        self._tokenizer = self._engine = None

    def _tokenizer_for(self, model: Path) -> LocalTokenizer:
        if self._tokenizer is None:
            self._tokenizer = open_tokenizer(model)
        return self._tokenizer

    def _engine_for(self, model: Path) -> LocalEngine:
        if self.projector is None:
            raise UsageError(_NO_FILES)
        if self._engine is None:
            self._engine = open_engine(model, self.projector)
        return self._engine
