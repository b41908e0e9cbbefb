"""Attention heads written by hand: what a head looks for and what it carries to the reader.

All positions and angles are those of rotary position embedding: at position p, pair i of the rotated
dimensions is turned by p · base^(-2i/rotated).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..gguf_file.float_tensor import FloatTensor


def zeros(*shape: int) -> FloatTensor:
    """Weights that do nothing, to write into."""
    return FloatTensor(*shape)


def filled(size: int, value: float) -> FloatTensor:
    """A vector of one value."""
    return FloatTensor(size, value=value)


@dataclass(frozen=True)
class Shape:
    """The measures of a text model.

    width: of the residual stream; heads × head_size = width, as in the real model (and as every
    llama.cpp that checks the attention biases against the width needs it).
    rotated: how many dimensions of a head are rotated, in pairs.
    sections: pairs that follow the time, row, column (and an unused fourth) position of M-RoPE; None
    for the plain rotary embedding.
    halves: whether pair i is (i, i + rotated/2), as llama.cpp's M-RoPE wants it, or (2i, 2i + 1), as its
    plain rotary embedding for these architectures does.
    post_norms: whether what attention and feed-forward return is normalised before it is added (glm4).
    """

    architecture: str
    width: int
    heads: int
    rotated: int
    base: float
    sections: tuple[int, int, int, int] | None
    post_norms: bool
    context: int = 65536
    layers: int = 2

    @property
    def head_size(self) -> int:
        return self.width // self.heads

    @property
    def halves(self) -> bool:
        return self.sections is not None

    def pair(self, i: int) -> tuple[int, int]:
        """The two dimensions of a head that are rotated together as pair i."""
        return (i, i + self.rotated // 2) if self.halves else (2 * i, 2 * i + 1)

    def angle(self, i: int) -> float:
        """Radians that pair i is turned by from one position to the next."""
        return float(self.base ** (-2 * i / self.rotated))

    @property
    def still(self) -> int:
        """A dimension of a head that position leaves alone, or the one that it turns least."""
        return self.rotated if self.rotated < self.head_size else self.pair(self.rotated // 2 - 1)[0]


@dataclass
class Attention:
    """The weights of one layer's attention, empty until heads are written into it."""

    shape: Shape
    q: FloatTensor = field(init=False)
    k: FloatTensor = field(init=False)
    v: FloatTensor = field(init=False)
    out: FloatTensor = field(init=False)
    q_bias: FloatTensor = field(init=False)
    k_bias: FloatTensor = field(init=False)
    v_bias: FloatTensor = field(init=False)

    def __post_init__(self) -> None:
        width = self.shape.width
        self.q, self.k, self.v, self.out = (zeros(width, width) for _ in range(4))
        self.q_bias, self.k_bias, self.v_bias = (zeros(width) for _ in range(3))

    def look_back(
        self, head: int, carry: Sequence[tuple[int, int]], *, steps: int = 1, strength: float = 250.0
    ) -> None:
        """Looks at the token that is so many steps before the reader.

        Query pairs point along the first axis, key pairs so many steps further, so that after rotation the
        score is strength · Σ cos((distance − steps) · angle), largest at that distance. Where there is no
        such token it looks at others; the first token looks at itself.
        """
        start = head * self.shape.head_size
        for i in range(self.shape.rotated // 2):
            a, b = self.shape.pair(i)
            self.q_bias[start + a] = math.sqrt(strength)
            self.k_bias[start + a] = math.sqrt(strength) * math.cos(steps * self.shape.angle(i))
            self.k_bias[start + b] = math.sqrt(strength) * math.sin(steps * self.shape.angle(i))
        self._carry(head, carry)

    def look_for(
        self,
        head: int,
        flags: Sequence[tuple[int, float]],
        carry: Sequence[tuple[int, int]],
        *,
        strength: float = 500.0,
    ) -> None:
        """Looks at all tokens with the highest weighted sum of features, wherever they are.

        If no token has any, it looks at all tokens alike.
        """
        still = head * self.shape.head_size + self.shape.still
        self.q_bias[still] = math.sqrt(strength)
        for feature, weight in flags:
            self.k[still, feature] = math.sqrt(strength) * weight
        self._carry(head, carry)

    def prefer_the_latest(self, head: int, pair: int, *, strength: float, phase: float = 0.4) -> None:
        """Makes a head that looks for flags favour those that come later.

        Adds strength · cos(distance · angle + phase), which falls with distance for (π − phase) / angle
        positions.
        """
        start = head * self.shape.head_size
        a, b = self.shape.pair(pair)
        self.q_bias[start + a] = math.sqrt(strength)
        self.k_bias[start + a] = math.sqrt(strength) * math.cos(phase)
        self.k_bias[start + b] = -math.sqrt(strength) * math.sin(phase)

    def write_constant(self, feature: int, value: float) -> None:
        """Adds a constant to what this layer returns, so that the norm behind it is close to linear."""
        slot = self.shape.head_size - 1  # the last value dimension of head 0, which carries nothing else
        self.v_bias[slot] = 1
        self.out[feature, slot] = value

    def tensors(self, layer: int) -> dict[str, FloatTensor]:
        """The weights under their GGUF names."""
        name = f"blk.{layer}.attn_"
        return {
            name + "q.weight": self.q,
            name + "q.bias": self.q_bias,
            name + "k.weight": self.k,
            name + "k.bias": self.k_bias,
            name + "v.weight": self.v,
            name + "v.bias": self.v_bias,
            name + "output.weight": self.out,
        }

    def _carry(self, head: int, carry: Sequence[tuple[int, int]]) -> None:
        start = head * self.shape.head_size
        for slot, (source, target) in enumerate(carry):
            self.v[start + slot, source] = 1
            self.out[target, start + slot] = 1
