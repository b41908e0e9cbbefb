"""The weights of a parrot: one layer in which every neuron stands for one place in a reply.

The residual stream has blocks of 32 numbers. A token's embedding holds the code of the token and the code of
the reply that it calls for. Attention brings the codes of the seven tokens before, and the code of the
latest reply that any token of the prompt calls for. A neuron of the feed-forward part fires where all that
its `Rule` names is there, and writes the code of the next token, from which the output reads it. More
tokens of context write louder, so that of several rules the one that knows most wins.

Codes are words of the Reed-Muller code RM(2, 5) with signs for bits: they have 32 places and differ from
one another in 8 or more, so that a code agrees with itself by 32 and with another by 16 at most.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..gguf_file.float_tensor import FloatTensor
from ..micro.attention import Attention, Shape, filled, zeros
from .pieces import SEEN

BLOCK = 32
_OWN, _CALLED, _OUT, _MORE = (n * BLOCK for n in range(SEEN, SEEN + 4))
_CONSTANT, _RANK = _MORE, _MORE + 1
WIDTH = (SEEN + 4) * BLOCK

SHAPE = Shape(
    "llama", WIDTH, WIDTH // BLOCK, rotated=BLOCK, base=1e7, sections=None, post_norms=False, layers=1
)
CODES = 1 << 16
"""How many codes there are."""

REPLIES_MAX = 64
_FIRES = BLOCK - 16 - 8  # by how much a sum of agreements exceeds the threshold where all agree
_STEEP = 4.0
_LOUDER = 4.0
_CERTAIN = 100.0  # logits are some hundreds apart, so that no sampling takes another token
_BACK = 1000.0  # an attention score this strong falls by a hundred from one token to the next
_RANKED = 25.0  # so much more attention gets a reply that comes later in the list


@dataclass(frozen=True)
class Rule:
    """What is said where.

    reply: the number of the reply; context: the ids of the last tokens; empty: where nothing else is
    known, which begins the reply; say: the id of the next token.
    """

    reply: int
    context: tuple[int, ...]
    say: int


def codes(count: int) -> list[list[float]]:
    """The first codes, as rows of 32 signs."""
    ones = [1] * BLOCK
    points = [[place >> bit & 1 for place in range(BLOCK)] for bit in range(5)]
    pairs = [[a & b for a, b in zip(*both, strict=True)] for both in itertools.combinations(points, 2)]
    # A row as the bits of a number, so that a sum of rows in the field of two is an exclusive or.
    basis = [sum(bit << place for place, bit in enumerate(row)) for row in (*pairs, *points, ones)]
    words = (
        functools.reduce(operator.xor, (row for bit, row in enumerate(basis) if number >> bit & 1), 0)
        for number in range(count)
    )
    return [[-1.0 if word >> place & 1 else 1.0 for place in range(BLOCK)] for word in words]


def parrot_tensors(size: int, rules: Sequence[Rule], calls: Mapping[int, int]) -> dict[str, FloatTensor]:
    """All tensors under their GGUF names.

    size: of the vocabulary. calls: the number of the reply that a token calls for; where no token of the
    prompt calls for one, it is reply 0, and where several do, the highest number.
    """
    known = sorted({token for rule in rules for token in (*rule.context, rule.say)})
    number = {token: n for n, token in enumerate(known, start=1)}  # 0 are all other tokens
    table = codes(max(len(known) + 1, REPLIES_MAX))

    embeddings = zeros(size, WIDTH)
    embeddings[:, :BLOCK] = table[0]
    embeddings[:, _OWN : _OWN + BLOCK] = table[0]
    embeddings[:, _CONSTANT] = 1
    output = zeros(size, WIDTH)
    for token, n in number.items():
        embeddings[token, :BLOCK] = table[n]
        output[token, _OUT : _OUT + BLOCK] = [_CERTAIN * sign for sign in table[n]]
    for token, reply in calls.items():
        embeddings[token, _OWN : _OWN + BLOCK] = table[reply]
        embeddings[token, _RANK] = reply / REPLIES_MAX

    neurons = -(-len(rules) // BLOCK) * BLOCK
    gate, up, down = zeros(neurons, WIDTH), zeros(neurons, WIDTH), zeros(WIDTH, neurons)
    for n, rule in enumerate(rules):
        gate[n, _CALLED : _CALLED + BLOCK] = [_STEEP * sign for sign in table[rule.reply]]
        for back, token in enumerate(reversed(rule.context)):
            gate[n, back * BLOCK : (back + 1) * BLOCK] = [_STEEP * sign for sign in table[number[token]]]
        agreeing = BLOCK * (1 + len(rule.context))
        gate[n, _CONSTANT] = _STEEP * (_FIRES - agreeing)
        up[n, _CONSTANT] = 1 / (_STEEP * _FIRES)
        loud = _LOUDER ** (len(rule.context) - 1)
        down[_OUT : _OUT + BLOCK, n] = [loud * sign for sign in table[number[rule.say]]]

    # A norm divides by the root mean square of numbers that are all 1 or -1, as many in every token.
    return {
        "token_embd.weight": embeddings,
        "output.weight": output,
        "output_norm.weight": filled(WIDTH, 1),
        "blk.0.attn_norm.weight": filled(WIDTH, math.sqrt((2 * BLOCK + 1) / WIDTH)),
        "blk.0.ffn_norm.weight": filled(WIDTH, math.sqrt((_OUT + 1) / WIDTH)),
        "blk.0.ffn_gate.weight": gate,
        "blk.0.ffn_up.weight": up,
        "blk.0.ffn_down.weight": down,
        **_attention().tensors(0),
    }


def _attention() -> Attention:
    attention = Attention(SHAPE)
    for back in range(1, SEEN):
        attention.look_back(back, _block(0, back * BLOCK), steps=back, strength=_BACK)
    strength = _RANKED * REPLIES_MAX * math.sqrt(BLOCK)
    attention.look_for(SEEN, [(_RANK, 1)], _block(_OWN, _CALLED), strength=strength)
    return attention


def _block(source: int, target: int) -> list[tuple[int, int]]:
    return [(source + i, target + i) for i in range(BLOCK)]
