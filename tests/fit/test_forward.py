"""Small models of every text architecture of the zoo, held against what llama.cpp itself computes."""

from __future__ import annotations

import pytest

from modelfile_kit.fit import Settings, estimate, open_model
from modelfile_kit.fit.architectures import OTHER_CACHE

from ..zoo.pairs import text_model_of, wanted_shapes
from .engine_sizes import CONTEXT, WAYS, sizes_of

MIB = 1 << 20
WIDTHS = dict(reversed(wanted_shapes()))
KNOWN = sorted(set(WIDTHS) - set(OTHER_CACHE))
WITHIN = 0.1
ROUNDED = 0.05  # MiB


@pytest.fixture(scope="module")
def engine(tmp_path_factory, llama_cpp):
    folder = tmp_path_factory.mktemp("zoo")
    files = [text_model_of(folder / f"{name}.gguf", name, width=WIDTHS[name]) for name in KNOWN]
    return dict(zip(KNOWN, zip(files, sizes_of(files), strict=True), strict=True))


@pytest.mark.parametrize("name", KNOWN)
def test_cache_states_and_compute_buffer_are_llama_cpps(name, engine):
    file, reported = engine[name]
    model = open_model(file)
    wrong = []
    for (flash, slots, full), right in zip(WAYS, reported, strict=True):
        if right is None:
            continue
        settings = Settings(CONTEXT, slots=slots, flash_attention=flash, window_full=full)
        device = estimate(model, settings).devices[0]
        for part, said in zip(("cache", "states", "compute"), right, strict=True):
            ours = getattr(device, part) / MIB
            if abs(ours - said) > WITHIN * said + ROUNDED:
                wrong.append(f"flash {flash}, {slots} slots, full {full}: {part} {ours:.2f}, not {said:.2f}")
    assert any(reported), "llama.cpp refused every way"
    assert not wrong


def test_there_are_many():
    assert len(KNOWN) >= 40
