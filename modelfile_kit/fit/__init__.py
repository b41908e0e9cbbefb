"""How much memory a model takes: weights, cache, compute buffers, by device; and the context that fits.

Everything comes from the header alone, and from what llama.cpp does with it: the same file and the same
settings give the same numbers on every machine.
"""

from .estimate import Device, Estimate, estimate, estimate_shape
from .settings import Settings
from .sources import Model, open_model

__all__ = ["Device", "Estimate", "Model", "Settings", "estimate", "estimate_shape", "open_model"]
