"""Writes docs/renderers.md: Ollama's renderers beside chat templates of their families.

    python -m tools.renderer_pairs FOLDER

FOLDER holds `index.json` and `templates/` with chat templates of models, which are not part of the kit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from modelfile_kit import compile_template
from modelfile_kit.huggingface import Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.ollama.versions import Target
from modelfile_kit.prover.native import kinds_of
from modelfile_kit.prover.renderer import RendererProof, prove_renderer
from modelfile_kit.replies.round_trip import ASPECTS, Trip
from modelfile_kit.replies.spoken import spoken_replies

PAGE = Path(__file__).resolve().parents[1] / "docs" / "renderers.md"
TARGET = "0.34.4"
KINDS = ("chat", "tools", "thinking")
# Renderer, its parser, the chat template.
PAIRS = (
    ("qwen3-coder", "qwen3-coder", "Qwen3-Coder"),
    ("qwen3-coder", "qwen3-coder", "lib_qwen3-coder_30b"),
    ("qwen3-vl-instruct", "qwen3-vl-instruct", "Qwen-Qwen2.5-7B-Instruct"),
    ("qwen3-vl-thinking", "qwen3-vl-thinking", "Qwen-Qwen3-0.6B"),
    ("deepseek3.1", "deepseek3", "deepseek-ai-DeepSeek-V3.1"),
    ("gemma4-large", "gemma4", "google-gemma-4-31B-it-interleaved"),
    ("gemma4-small", "gemma4", "google-gemma-4-31B-it-interleaved"),
    ("glm-4.7", "glm-4.7", "GLM-4.6"),
    ("glm-ocr", "glm-ocr", "GLM-4.6"),
    ("glm-ocr", "glm-ocr", "GLM-4.1V-9B-Thinking"),
    ("lfm2", "lfm2", "LFM2-8B-A1B"),
    ("lfm2", "lfm2", "LFM2.5-Instruct"),
    ("laguna", "laguna", "poolside-Laguna-S-2.1"),
    ("poolside-v1", "poolside-v1", "poolside-Laguna-S-2.1"),
    ("nemotron-3-nano", "nemotron-3-nano", "NVIDIA-Nemotron-Nano-v2"),
    ("cohere", "cohere", "CohereForAI-c4ai-command-r7b-12-2024-tool_use"),
    ("glimmer", "glimmer", "muse-glimmer"),
)
HEAD = f"""\
# Renderers of Ollama beside chat templates of their families

Made by `tools/renderer_pairs.py` with Ollama {TARGET}. A renderer is a copy of one version of a chat
template, so a RENDERER is only right where it is proven for the model's own. Each pair was proven as `build`
does it ([modes.md](modes.md)); neither the templates nor Ollama's renderers are part of the kit.

*exact*: no conversation differs. Else two counts: how many conversations of the proof are right by the
renderer, and by the compiled TEMPLATE. *-*: the chat template has no such conversations. Replies are read by
the PARSER of the renderer, in pieces of every size.

| RENDERER | chat template | chat | tools | thinking | answers read | thoughts read | calls read |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


class _Source(NamedTuple):
    text: str
    bos_token: str | None
    eos_token: str | None


def rows(folder: Path, pairs: Sequence[tuple[str, str, str]] = PAIRS) -> Iterator[str]:
    """The rows of the table."""
    listed = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    index = {Path(entry["file"]).stem: entry for entry in listed}
    for renderer, parser, name in pairs:
        entry = index[name]
        text = (folder / entry["file"]).read_text(encoding="utf-8")
        prompts = RendererPrompts(renderer, parser=parser, target=Target.parse(TARGET))
        # Some chat templates were published without their vocabulary: BOS is then the renderer's.
        source = _Source(text, prompts.bos or entry.get("bos_token") or "", entry.get("eos_token") or "")
        tokens = {"bos_token": source.bos_token or "", "eos_token": source.eos_token or ""}
        compiled = compile_template(text, **tokens, target=TARGET)
        kinds = [k for k in kinds_of(text, images=False) if k in KINDS]
        template = PromptTemplate(compiled.template, target=TARGET)
        proof = prove_renderer(source, [prompts], kinds, template=template)
        written = spoken_replies(
            Reference(text, bos_token=source.bos_token, eos_token=source.eos_token), source.eos_token
        )
        replies = Trip(written, prompts).own().replies
        cells = [renderer, name, *(_cell(proof, k) for k in KINDS)]
        cells += [replies[a].replace("absent", "-") for a in ASPECTS]
        yield "| " + " | ".join(cells) + " |"


def _cell(proof: RendererProof, kind: str) -> str:
    state = proof.coverage[kind]
    if state in ("exact", "absent"):
        return "exact" if state == "exact" else "-"
    count = proof.counts.get(kind)
    return f"{count.native} and {count.template} of {count.of}" if count else state


def page(folder: Path) -> str:
    """The whole page."""
    return HEAD + "\n".join(rows(folder)) + "\n"


def main() -> None:
    """Writes it."""
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
