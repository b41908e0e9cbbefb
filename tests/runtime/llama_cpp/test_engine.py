from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from modelfile_kit.core.errors import EngineError
from modelfile_kit.micro import FAULTS, build_pair
from modelfile_kit.runtime.llama_cpp import child
from modelfile_kit.runtime.llama_cpp import engine as module
from modelfile_kit.runtime.llama_cpp.engine import (
    EmbeddedEngine,
    place_markers,
    readable,
)

engine_test = pytest.mark.engine

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
ASK = "[gMASK]<sop><|user|>\n[img-0]What colour is it?<|assistant|>\n"
BLIND = ASK.replace("[img-0]", "")


def picture(colour="red", kind="PNG", side=64):
    out = io.BytesIO()
    Image.new("RGB", (side, side), COLOURS[colour]).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def engine(llama_cpp, pair):
    with EmbeddedEngine(pair.model, pair.projector) as running:
        yield running


@engine_test
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("colour", COLOURS)
def test_it_sees_colours_in_every_format(engine, colour, kind):
    reply = engine.generate(ASK, [picture(colour, kind)])
    assert (reply.text, reply.finish_reason) == (colour, "stop")


@engine_test
def test_without_a_picture_it_says_so(engine):
    assert engine.generate(BLIND).text == "no image"


@engine_test
def test_every_answer_starts_from_an_empty_context(engine):
    answers = [engine.generate(ASK, [picture(c)]).text for c in ("red", "blue", "red")]
    assert [*answers, engine.generate(BLIND).text] == ["red", "blue", "red", "no image"]


# Tokens by size: 64² → 9, 112² → 16, 336² → 144 (llama.cpp's glm4v: patches of 14, merged 2 by 2).
@engine_test
@pytest.mark.parametrize(("side", "tokens"), [(64, 9), (112, 16), (336, 144)])
def test_the_tokens_of_a_picture(engine, side, tokens):
    shot = picture("red", side=side)
    # libmtmd adds <|begin_of_image|> and <|end_of_image|>
    assert engine.prompt_token_count(ASK, [shot]) == engine.prompt_token_count(BLIND) + tokens + 2
    reply = engine.generate(ASK, [shot])
    assert reply.prompt_tokens == engine.prompt_token_count(ASK, [shot])
    assert reply.raw["image_tokens"] == tokens


@engine_test
def test_text_tokens_are_the_tokenizers(engine, pair):
    from modelfile_kit.runtime.tokenizer import LlamaTokenizer

    with LlamaTokenizer(pair.model) as tokenizer:
        assert engine.prompt_token_count(BLIND) == len(tokenizer.tokenize(BLIND))


@engine_test
def test_marks_written_twice_are_what_the_model_sees(engine):
    """The known silent fault: no error, more tokens than there should be, and an answer that is lost."""
    twice = ASK.replace("[img-0]", "<|begin_of_image|>[img-0]<|end_of_image|>")
    shot = picture("red")
    assert engine.prompt_token_count(twice, [shot]) == engine.prompt_token_count(ASK, [shot]) + 2
    assert engine.generate(twice, [shot]).text != "red"


@engine_test
def test_the_wrapper_is_libmtmds_own(engine):
    assert engine.image_wrapper() == ("<|begin_of_image|>", "<|end_of_image|>")


@engine_test
def test_a_prompt_without_its_generation_prompt_runs_until_the_limit(engine):
    reply = engine.generate(BLIND.removesuffix("<|assistant|>\n"), max_tokens=5)
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 5)


@engine_test
def test_a_stop_text_ends_the_answer_and_is_no_part_of_it(engine):
    reply = engine.generate(BLIND, stop=["im"])
    assert (reply.text, reply.finish_reason, reply.raw["stop_text"]) == ("no ", "stop", "im")


@engine_test
def test_a_stop_text_that_is_a_control_token_never_fires(llama_cpp, pair, tmp_path):
    """As seen on Ollama 0.33.0: llama-server renders no control token, so only an end of generation ends.

    The same model with another eot_token_id closes its turn with a control token that is no end.
    """
    from modelfile_kit.runtime.tokenizer import LlamaTokenizer

    with LlamaTokenizer(pair.model) as tokenizer:
        [end], [turn] = tokenizer.tokenize_many(["<|endoftext|>", "<|user|>"])
        assert tokenizer.pieces([turn, end], special=False) == [b"", b""]
    key = b"tokenizer.ggml.eot_token_id" + struct.pack("<I", 4)
    endless = tmp_path / "endless.gguf"
    endless.write_bytes(
        pair.model.read_bytes().replace(key + struct.pack("<I", turn), key + struct.pack("<I", end))
    )
    with EmbeddedEngine(endless) as other:
        assert other.generate(BLIND, stop=["<|user|>"]).finish_reason == "length"


@engine_test
def test_the_context_ends_the_answer(llama_cpp, pair):
    with EmbeddedEngine(pair.model, n_ctx=256) as small:
        count = small.prompt_token_count("<|user|>\nHi")
        reply = small.generate("<|user|>\nHi", max_tokens=10_000)
        assert (reply.finish_reason, reply.completion_tokens) == ("length", small.n_ctx - count)
        with pytest.raises(EngineError, match=r"the prompt has \d+ tokens and the context 256"):
            small.generate("?" * 300)
        assert small.generate("<|user|>\nHi", max_tokens=1).completion_tokens == 1


@engine_test
def test_an_empty_prompt(engine):
    with pytest.raises(EngineError, match="the prompt is empty"):
        engine.generate("")


@engine_test
def test_llama_cpps_own_marker_in_a_text_is_only_text(engine):
    text = ASK.replace("What colour", "What is <__media__>? What colour")
    assert engine.generate(text, [picture("blue")]).text == "blue"


@engine_test
def test_two_pictures(engine):
    two = ASK.replace("[img-0]", "[img-0][img-1]")
    shots = [picture("red"), picture("red")]
    assert engine.prompt_token_count(two, shots) == engine.prompt_token_count(BLIND) + 2 * (9 + 2)


@engine_test
def test_a_picture_without_a_place_is_refused_before_the_engine(engine):
    with pytest.raises(EngineError, match=r"no \[img-0\], so image 1 of 1") as caught:
        engine.generate(BLIND, [picture()])
    assert (caught.value.code, ".Content" in caught.value.help) == ("MK249", True)


@engine_test
@pytest.mark.parametrize("junk", [b"", b"not a picture", picture()[:60]])
def test_a_picture_that_is_none(engine, junk):
    with pytest.raises(EngineError, match="image 1 cannot be read") as caught:
        engine.generate(ASK, [junk])
    assert caught.value.code == "MK719"


# What each broken pair says: code, a word of the message, whether it shows when loading.
EXPECTED = {
    "width": ("MK412", "width"),
    "projector-type": ("MK417", "clip.projector_type"),
    "no-rope-sections": ("MK413", "rope.dimension_sections"),
    "no-projector": ("MK436", "no projector"),
    "truncated": ("MK404", "cut short"),
    "truncated-projector": ("MK404", "cut short"),
    "text-llama": ("MK436", "no projector"),
}


@engine_test
def test_every_fault_is_expected():
    assert set(EXPECTED) == set(FAULTS)


@engine_test
@pytest.mark.parametrize("fault", FAULTS)
def test_each_broken_pair_says_what_is_wrong(llama_cpp, tmp_path, fault):
    pair = build_pair(tmp_path, fault=fault)
    code, word = EXPECTED[fault]
    with pytest.raises(EngineError) as caught, EmbeddedEngine(pair.model, pair.projector) as broken:
        broken.generate(ASK, [picture()])
    error = caught.value
    assert (error.code, word in str(error).lower()) == (code, True), str(error)
    assert error.help
    guilty = pair.projector if fault in ("width", "projector-type", "truncated-projector") else pair.model
    assert str(guilty) in str(error)


@engine_test
@pytest.mark.parametrize(("swap", "code"), [("projector as model", "MK433"), ("model as projector", "MK421")])
def test_files_in_each_others_place(llama_cpp, pair, swap, code):
    files = (pair.projector, None) if swap == "projector as model" else (pair.model, pair.model)
    with pytest.raises(EngineError) as caught:
        EmbeddedEngine(*files)
    assert caught.value.code == code


@engine_test
def test_a_picture_file_as_model(llama_cpp, tmp_path):
    path = tmp_path / "screenshot.gguf"
    path.write_bytes(picture())
    with pytest.raises(EngineError, match="not a GGUF file") as caught:
        EmbeddedEngine(path)
    assert caught.value.code == "MK403"


@engine_test
def test_every_cut_of_a_model_is_an_error_of_its_own(llama_cpp, pair, tmp_path):
    whole = pair.model.read_bytes()
    for length in (0, 3, 10, 100, len(whole) // 2, len(whole) - 1):
        path = tmp_path / f"{length}.gguf"
        path.write_bytes(whole[:length])
        with pytest.raises(EngineError) as caught:
            EmbeddedEngine(path)
        assert caught.value.code == "MK404", (length, str(caught.value))


@engine_test
def test_no_process_is_left_after_a_fault(llama_cpp, tmp_path, monkeypatch):
    started = []
    start = child._start

    def counted():
        started.append(start())
        return started[-1]

    monkeypatch.setattr(child, "_start", counted)
    pair = build_pair(tmp_path, fault="width")
    for _ in range(3):
        with pytest.raises(EngineError):
            EmbeddedEngine(pair.model, pair.projector)
    assert len(started) == 3
    assert all(process.returncode is not None for process in started)  # ended and reaped


@engine_test
def test_time_out(llama_cpp, pair):
    with EmbeddedEngine(pair.model, n_ctx=4096) as running:
        running._child.timeout = 0.05
        with pytest.raises(EngineError, match=r"did not answer within 0\.05 s, asked to generate"):
            running.generate("<|user|>\nHi", max_tokens=4000)


# Without the engine.
def test_markers_take_the_first_tag_of_each_picture():
    assert place_markers("[img-1] [img-0] [img-0]", 2, "M") == "M M [img-0]"
    assert place_markers("what is [img-0]?", 0, "M") == "what is [img-0]?"


def test_pictures_are_left_alone_where_they_can_be():
    for kind in ("PNG", "JPEG"):
        assert readable(picture(kind=kind)) == picture(kind=kind)
    made = readable(picture(kind="WEBP"))
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size) == ("PNG", (64, 64))


def test_pictures_beyond_the_limits(monkeypatch):
    monkeypatch.setattr(module, "MAX_IMAGE_PIXELS", 64 * 64 - 1)
    with pytest.raises(EngineError, match="64 x 64 pixels"):
        readable(picture())
    monkeypatch.setattr(module, "MAX_IMAGE_BYTES", 10)
    with pytest.raises(EngineError, match="the limit is 10"):
        readable(picture())
