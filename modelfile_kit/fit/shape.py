"""The numbers of a model that its memory follows from, layer by layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..gguf_file.arrays import NumberArray, StringArray
from ..gguf_file.header import Header
from ..gguf_file.tensors import TensorInfo
from .architectures import (
    BOTH,
    BY_GROUPS,
    BY_INTERVAL,
    KNOWN,
    OTHER_CACHE,
    RECURRENT,
    WINDOWS,
    WITHOUT_CACHE,
)

_LAYER = re.compile(r"blk\.(\d+)\.(.+)")
MAX_LAYERS = 1024
"""llama.cpp's LLAMA_MAX_LAYERS is 512 (llama-hparams.h)."""


@dataclass(frozen=True)
class Layer:
    """One layer. heads, groups: query and key-value heads; key, value: numbers of a head in the cache.

    attends: whether it has a cache of keys and values of its own; window: whether only for the last tokens;
    recurs: whether it has a state of fixed size; tensors: shapes by name without `blk.N.`, as in the file.
    """

    heads: int
    groups: int
    key: int
    value: int
    attends: bool
    window: bool
    recurs: bool
    tensors: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Shape:
    """A model. width: numbers of a token; window: tokens that a sliding window keeps; latent: whether keys
    and values are one (MLA); convolution, state: numbers of a recurrent layer for one conversation.

    unknown: why cache and compute buffers cannot be given, "" if they can.
    """

    architecture: str
    width: int
    vocabulary: int
    trained: int | None
    layers: tuple[Layer, ...]
    window: int
    latent: bool
    convolution: int
    state: int
    unknown: str = ""
    experts: int = 0
    experts_used: int = 0
    deep_layers: int = 0
    outside: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes of the tensors that belong to no layer."""

    @cached_property
    def tied(self) -> bool:
        """Whether the output is computed with the embeddings."""
        return "output.weight" not in self.outside


def shape_of(header: Header, tensors: tuple[TensorInfo, ...]) -> Shape:
    """What a header says. tensors: of all parts of the model. It raises nothing: what is missing is
    `unknown`."""
    read = _Reader(header)
    by_layer: dict[int, dict[str, tuple[int, ...]]] = {}
    outside: dict[str, tuple[int, ...]] = {}
    for tensor in tensors:
        if found := _LAYER.fullmatch(tensor.name):
            by_layer.setdefault(int(found[1]), {})[found[2]] = four_dimensions(tensor.shape)
        else:
            outside[tensor.name] = four_dimensions(tensor.shape)
    count = (read.number("block_count") or 0) - (read.number("nextn_predict_layers") or 0)
    unknown = _why_unknown(read, count)
    embeddings = outside.get("token_embd.weight", (0, 0, 1, 1))
    window = _window(read, count)
    layers = () if unknown else tuple(_layer(read, n, count, by_layer.get(n, {})) for n in range(count))
    return Shape(
        architecture=header.architecture,
        width=read.number("embedding_length") or 0,
        vocabulary=_vocabulary(header) or embeddings[1],
        trained=read.number("context_length"),
        layers=layers,
        window=window,
        latent=bool(read.number("attention.key_length_mla")),
        convolution=0 if unknown else _convolution(read),
        state=0 if unknown else _state(read),
        unknown=unknown,
        experts=read.number("expert_count") or 0,
        experts_used=min(read.number("expert_used_count") or 0, 1024),
        deep_layers=min(read.number("n_deepstack_layers") or 0, 64),
        outside=outside,
    )


def four_dimensions(shape: tuple[int, ...]) -> tuple[int, ...]:
    """As ggml has them: those that the file leaves out are 1."""
    return (*shape, *(1,) * (4 - len(shape)))


class _Reader:
    """The architecture's own keys; a number that stands for every layer can be a list."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.architecture = header.architecture

    def number(self, key: str, layer: int = 0) -> int | None:
        value = self.header.metadata.get(self.header.own(key))
        if isinstance(value, NumberArray):
            value = value[layer] if layer < len(value) else None
        if isinstance(value, bool):
            return int(value)
        return value if isinstance(value, int) and 0 <= value < 2**40 else None

    def listed(self, key: str) -> NumberArray | None:
        value = self.header.metadata.get(self.header.own(key))
        return value if isinstance(value, NumberArray) else None


def _why_unknown(read: _Reader, count: int) -> str:
    architecture = read.architecture
    if not architecture:
        return "the file names no architecture"
    if architecture in OTHER_CACHE:
        return f"{architecture} has {OTHER_CACHE[architecture]}, which modelfile-kit does not compute"
    if architecture not in KNOWN:
        return f"modelfile-kit does not know the architecture {architecture}"
    missing = [key for key in ("block_count", "embedding_length") if not read.number(key)]
    if architecture not in RECURRENT and read.number("attention.head_count") is None:
        missing.append("attention.head_count")
    if missing:
        return f"the file lacks {', '.join(f'{architecture}.{key}' for key in missing)}"
    if not 0 < count <= MAX_LAYERS:
        return f"the file claims {count:,} layers, llama.cpp takes 1 to 512"
    return ""


def _vocabulary(header: Header) -> int:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return len(tokens) if isinstance(tokens, StringArray) else 0


def _window(read: _Reader, count: int) -> int:
    rule = WINDOWS.get(read.architecture)
    if rule is None or (rule.layers and rule.layers != count):
        return 0
    said = read.number("attention.sliding_window")
    return rule.length if said is None else said


def _has_window(read: _Reader, layer: int, count: int) -> bool:
    rule = WINDOWS.get(read.architecture)
    if rule is None or not _window(read, count):
        return False
    pattern = "attention.sliding_window_pattern"
    if (listed := read.listed(pattern)) is not None:
        return layer < len(listed) and bool(listed[layer])
    if rule.listed:
        return False
    period = read.number(pattern)
    period = rule.period if period is None else period
    if period == 0:
        return True
    return layer % period != 0 if rule.first else layer % period < period - 1


def _layer(read: _Reader, n: int, count: int, tensors: Mapping[str, tuple[int, ...]]) -> Layer:
    heads = read.number("attention.head_count", n) or 0
    groups = read.number("attention.head_count_kv", n)
    groups = heads if groups is None else groups
    window = _has_window(read, n, count)
    first = read.number("attention.head_count") or 0
    usual = (read.number("embedding_length") or 0) // first if first else 0
    key = read.number("attention.key_length")
    value = read.number("attention.value_length")
    key, value = usual if key is None else key, usual if value is None else value
    if window:
        key = read.number("attention.key_length_swa") or key
        value = read.number("attention.value_length_swa") or value
    recurs = _recurs(read, n, groups)
    attends = _attends(read, n, count, recurs=recurs)
    return Layer(heads, groups, key, value, attends, window and attends, recurs, tensors)


def _recurs(read: _Reader, n: int, groups: int) -> bool:
    architecture = read.architecture
    if architecture in RECURRENT or architecture in BOTH:
        return True
    if architecture.startswith("nemotron_h"):
        return groups == 0 and not read.number("feed_forward_length", n)
    if architecture in BY_GROUPS:
        return groups == 0
    if architecture in BY_INTERVAL:
        if (listed := read.listed("attention.recurrent_layers")) is not None:
            return n < len(listed) and bool(listed[n])
        return (n + 1) % (read.number("full_attention_interval") or 4) != 0
    return False


def _attends(read: _Reader, n: int, count: int, *, recurs: bool) -> bool:
    architecture = read.architecture
    if architecture in RECURRENT or architecture in WITHOUT_CACHE:
        return False
    if recurs and architecture not in BOTH:
        return False
    if architecture == "gemma3n":
        return n < 20  # a number fixed in llama.cpp; the layers behind share what these keep
    if architecture == "gemma4":
        return n < count - (read.number("attention.shared_kv_layers") or 0)
    if architecture.startswith("nemotron_h"):
        return not recurs and not read.number("feed_forward_length", n)
    return True


def _convolution(read: _Reader) -> int:
    """llama-hparams.cpp, n_embd_r."""
    width = read.number("embedding_length") or 0
    if read.number("wkv.head_size"):
        usual = 1 if read.architecture in ("rwkv6qwen2", "arwkv7") else 2
        return (read.number("token_shift_count") or usual) * width
    if length := read.number("shortconv.l_cache"):
        return width * (length - 1)
    kernel = read.number("ssm.conv_kernel") or 0
    if head := read.number("kda.head_dim"):
        return 3 * (kernel - 1 if kernel else 3) * (read.number("attention.head_count") or 0) * head
    inner, state = read.number("ssm.inner_size") or 0, read.number("ssm.state_size") or 0
    return max(kernel - 1, 0) * (inner + 2 * (read.number("ssm.group_count") or 0) * state)


def _state(read: _Reader) -> int:
    """llama-hparams.cpp, n_embd_s."""
    if size := read.number("wkv.head_size"):
        return (read.number("embedding_length") or 0) * size
    heads = read.number("attention.head_count") or 0
    if head := read.number("kda.head_dim"):
        return head * head * heads
    if read.architecture == "minimax-01":
        head = read.number("attention.key_length") or 0
        return head * head * heads
    return (read.number("ssm.state_size") or 0) * (read.number("ssm.inner_size") or 0)
