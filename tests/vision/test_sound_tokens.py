"""What sounds cost: the processors of transformers and a real llama-server are the judges."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.projector_types import AUDIO_TYPES, UNHEARD_TYPES
from modelfile_kit.vision.sound_tokens import SOUND_FORMULAS, Ear, ear_of, sound_tokens
from tests.zoo.engine import LlamaServer
from tests.zoo.pairs import projector_of, small, text_model_of
from tests.zoo.seen import read_seen
from tests.zoo.writer import projector

from .test_image_tokens import _llama_server

SECONDS = [0.5, 1.0, 2.37, 10.0, 29.99, 30.0, 31.5, 61.0]

EARS = {
    "qwen2a": Ear("qwen2a"),
    "qwen3a": Ear("qwen3a"),
    "musicflamingo": Ear("musicflamingo"),
    "glma": Ear("glma", stack=4),
    "gemma4a": Ear("gemma4a"),
    "granite_speech": Ear("granite_speech"),
}

# Asks the processors of transformers themselves; the answers go out as JSON.
JUDGE = """
import json, math, sys, types
import numpy
from transformers import WhisperFeatureExtractor
from transformers.models.gemma4.processing_gemma4 import Gemma4Processor
from transformers.models.glmasr.processing_glmasr import GlmAsrProcessor
from transformers.models.granite_speech.feature_extraction_granite_speech import GraniteSpeechFeatureExtractor
from transformers.models.musicflamingo.processing_musicflamingo import MusicFlamingoProcessor
from transformers.models.qwen2_5_omni.processing_qwen2_5_omni import Qwen2_5OmniProcessor
from transformers.models.qwen3_omni_moe.processing_qwen3_omni_moe import _get_feat_extract_output_lengths

bag = types.SimpleNamespace
omni = bag(feature_extractor=bag(hop_length=160, nb_max_frames=30000))
gemma = bag(feature_extractor=bag(frame_length=320, hop_length=160), audio_seq_length=750)
granite = bag(melspec_kwargs={"hop_length": 160}, projector_window_size=15, projector_downsample_rate=5)
whisper = WhisperFeatureExtractor(feature_size=128)

def frames(samples):
    parts = [numpy.zeros(min(480000, samples - start)) for start in range(0, samples, 480000)]
    found = whisper(parts, sampling_rate=16000, return_attention_mask=True, return_tensors="np")
    return int(found["attention_mask"].sum())

ask = {
    "qwen2a": lambda n: Qwen2_5OmniProcessor._get_num_audio_tokens(omni, n),
    "qwen3a": lambda n: int(_get_feat_extract_output_lengths(n // 160)),
    "musicflamingo": lambda n: MusicFlamingoProcessor._get_audio_token_length(None, frames(n)),
    "glma": lambda n: GlmAsrProcessor._get_audio_token_length(None, frames(n)),
    "gemma4a": lambda n: Gemma4Processor._compute_audio_num_tokens(gemma, numpy.zeros(n), 16000),
    "granite_speech": lambda n: GraniteSpeechFeatureExtractor._get_num_audio_features(granite, [n])[0],
}
lengths = json.loads(sys.stdin.read())
print(json.dumps({kind: [count(n) for n in lengths] for kind, count in ask.items()}))
"""


@pytest.fixture(scope="module")
def judged() -> Mapping[str, Sequence[int]]:
    """What transformers counts for every length."""
    for name in ("numpy", "transformers"):
        pytest.importorskip(name, reason=f"needs {name} (extra judges)")
    try:
        import transformers.models.musicflamingo.processing_musicflamingo  # noqa: F401
    except ImportError:
        pytest.skip("this transformers is older than some of the processors")
    lengths = json.dumps([round(s * 16_000) for s in SECONDS])
    asked = subprocess.run([sys.executable, "-c", JUDGE], input=lengths, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    found: dict[str, list[int]] = json.loads(asked.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("kind", EARS)
def test_the_processor_of_the_training(kind: str, judged: Mapping[str, Sequence[int]]) -> None:
    reference = SOUND_FORMULAS[kind].reference
    assert reference is not None
    assert [reference(EARS[kind], round(s * 16_000)) for s in SECONDS] == judged[kind]


def test_known_lengths_of_released_models() -> None:
    """By hand: Whisper makes 1,500 embeddings of 30 seconds. Voxtral puts 4 together, Ultravox 8 of the sound
    alone; llama.cpp halves Voxtral's once more, and adds a window to a sound of 30 seconds sharp."""
    voxtral, ultravox = SOUND_FORMULAS["voxtral"], SOUND_FORMULAS["ultravox"]
    assert voxtral.reference is not None and ultravox.reference is not None
    four, eight = Ear("voxtral", stack=4), Ear("ultravox", stack=8)
    assert (voxtral.reference(four, 160_000), voxtral.engine(four, 160_000)) == (375, 187)
    assert (ultravox.reference(eight, 160_000), ultravox.engine(eight, 160_000)) == (63, 187)
    assert ultravox.engine(eight, 480_000) == 2 * 187


def test_every_type_that_hears_has_a_formula() -> None:
    assert set(SOUND_FORMULAS) == set(AUDIO_TYPES) - UNHEARD_TYPES


MARKS = {"qwen2a": 2, "qwen3a": 2, "voxtral": 1, "musicflamingo": 1, "gemma4a": 2, "gemma4ua": 2}
MARKS |= {"dots3note_a": 2, "mimo_audio": 2}
"""The tokens that llama.cpp writes around a sound, in a vocabulary that has them."""


@pytest.mark.parametrize("kind", SOUND_FORMULAS)
def test_a_second_costs_what_engines_were_seen_to_count(kind: str, tmp_path: Path) -> None:
    header = read_header(projector_of(tmp_path / "mmproj.gguf", kind))
    counted = sound_tokens(header, 1.0)
    assert counted is not None
    rows = [
        row
        for row in read_seen()
        if row.pair.partition(" ")[0] == kind and row.marks and row.sound.isdigit() and row.text.isdigit()
    ]
    assert rows
    assert {int(r.sound) - int(r.text) - MARKS.get(kind, 0) for r in rows if r.engine == "llama-server"} == {
        counted.engine
    }


FEW_POSITIONS = ("lfm2a", "parakeet")
"""Their small files have too few positions for long sounds."""

SOAK = os.environ.get("MKMODELFILE_SOAK") == "1"
ASKED = list(SOUND_FORMULAS) if SOAK else ["qwen2a", "voxtral", "glma", "gemma4a", "granite_speech"]


@pytest.mark.server
@pytest.mark.parametrize("kind", ASKED)
def test_llama_server_counts_the_same(kind: str, tmp_path: Path) -> None:
    """Every type and every length with `make soak`."""
    program = _llama_server()
    found = small(kind)
    model = text_model_of(tmp_path / "m.gguf", "llama", width=found.width)
    ear = projector(
        tmp_path / "mmproj.gguf",
        kind,
        width=found.width,
        shapes=found.shapes,
        senses=found.senses,
        keys=found.keys,
        half=found.half,
    )
    header = read_header(ear)
    rate = SOUND_FORMULAS[kind].samples
    with LlamaServer(program, model, ear) as server:
        assert not server.words
        plain = server.ask().tokens
        for seconds in SECONDS if SOAK else (0.5, 2.37, 30.0):
            if kind in FEW_POSITIONS and seconds > 10:
                continue
            counted = sound_tokens(header, seconds)
            assert counted is not None
            data = base64.b64encode(_wav(round(seconds * rate), rate)).decode()
            asked = server.ask([{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}])
            assert asked.tokens - plain - MARKS.get(kind, 0) == counted.engine, seconds


def _wav(samples: int, rate: int) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(2 * samples))
    return stream.getvalue()


def test_an_eye_hears_nothing(tmp_path: Path) -> None:
    assert sound_tokens(read_header(projector_of(tmp_path / "p.gguf", "kimivl")), 1.0) is None


def test_one_file_with_an_eye_and_an_ear(tmp_path: Path) -> None:
    """llama.cpp takes the type of Qwen2.5-Omni's file for its ear too, which is that of Qwen2-Audio."""
    ear = ear_of(read_header(projector_of(tmp_path / "p.gguf", "qwen2.5o")))
    assert ear is not None and ear.kind == "qwen2a"
