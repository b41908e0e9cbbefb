"""The graph of one forward pass, as llama.cpp builds it, from the tensors that the file has.

What a layer computes is told from the names of its tensors, so that one description serves most
architectures. Order and sizes are those of llama.cpp of October 2026 (src/llama-graph.cpp, src/models/*.cpp);
numbers are of 32 bits, masks of 16 with flash attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .cache import cells_of
from .devices import Part as Device
from .graph import Graph, Part, Result
from .settings import CACHE_TYPES, Settings
from .shape import Layer, Shape


def compute_bytes(shape: Shape, settings: Settings, part: Device, copies: int = 1) -> int:
    """Bytes of the compute buffer of a device.

    copies: how often it holds what is given to it, for several batches at once.
    """
    work = _Pass(shape, settings, copies)
    work.begin(part)
    for number, layer in enumerate(part.layers):
        work.layer(layer, last=part.output and number == len(part.layers) - 1)
    if part.output:
        work.end()
    return work.graph.peak()


RESIDUAL_FIRST = frozenset({"lfm2", "lfm2moe"})
"""They add what a layer computes to what came in, not the other way round, which leaves it in its place."""

KEYS_FIRST = frozenset({"gemma", "gemma2", "gemma3", "gemma3n", "gemma4", "gpt-oss"})


@dataclass
class _Pass:
    shape: Shape
    settings: Settings
    copies: int
    graph: Graph = field(default_factory=Graph)
    masks: dict[bool, Result] = field(default_factory=dict)
    places: list[Result] = field(default_factory=list)
    rotations: list[Result] = field(default_factory=list)
    first_value: Result | None = None
    looked_up: Result | None = None
    embedded: Result | None = None
    by_layer: Result | None = None

    def __post_init__(self) -> None:
        self.tokens = self.settings.tokens
        self.row = 4 * self.tokens
        self.width = self.shape.width * self.row
        self.op = self.graph.op

    # -- beginning and end ----------------------------------------------------------------------------

    def begin(self, part: Device) -> None:
        """What is given: tokens or the result of the device before, positions, masks.

        The CPU holds everything, also what it only hands on.
        """
        if not (part.input or part.layers or part.output):
            return
        layers = self.shape.layers if part.input else part.layers
        ids = self._given(4 * self.tokens) if part.input else None
        if part.input:
            # Embeddings in the place of tokens, as of an image.
            self._given(self.width * (1 + self.shape.deep_layers))
            self.residual = self.op(self.width, ids)
        else:
            self.residual = self._given(self.width)
            if 0 not in part.numbers:
                self._given(self.width)  # the device before has begun the next layer's norm
        self.positions = self._given(4 * self.tokens)
        for window in sorted({layer.window for layer in layers if layer.attends}):
            layer = next(layer for layer in layers if layer.attends and layer.window == window)
            self.places += [self._given(8 * self.tokens), self._given(self._value_places(layer))]
            cells = cells_of(layer, self.shape, self.settings)
            number = 2 if self.settings.flash_attention else 4
            self.masks[window] = self._given(number * cells * self.tokens)
        if self._rotates:
            self.rotations = [self._given(4 * 128 * 128), self._given(4 * 64 * 64)]
        self.out_ids = self._given(4 * self.settings.rows)
        for name in ("token_embd_norm.weight", "position_embd.weight"):
            if name in self.shape.outside and part.input:
                self.residual = self.op(self.width, self.residual, over=True)
        if part.input:
            self._look_up_by_layer()

    def _given(self, size: int) -> Result:
        for _ in range(self.copies - 1):
            self.graph.input(size)
        given = self.graph.input(size)
        given.uses += self.copies > 1  # several copies are kept until the end
        return given

    def end(self) -> None:
        rows = self.settings.rows
        normed = self._norm(self.residual, 4 * self.shape.width * rows)
        self.op(4 * self.shape.vocabulary * rows, normed)

    def _value_places(self, layer: Layer) -> int:
        """Without flash attention values are stored number by number."""
        return 8 * self.tokens * (1 if self.settings.flash_attention else layer.value * layer.groups)

    def _look_up_by_layer(self) -> None:
        """Gemma 3n and 4: an embedding of its own for every layer, here what is looked up."""
        found = self.shape.outside.get("per_layer_token_embd.weight")
        if found:
            self.looked_up = self.op(found[0] * self.row, Part(self.op(found[0] * self.row)))
            self.embedded = self.residual

    def _projected_by_layer(self) -> Result:
        """The embeddings of all layers, put together where the first layer wants its own."""
        if self.by_layer is None:
            assert self.looked_up is not None
            assert self.embedded is not None
            size = self.looked_up.size
            normed = self.op(size, Part(self.op(size, self.embedded)))
            self.by_layer = self.op(size, Part(self.op(size, normed, self.looked_up, over=True)))
        return self.by_layer

    @property
    def _rotates(self) -> bool:
        """Quantized caches are rotated before they are written (llama-kv-cache.cpp, attn_rot_k)."""
        return CACHE_TYPES[self.settings.cache_type][0] > 1

    # -- a layer ---------------------------------------------------------------------------------------

    def layer(self, layer: Layer, *, last: bool) -> None:
        names = layer.tensors
        kinds = {name.split(".")[0] for name in names}
        if "time_mix_output" in kinds:
            self._rwkv(layer)
            return
        normed = self._norm(self.residual) if "attn_norm" in kinds else self.residual
        parallel = not kinds & {"ffn_norm", "post_attention_norm"} and bool(kinds & {"ffn_up", "ffn_down"})
        mixed = self._mixer(layer, kinds, normed)
        rows = self.row
        if last:
            rows = 4 * self.settings.rows
            mixed = self.op(self.shape.width * rows, mixed, self.out_ids)
            self.residual = self.op(self.shape.width * rows, self.residual, self.out_ids)
        width = self.shape.width * rows
        if not kinds & {"ffn_up", "ffn_up_exps", "ffn_gate_up_exps"}:
            self._add(mixed, width)
            return
        if {"post_attention_norm", "ffn_norm"} <= kinds:
            mixed = self._norm(mixed, width)
        if parallel:
            fed = self._feed_forward(layer, kinds, normed, rows)
            fed = self.op(width, fed, mixed, over=True)
            self.residual = self.op(width, fed, self.residual, over=True)
            return
        self._add(mixed, width)
        fed = self._feed_forward(layer, kinds, self._norm(self.residual, width), rows)
        if "post_ffw_norm" in kinds:
            fed = self._norm(fed, width)
        self._add(fed, width)
        if "inp_gate" in kinds and self.looked_up is not None:
            gate = self.op(layer.tensors["inp_gate.weight"][1] * rows, self.residual)
            gate = self.op(gate.size, gate, Part(self._projected_by_layer()), over=True)
            self.residual = self.op(width, self._norm(self.op(width, gate), width), self.residual, over=True)

    def _add(self, change: Result, width: int) -> None:
        terms = [change, self.residual]
        if self.shape.architecture in RESIDUAL_FIRST:
            terms.reverse()
        self.residual = self.op(width, *terms, over=True)

    def _norm(self, source: Result, size: int | None = None) -> Result:
        size = self.width if size is None else size
        return self.op(size, self.op(size, source, over=True), over=True)

    def _mixer(self, layer: Layer, kinds: set[str], normed: Result) -> Result:
        if "ssm_in" in kinds:
            mixed = self._mamba(layer, kinds, normed)
            if layer.attends and "attn_q" in kinds:
                return self.op(self.width, mixed, self._attention(layer, kinds, normed), over=True)
            return mixed
        if "shortconv" in kinds:
            return self._short_convolution(normed)
        if layer.recurs:
            return self._delta(layer, normed)
        if "attn_kv_a_mqa" in kinds and self.shape.latent:
            return self._latent(layer, normed)
        if kinds & {"attn_q", "attn_qkv", "attn_kv_a_mqa", "attn_q_a"}:
            return self._attention(layer, kinds, normed)
        return normed

    # -- attention -------------------------------------------------------------------------------------

    def _attention(self, layer: Layer, kinds: set[str], normed: Result) -> Result:
        queries = layer.heads * layer.key * self.row
        keys, values = layer.groups * layer.key * self.row, layer.groups * layer.value * self.row
        gate: Part | None = None
        if "attn_qkv" in kinds:
            fused = self.op(queries + keys + values, normed)
            q = self.op(queries, Part(fused), self.positions)
            k: Result = self.op(keys, Part(fused), self.positions)
            v: Result | Part = Part(fused)
        else:
            rows = layer.tensors.get("attn_q.weight", (0, layer.heads * layer.key))[1] * self.row
            q = self.op(rows, normed)
            if rows == 2 * queries:  # a gate beside each query
                gate = Part(q)
            # A result that was split into heads is not written over: norm and rotation take a new place.
            q = self.op(queries, Part(q), self.positions)
            q = self._rotated(q, layer.key)
            if self.shape.architecture in KEYS_FIRST:
                k = self.op(keys, Part(self.op(keys, normed)), self.positions)
                v = self._rotated(self.op(values, normed), layer.value)
            else:
                v = self._rotated(self.op(values, normed), layer.value)
                k = self.op(keys, Part(self.op(keys, normed)), self.positions)
        k = self._rotated(k, layer.key)
        self._store(layer, k, v)
        mixed = self._scores(layer, q, layer.heads * layer.value * self.row)
        mixed = self._rotated(mixed, layer.value)
        if gate is not None:
            opened = self.op(mixed.size, self.op(mixed.size, gate), over=True)
            mixed = self.op(mixed.size, mixed, opened, over=True)
        return self.op(self.width, mixed)

    def _store(self, layer: Layer, *sources: Result | Part) -> None:
        if layer.attends:
            for place, source in zip(self.places, sources, strict=False):
                self.graph.store(source, place)

    def _rotated(self, source: Result, head: int) -> Result:
        """Multiplied with a matrix of its own, in a place of its own."""
        if not self._rotates or head % 64:
            return source
        return self.op(source.size, source, *self.rotations[:1])

    def _scores(self, layer: Layer, q: Result, size: int) -> Result:
        mask = self.masks.get(layer.window)
        if self.settings.flash_attention:
            return self.op(size, Part(q), mask)
        cells = cells_of(layer, self.shape, self.settings)
        scores = self.op(cells * layer.heads * self.row, Part(q))
        scores = self.op(scores.size, scores, mask, over=True)
        return self.op(size, Part(self.op(size, scores)))

    def _latent(self, layer: Layer, normed: Result) -> Result:
        """MLA: queries meet the compressed keys; values are made of what comes out."""
        heads, names = layer.heads, layer.tensors
        rank = names.get("attn_kv_a_norm.weight", (layer.value,))[0]
        rotary = max(layer.key - rank, 0)
        value = names.get("attn_v_b.weight", (rank, layer.value))[1]
        if "attn_q_a.weight" in names:
            down = self.op(names["attn_q_a.weight"][1] * self.row, normed)
            down = self.op(down.size, down, over=True)
            q = self.op(names["attn_q_b.weight"][1] * self.row, down)
        else:
            q = self.op(names.get("attn_q.weight", (0, heads * layer.key))[1] * self.row, normed)
        absorbed = self.op(heads * rank * self.row, Part(q))
        turned = self.op(heads * rotary * self.row, Part(q), self.positions)
        queries = self.op(heads * (rank + rotary) * self.row, Part(absorbed), turned)
        both = self.op((rank + rotary) * self.row, normed)
        compressed = self.op(rank * self.row, Part(both))
        k = self.op((rank + rotary) * self.row, compressed, Part(both))
        self._store(layer, k)
        mixed = self._scores(layer, queries, heads * rank * self.row)
        mixed = self.op(heads * value * self.row, Part(mixed))
        return self.op(self.width, self.op(heads * value * self.row, Part(mixed)))

    # -- recurrent layers --------------------------------------------------------------------------------

    def _convolved(self, source: Result | Part, channels: int) -> Result:
        """A short convolution over the tokens, with the last ones of the turn before."""
        slots = self.settings.slots
        before = self.op(4 * self.shape.convolution * slots)
        length = self.tokens + (self.shape.convolution // channels if channels else 0) * slots
        joined = self.op(4 * channels * length, Part(before), source)
        self.graph.store(Part(joined))
        done = self.op(channels * self.row, Part(joined))
        return self.op(done.size, done, over=True)

    def _mamba(self, layer: Layer, kinds: set[str], normed: Result) -> Result:
        names = layer.tensors
        inner = names.get("ssm_out.weight", (2 * self.shape.width,))[0]
        channels = names.get("ssm_conv1d.weight", (4, inner))[1]
        states = 4 * self.shape.state * self.settings.slots
        entry = self.op(names["ssm_in.weight"][1] * self.row, normed)
        x = self._convolved(Part(entry), channels)
        if "ssm_x" in kinds:  # Mamba 1
            selected = self.op(names["ssm_x.weight"][1] * self.row, Part(x))
            steps = self.op(inner * self.row, Part(selected))
            steps = self.op(inner * self.row, steps, over=True)
            scanned = self.op(inner * self.row + states, Part(x), steps, Part(selected))
        else:
            scanned = self.op(inner * self.row + states, Part(x), Part(entry))
        self.graph.store(Part(scanned))
        gate = self.op(inner * self.row, Part(entry))
        direct = self.op(inner * self.row, Part(x))
        y = self.op(inner * self.row, Part(scanned), direct, over=True)
        y = self.op(inner * self.row, gate, y)
        if "ssm_norm" in kinds:
            y = self.op(inner * self.row, Part(y))
        return self.op(self.width, y)

    def _short_convolution(self, normed: Result) -> Result:
        """LFM2."""
        entry = self.op(3 * self.width, normed)
        gated = self.op(self.width, Part(entry), Part(entry))
        done = self._convolved(Part(gated), self.shape.width)
        return self.op(self.width, self.op(self.width, Part(entry), done, over=True))

    def _delta(self, layer: Layer, normed: Result) -> Result:
        """Gated delta net and its kin: queries, keys and values of a convolution, and a state as a matrix."""
        names = layer.tensors
        inner = names.get("ssm_out.weight", (self.shape.width,))[0]
        channels = names.get("ssm_conv1d.weight", (4, 3 * inner))[1]
        states = 4 * self.shape.state * self.settings.slots
        entry = self.op(channels * self.row, normed)
        x = self._convolved(Part(entry), channels)
        before = self.op(states)
        turned = max(channels - inner, 0) // 2 * self.row
        q, k = self.op(turned, Part(x)), self.op(turned, Part(x))
        done = self.op(inner * self.row + states, q, k, Part(x), Part(before))
        self.graph.store(Part(done))
        y = self.op(inner * self.row, Part(done))
        gate = self.op(inner * self.row, normed)
        y = self.op(inner * self.row, y, self.op(inner * self.row, gate, over=True), over=True)
        return self.op(self.width, y)

    def _rwkv(self, layer: Layer) -> None:
        """RWKV 6 and 7: the tokens, mixed with those before, several times over."""
        width, op, ranks = self.width, self.op, layer.tensors
        states = 4 * self.shape.state * self.settings.slots
        before = op(states)
        normed = op(width, self._norm(self.residual), over=True)
        changed = op(width, op(width, Part(normed)), normed, over=True)
        times = ranks.get("time_mix_lerp_fused.weight", (0, 0, 0, 5))[-1]
        mixes = op(times * width, changed)
        mixes = op(times * width, mixes, normed, over=True)
        r = op(width, Part(mixes))
        decay = op(width, self._low_rank(ranks, "w", mixes))
        k = op(width, Part(mixes))
        if "time_mix_a1.weight" in ranks:
            rate = op(width, self._low_rank(ranks, "a", mixes))
            scaled = op(width, k)
            key = op(width, k, op(width, op(width, rate, scaled), scaled, over=True), over=True)
            v = op(width, Part(mixes))
            if self.first_value is None:
                self.first_value = v
            else:
                change = op(width, self.first_value, v)
                part = op(width, self._low_rank(ranks, "v", mixes))
                v = op(width, v, op(width, change, part, over=True), over=True)
            removed = op(width, op(width, k, over=True))
            turned = op(width, removed)
            added = op(width, removed, rate, over=True)
            mixed = op(width + states, r, decay, key, v, turned, added, Part(before))
        else:
            key, v = k, op(width, Part(mixes))
            mixed = op(width + states, r, decay, key, v, Part(before))
        self.graph.store(Part(mixed))
        y = op(width, Part(op(width, Part(mixed))))
        bonus = op(width, Part(key), Part(r))
        y = op(width, y, op(width, Part(v), bonus), over=True)
        y = op(width, y, op(width, self._low_rank(ranks, "g", mixes)), over=True)
        self.residual = op(width, Part(op(width, y)), Part(self.residual))
        fed = op(width, self._norm(self.residual), over=True)
        self.graph.store(normed)
        changed = op(width, Part(op(width, Part(fed))), Part(fed))
        feed = ranks.get("channel_mix_key.weight", (0, self.shape.width))[1] * self.row
        grown = op(feed, changed)
        self.residual = op(width, op(width, op(feed, grown, over=True)), self.residual, over=True)

    def _low_rank(self, names: Mapping[str, tuple[int, ...]], part: str, mixes: Result) -> Result:
        rank = names.get(f"time_mix_{part}1.weight", (0, 0))[1]
        return self.op(rank * self.row, Part(mixes))

    # -- feed-forward ------------------------------------------------------------------------------------

    def _feed_forward(self, layer: Layer, kinds: set[str], normed: Result, row: int) -> Result:
        names = layer.tensors
        if "ffn_gate_inp" in kinds:
            mixed = self._experts(layer, kinds, normed, row)
            if "ffn_up_shexp" not in kinds:
                return mixed
            shared = self._grown(names, "_shexp", normed, row)
            return self.op(mixed.size, mixed, shared, over=True)
        return self._grown(names, "", normed, row)

    def _grown(self, names: object, suffix: str, normed: Result, row: int) -> Result:
        """Up, past the activation, and down again."""
        assert isinstance(names, dict)
        wide = names.get(f"ffn_up{suffix}.weight", (0, 0))[1]
        feed = names.get(f"ffn_down{suffix}.weight", (wide,))[0]
        width = self.shape.width * row
        if f"ffn_gate{suffix}.weight" in names:
            gate, up = self.op(feed * row, normed), self.op(feed * row, normed)
            return self.op(width, self.op(feed * row, gate, up))
        up = self.op(wide * row, normed)
        # Gate and up in one tensor, or no gate at all.
        return self.op(width, self.op(feed * row, up, over=wide == feed))

    def _experts(self, layer: Layer, kinds: set[str], normed: Result, row: int) -> Result:
        names, width = layer.tensors, self.shape.width * row
        count = names.get("ffn_gate_inp.weight", (0, 0))[1]
        used = self.shape.experts_used
        feed = names.get("ffn_down_exps.weight", (0,))[0]
        probabilities = self.op(count * row, self.op(count * row, normed), over=True)
        order = self.op(count * row, probabilities)
        weights = self.op(used * row, Part(probabilities), Part(order))
        total = self.op(row, Part(weights))
        weights = self.op(used * row, weights, total, over=True)
        if "ffn_gate_up_exps" in kinds:
            both = self.op(2 * used * feed * row, normed, Part(order))
            grown = self.op(used * feed * row, Part(both))
        else:
            gate = self.op(used * feed * row, normed, Part(order)) if "ffn_gate_exps" in kinds else None
            up = self.op(used * feed * row, normed, Part(order))
            grown = self.op(used * feed * row, gate, up, over=gate is None)
        down = self.op(used * width, grown, Part(order))
        down = self.op(used * width, down, weights, over=True)
        mixed = self.op(width, *[Part(down)] * min(used, 2))
        for _ in range(used - 2):
            mixed = self.op(width, mixed, Part(down), over=True)
        return mixed
