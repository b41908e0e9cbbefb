"""What a model remembers of a conversation: keys and values of attention, states of recurrent layers."""

from __future__ import annotations

from .settings import Settings, cache_bytes
from .shape import Layer, Shape


def cells_of(layer: Layer, shape: Shape, settings: Settings) -> int:
    """For how many tokens a layer keeps keys and values, in one cache.

    Source: llama-kv-cache-iswa.cpp (October 2026): the window and the tokens computed at once, padded to
    256.
    """
    cells = settings.cells
    if not layer.window or settings.window_full:
        return cells
    windows = shape.window * (settings.slots if settings.unified else 1)
    batch = min(settings.batch, cells * settings.streams)
    return -(-min(cells, windows + batch) // 256) * 256


def attention_bytes(layer: Layer, shape: Shape, settings: Settings) -> int:
    """Keys and values of one layer. MLA keeps keys only, which hold the values."""
    if not layer.attends:
        return 0
    cells = cells_of(layer, shape, settings) * settings.streams
    keys = cache_bytes(settings.cache_type, layer.key * layer.groups)
    if shape.latent:
        return cells * keys
    # Without flash attention values are kept transposed, and every layer has rows of the widest.
    rows = layer.value * layer.groups
    if not settings.flash_attention:
        rows = max(other.value * other.groups for other in shape.layers)
    return cells * (keys + cache_bytes(settings.cache_type, rows))


def state_bytes(layer: Layer, shape: Shape, settings: Settings) -> int:
    """The state of one recurrent layer, of every conversation at once, 32 bits a number."""
    return 4 * (shape.convolution + shape.state) * settings.slots if layer.recurs else 0
