from __future__ import annotations

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.runtime.llama_cpp.header_file import header_alone
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from modelfile_kit.sources.resolve import resolve
from tests.gguf_file.handmade import Typed, gguf, tensor


@pytest.mark.engine
def test_a_vocabulary_that_is_not_here_gives_the_same_tokens(hub, pair, llama_cpp) -> None:
    hub.add("org/micro", {"micro-Q8_0.gguf": pair.model})
    place = resolve("hf.co/org/micro").path
    text = "Hello <|user|> 你好"
    with LlamaTokenizer(place) as elsewhere, LlamaTokenizer(pair.model) as here:
        assert elsewhere.tokenize(text) == here.tokenize(text)
        assert elsewhere.info == here.info
    assert not place.exists()
    assert hub.cdn.sent() < pair.model.stat().st_size


def test_the_header_is_the_files_own_and_the_rest_a_hole(hub, pair) -> None:
    hub.add("org/micro", {"micro-Q8_0.gguf": pair.model})
    place = resolve("hf.co/org/micro").path
    with header_alone(place) as file:
        copy, whole = file.read_bytes(), pair.model.read_bytes()
        end = read_header(pair.model).data_offset
        assert file.name == place.name and len(copy) == len(whole)
        assert copy[:end] == whole[:end] and not any(copy[end:])
    assert not file.parent.exists()
    with header_alone(pair.model) as file:
        assert file == pair.model


def test_every_part_of_a_split_model_is_there(hub) -> None:
    def part(number: int) -> bytes:
        keys = {"split.no": Typed("uint16", number), "split.count": Typed("uint16", 2)}
        return gguf(keys, [tensor(f"w{number}", (256, 256))], bytes(256**2 * 4))

    names = [f"m-0000{n + 1}-of-00002.gguf" for n in range(2)]
    hub.add("org/split", {name: part(number) for number, name in enumerate(names)})
    with header_alone(resolve("hf.co/org/split").path) as file:
        assert [p.name for p in sorted(file.parent.iterdir())] == names
        assert read_header(file.with_name(names[1])).metadata["split.no"] == 1
