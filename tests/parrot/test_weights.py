"""The codes keep their distance, and every rule wins where it holds: computed here, without llama.cpp."""

from __future__ import annotations

import numpy as np

from modelfile_kit.parrot.weights import BLOCK, CODES, SHAPE, Rule, codes, parrot_tensors


def test_codes_differ_in_eight_places_or_more():
    table = np.array(codes(CODES))
    assert len(np.unique(table, axis=0)) == CODES
    # The code is linear: the smallest distance is that of any word from the zero word.
    assert int((table[1:] < 0).sum(axis=1).min()) == 8
    few = np.array(codes(300))
    agreements = few @ few.T - BLOCK * np.eye(300)
    assert agreements.max() <= 16


def test_looking_back_hits_one_token_alone():
    angles = np.array([SHAPE.angle(i) for i in range(BLOCK // 2)])
    distances = np.arange(-7, 131072)
    scores = 1000 / np.sqrt(BLOCK) * np.cos(distances[:, None] * angles).sum(axis=1)
    best = scores[distances == 0][0]
    assert best - scores[distances != 0].max() > 10


def test_tensors_have_the_shapes_of_the_model():
    tensors = parrot_tensors(300, [Rule(0, (), 5), Rule(0, (5,), 6), Rule(1, (), 7)], {290: 1})
    assert tensors["token_embd.weight"].shape == (300, SHAPE.width)
    assert tensors["blk.0.ffn_gate.weight"].shape == (BLOCK, SHAPE.width)
    assert tensors["blk.0.ffn_down.weight"].shape == (SHAPE.width, BLOCK)
