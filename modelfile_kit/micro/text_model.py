"""The text half: every weight follows from what the model shall notice and say.

How it works, layer by layer (the residual stream holds named features, see `Feature`):

1. Embeddings mark the tokens that matter; images arrive marked, with their mean colour.
2. The first attention tells each token its predecessor, the colour of the latest image, whether there
   is a user turn, and whether the template wrote image marks that the engine writes itself. Its
   feed-forward part weighs second samples of a colour.
3. The second attention checks the prefix (there, and only once, at the very start) and looks for a
   doubled begin-of-image mark. In its feed-forward part one neuron stands for one `Rule` and fires
   when all that the rule asks for is there.
4. The output head turns a firing rule into its token. If none fires, the answer is `LOST`: a wrong
   prompt shows.

Norms would mix all features. The constant `K` in feature CONSTANT is so much larger than the rest that
dividing by the root mean square is, within 0.1 %, dividing by a fixed number, which the norm's weight
undoes.
"""

from __future__ import annotations

import math
from enum import IntEnum, auto

from ..gguf_file.float_tensor import FloatTensor
from .answers import COLOURS, DARKER, LOST, Rule, spell
from .attention import Attention, Shape, filled, zeros
from .tokens import MicroVocabulary

K = 64.0

GLM = Shape("glm4", width=128, heads=4, rotated=16, base=10000.0, sections=(6, 1, 1, 0), post_norms=True)
"""GLM-4.1V-9B in small: half of every head is rotated. More pairs follow time than in the real one,
slow ones too, so that the latest image can be preferred without preferring its right edge."""

GLM_WITHOUT_SECTIONS = Shape("glm4", 128, 4, rotated=16, base=10000.0, sections=None, post_norms=True)
"""The same as converted before vision support: text works, an image stops llama.cpp."""

LLAMA = Shape("llama", width=128, heads=4, rotated=32, base=1e7, sections=None, post_norms=False)
"""A text-only model; llama.cpp rotates whole heads there, so the slowest pair stands still enough."""

NEURONS = 32


class Feature(IntEnum):
    """Which dimension of the residual stream means what. Further ones are given out as needed."""

    CONSTANT = 0
    # of a token itself
    PICTURE = auto()
    RED = auto()
    GREEN = auto()
    BLUE = auto()
    NEWLINE = auto()
    ASSISTANT = auto()
    USER = auto()
    PREFIX = auto()
    BEGIN = auto()
    MARK = auto()
    # gathered by attention
    AFTER_ASSISTANT = auto()
    AFTER_PREFIX = auto()
    AFTER_BEGIN = auto()
    SEES = auto()
    SEEN_RED = auto()
    SEEN_GREEN = auto()
    SEEN_BLUE = auto()
    HAS_USER = auto()
    HAS_MARK = auto()
    PREFIX_ONCE = auto()
    DOUBLED = auto()
    FREE = auto()


_FLAGGED_TOKENS = (
    ("\n", Feature.NEWLINE),
    ("<|assistant|>", Feature.ASSISTANT),
    ("<|user|>", Feature.USER),
    ("[gMASK]", Feature.PREFIX),
    ("<|begin_of_image|>", Feature.BEGIN),
    ("<|image|>", Feature.MARK),
)
_SEEN = [Feature.SEEN_RED, Feature.SEEN_GREEN, Feature.SEEN_BLUE]

# a neuron's gate is this steep, so that silu is as good as a hard threshold
_STEEP = 200.0


def text_tensors(
    vocabulary: MicroVocabulary, rules: tuple[Rule, ...], shape: Shape
) -> dict[str, FloatTensor]:
    """All tensors of the text model under their GGUF names; shapes are (rows, columns) = (out, in)."""
    before = sorted({r.after for r in rules if r.after is not None})
    state = {text: Feature.FREE + i for i, text in enumerate(before)}
    darker = {word: Feature.FREE + len(state) + i for i, word in enumerate(DARKER)}
    fired = {rule: Feature.FREE + len(state) + len(darker) + i for i, rule in enumerate(rules)}
    assert max(fired.values()) < shape.width
    assert len(rules) < NEURONS

    straight = filled(shape.width, K / math.sqrt(shape.width))
    tensors = {
        "token_embd.weight": _embeddings(vocabulary, state, shape),
        "output_norm.weight": straight,
        "output.weight": _head(vocabulary, fired, darker, shape),
    }
    feed_forwards = (_weigh_colours(darker, shape), _apply_rules(fired, state, shape))
    for layer, (attention, feed_forward) in enumerate(
        zip((_gather(shape), _check(shape)), feed_forwards, strict=True)
    ):
        tensors |= attention.tensors(layer) | feed_forward.tensors(layer)
        for norm in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{norm}.weight"] = straight
        if shape.post_norms:
            after = straight.copy()
            after[Feature.CONSTANT] = 0  # the constant was only lent
            for norm in ("post_attention_norm", "post_ffw_norm"):
                tensors[f"blk.{layer}.{norm}.weight"] = after
    return tensors


def _embeddings(vocabulary: MicroVocabulary, state: dict[str, int], shape: Shape) -> FloatTensor:
    table = zeros(len(vocabulary), shape.width)
    table[:, Feature.CONSTANT] = K
    for text, flag in _FLAGGED_TOKENS:
        table[vocabulary.id_of(text), flag] = 1
    for text, feature in state.items():
        for token in spell(text).values():
            table[vocabulary.id_of(token), feature] = 1
    return table


def _gather(shape: Shape) -> Attention:
    f, attention = Feature, Attention(shape)
    attention.look_back(
        0, [(f.ASSISTANT, f.AFTER_ASSISTANT), (f.BEGIN, f.AFTER_BEGIN), (f.PREFIX, f.AFTER_PREFIX)]
    )
    colours = list(zip((f.RED, f.GREEN, f.BLUE), _SEEN, strict=True))
    # The flag must outweigh the preference, and the sum of both stay far below 65504: some backends
    # add up scores in half precision.
    attention.look_for(1, [(f.PICTURE, 1)], [(f.PICTURE, f.SEES), *colours], strength=20000)
    if shape.sections:
        slowest = shape.sections[0] - 1  # of the pairs that follow time: falls for 870 positions
        attention.prefer_the_latest(1, slowest, strength=8000)
    attention.look_for(2, [(f.USER, 1)], [(f.USER, f.HAS_USER)])
    attention.look_for(3, [(f.MARK, 1)], [(f.MARK, f.HAS_MARK)])
    return _closed(attention)


def _check(shape: Shape) -> Attention:
    f, attention = Feature, Attention(shape)
    # The first token has no predecessor and sees itself there: only a prefix at the very start follows
    # a prefix. A second prefix further on halves the mean.
    attention.look_for(0, [(f.PREFIX, 1)], [(f.AFTER_PREFIX, f.PREFIX_ONCE)])
    attention.look_for(1, [(f.BEGIN, 1), (f.AFTER_BEGIN, 0.5)], [(f.AFTER_BEGIN, f.DOUBLED)])
    return _closed(attention)


def _closed(attention: Attention) -> Attention:
    if attention.shape.post_norms:
        attention.write_constant(Feature.CONSTANT, K)
    return attention


class _FeedForward:
    """Neurons that fire above a threshold: silu(steep · sum) · 1 ≈ max(0, steep · sum)."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.gate = zeros(NEURONS, shape.width)
        self.up = zeros(NEURONS, shape.width)
        self.down = zeros(shape.width, NEURONS)
        self.up[:, Feature.CONSTANT] = 1 / K
        if shape.post_norms:  # neuron 0: always on
            self.gate[0, Feature.CONSTANT] = 20 / K
            self.down[Feature.CONSTANT, 0] = K / 20

    def neuron(self, n: int, weights: dict[int, float], bias: float, target: int, scale: float = 1.0) -> None:
        """target += scale · max(0, Σ weight · feature + bias)"""
        for feature, weight in weights.items():
            self.gate[n, feature] = _STEEP * weight
        self.gate[n, Feature.CONSTANT] = _STEEP * bias / K
        self.down[target, n] = scale / _STEEP

    def tensors(self, layer: int) -> dict[str, FloatTensor]:
        name = f"blk.{layer}.ffn_"
        if self.shape.architecture == "llama":
            first = {name + "gate.weight": self.gate, name + "up.weight": self.up}
        else:  # glm4 keeps both in one tensor, the gate first
            first = {name + "up.weight": self.gate.above(self.up)}
        return {**first, name + "down.weight": self.down}


def _weigh_colours(darker: dict[str, int], shape: Shape) -> _FeedForward:
    """How much nearer the darker sample of a colour is than its first, if it is."""
    layer = _FeedForward(shape)
    for n, (word, target) in enumerate(darker.items(), start=1):
        direction, bias = nearness(DARKER[word])
        first, first_bias = nearness(COLOURS[word])
        weights: dict[int, float] = {
            feature: a - b for feature, a, b in zip(_SEEN, direction, first, strict=True)
        }
        layer.neuron(n, weights, bias - first_bias, target)
    return layer


def _apply_rules(fired: dict[Rule, int], state: dict[str, int], shape: Shape) -> _FeedForward:
    f, layer = Feature, _FeedForward(shape)
    for n, (rule, target) in enumerate(fired.items(), start=1):
        needs: dict[int, float]
        if rule.after is None:
            needs = {f.NEWLINE: 1.0, f.AFTER_ASSISTANT: 1.0, f.PREFIX_ONCE: 1.0, f.HAS_USER: 1.0}
            if rule.image:
                needs |= {f.DOUBLED: -1.0, f.HAS_MARK: -1.0}
        else:
            needs = {state[rule.after]: 1.0}
        if rule.image is not None:
            needs[f.SEES] = 1.0 if rule.image else -1.0
        # all there: +1/4; one missing, or half there: -1/4 and less
        layer.neuron(n, needs, 0.25 - sum(w for w in needs.values() if w > 0), target, scale=4)
    return layer


def _head(
    vocabulary: MicroVocabulary, fired: dict[Rule, int], darker: dict[str, int], shape: Shape
) -> FloatTensor:
    """Logits: the token of the firing rule is the only one above zero, so no sampling setting matters."""
    decisive, colour_weight = 12000.0, 600.0
    table = zeros(len(vocabulary), shape.width)
    table[:, Feature.CONSTANT] = -decisive / 2 / K
    table[vocabulary.id_of(LOST), Feature.CONSTANT] = -decisive / 8 / K
    coloured: set[int] = set()
    for rule, feature in fired.items():
        for word, token in spell(rule.say).items():
            row = vocabulary.id_of(token)
            table[row, feature] = decisive
            if word and row not in coloured:
                coloured.add(row)
                direction, bias = nearness(COLOURS[word])
                table[row, _SEEN] = [colour_weight * part for part in direction]
                table[row, Feature.CONSTANT] += colour_weight * bias / K
                if word in darker:
                    table[row, darker[word]] = colour_weight
    return table


def nearness(colour: tuple[int, int, int]) -> tuple[list[float], float]:
    """(w, b) so that w · x + b grows as x comes nearer to the colour: |x|² − |x − colour|²."""
    c = FloatTensor(3)
    c[:] = [part / 255 for part in colour]
    return [2 * part for part in c], -sum(part * part for part in c)
