"""Model and projector: what a file is, what fits, what to take. The names to use, from where they live."""

from .choose import ProjectorChoice, find_projector
from .describe import Description, ProjectorFacts, VocabularyFacts, describe
from .pairing import (
    FileKind,
    check_pair,
    classify,
    has_rope_sections,
    input_width,
    projection_width,
    projector_type,
)
from .projector_types import PROJECTOR_TYPES, ProjectorType
from .split import Split, check_split, split_of

__all__ = [
    "PROJECTOR_TYPES",
    "Description",
    "FileKind",
    "ProjectorChoice",
    "ProjectorFacts",
    "ProjectorType",
    "Split",
    "VocabularyFacts",
    "check_pair",
    "check_split",
    "classify",
    "describe",
    "find_projector",
    "has_rope_sections",
    "input_width",
    "projection_width",
    "projector_type",
    "split_of",
]
