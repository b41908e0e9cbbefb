"""Texts around images in a vocabulary of SentencePiece's kind: what libmtmd does, and what is said."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.image_places import Placed
from modelfile_kit.align.prompt_tokens import TokenComparison
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.align.toy_gguf import keys_of, write
from tests.reference_tokenizer import toys
from tests.zoo.engine import image
from tests.zoo.pairs import VOCABULARY, projector_of, shapes, small
from tests.zoo.text_architectures import keys_of as architecture_keys
from tests.zoo.writer import add_keys, write_tensors

pytestmark = pytest.mark.engine


def model_of_pieces(path: Path, width: int) -> Path:
    """A small Llama whose vocabulary has bytes, `▁` and `b`, but no `▁b`."""
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_type("model")
    add_keys(out, architecture_keys("llama", width, None))
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "b"]
    kinds = [2, 3, 3, *[6] * 256, 1, 1]
    more = len(VOCABULARY) - len(tokens)
    out.add_tokenizer_model("llama")
    out.add_token_list([*tokens, *(f"[PAD{n}]" for n in range(more))])
    out.add_token_scores([0.0] * len(VOCABULARY))
    out.add_token_types([*kinds, *[5] * more])
    out.add_add_bos_token(False)
    out.add_add_space_prefix(True)
    return write_tensors(out, path, shapes()["llama" if width == 64 else f"llama@{width}"])


def test_libmtmd_puts_a_space_before_each_text(llama_cpp, tmp_path):
    model = model_of_pieces(tmp_path / "m.gguf", small("mlp").width)
    projector = projector_of(tmp_path / "mmproj.gguf", "mlp")
    with LlamaTokenizer(model) as tokenizer:
        [alone] = tokenizer.tokenize_many(["b"], add_bos=False)
        assert tokenizer.pieces(alone) == [b" ", b"b"]
    with EmbeddedEngine(model, projector) as engine:
        before, both = (engine.prompt_token_count(p, [image()]) for p in ("b[img-0]", "b[img-0]b"))
        assert both - before == 2  # the space comes again behind the image
        images = engine.prompt_token_count("b[img-0]b[img-1]b", [image(), image()])
        assert images - both == both - 2  # and again behind the next


@pytest.mark.parametrize(("scheme", "equal"), [("always", True), ("first", False)])
def test_the_prompt_of_the_training_is_cut_at_its_images(llama_cpp, libraries, tmp_path, scheme, equal):
    """A tokenizer that puts the space before the first text alone has other tokens behind an image."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    folder = toys.metaspace(tmp_path / "own", scheme)
    found = find_tokenizer(folder, "a.gguf")
    assert found is not None
    segments = ("The quick", "brown fox", "jumps")
    judge = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    mark = judge.token_to_id("<image>")
    whole = judge.encode("<image>".join(segments), add_special_tokens=False).ids
    with ReferenceChild(found) as reference:
        path = write(tmp_path / "m.gguf", keys_of(reference))
        own = Vocabulary.from_header(read_header(path))
        with LlamaTokenizer(path) as engine:
            both = BothTokenizers(own, engine, reference)
            comparison = TokenComparison(both, mark="<image>")
            ids = []
            for n, text in enumerate(engine.tokenize_many(segments, add_bos=False)):
                ids += [*([-n] if n else []), *text]
            compared = comparison.compare("a", ids, Placed("[img]".join(segments), segments))
            [finding] = comparison.findings() if not equal else [None]
    assert [t.id if t.id >= 0 else mark for t in compared.theirs] == whole
    assert compared.equal is equal
    names = [(c.name, c.text) for c in compared.causes]
    assert names == (
        [] if equal else [("texts beside images", "brown fox"), ("texts beside images", "jumps")]
    )
    if finding is not None:
        assert "because of the spaces beside an image" in finding.message
