"""How a model is shared between CPU and GPUs, held against llama.cpp's own llama-fit-params."""

from __future__ import annotations

from functools import cache

import pytest

from modelfile_kit.fit import Model, Settings, estimate, open_model

from .real_models import MODELS, write
from .record_devices import NAMES, read_record

RECORD = read_record()
MIB = 1 << 20
WITHIN = 0.1
ROUNDED = 1.5  # the program prints whole MiB, rounded down for each part
# With one row of output for every token, the logits are larger than everything else, and where this hybrid
# finds a hole for them is a matter of chance: 252 MiB at 4k, 204 at 32k. llama-server has one row for each
# slot.
LOOSE = {("Granite-4.0-H-Micro", "compute"): 0.3}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")

    @cache
    def model(name: str) -> Model:
        return open_model(write(folder / f"{name}.gguf", MODELS[name], words=False))

    return model


@pytest.mark.parametrize("name", NAMES)
def test_every_device_has_what_llama_fit_params_says(name, models):
    of_this = {share: devices for share, devices in RECORD.items() if share.model == name}
    assert len(of_this) == 8
    wrong = []
    for share, devices in of_this.items():
        split = tuple(map(float, share.split.split(",")))
        settings = Settings(share.context, gpu_layers=share.layers, split=split, outputs=512)
        found = estimate(models(name), settings).devices
        assert len(found) == len(devices)
        for ours, theirs in zip(found, devices, strict=True):
            mine = (ours.weights, ours.cache + ours.states, ours.compute)
            for part, size, said in zip(("weights", "cache", "compute"), mine, theirs, strict=True):
                if abs(size / MIB - said) > LOOSE.get((name, part), WITHIN) * said + ROUNDED:
                    wrong.append(f"{share.words}, {ours.name}, {part}: {size / MIB:.1f}, not {said}")
    assert not wrong
