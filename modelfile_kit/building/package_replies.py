"""The replies of a package's model by each of Ollama's readers."""

from __future__ import annotations

from ..huggingface import Reference
from ..ollama.prompt import PromptTemplate
from ..ollama.renderer_prompt import RendererPrompts
from ..ollama.reply_tokens import ReplyTokens
from ..package.package import Package
from ..replies.round_trip import Prompts, RoundTrip, Trip
from .sources import ModelTemplate, PackageFiles


def template_trip(
    package: Package, files: PackageFiles, reference: ModelTemplate, template: str, parser: str
) -> RoundTrip:
    """Every kind of reply to a TEMPLATE's prompts, read by its tags, or by the PARSER where one is named."""
    seen = PromptTemplate(template, target=package.target, family=files.header.architecture, parser=parser)
    return _own(seen, files, reference)


def renderer_trip(prompts: RendererPrompts, files: PackageFiles, reference: ModelTemplate) -> RoundTrip:
    """Every kind of reply to a renderer's prompts, read by its PARSER."""
    return _own(prompts, files, reference)


def _own(prompts: Prompts, files: PackageFiles, reference: ModelTemplate) -> RoundTrip:
    source = Reference(reference.text, bos_token=reference.bos_token, eos_token=reference.eos_token)
    tokens = ReplyTokens.of(files.vocabulary)
    return Trip.of(source, reference.eos_token, prompts, tokens).own()
