"""Whatever a header says, every question about it is answered or refused clearly."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfile_kit.core.errors import KitError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file.description import describe
from modelfile_kit.gguf_file.pairing import check_pair
from modelfile_kit.gguf_file.projector_choice import find_projector
from modelfile_kit.gguf_file.split import check_split
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.projectors import check_on, kind_on
from modelfile_kit.ollama.versions import Target
from tests.gguf_file.handmade import CODES, Typed, gguf, tensor

WORDS = ["", "glm4", "clip", "mmproj", "adapter", "chatglm", "llama", "glm4v", "mlp", "image", "\0", "é"]
KEYS = [
    *("general.architecture", "general.type", "general.name", "general.basename", "general.file_type"),
    *("split.no", "split.count", "glm4.block_count", "glm4.embedding_length", "glm4.n_deepstack_layers"),
    *("glm4.rope.dimension_sections", "glm4.attention.head_count", "glm4.context_length"),
    *("clip.projector_type", "clip.vision.projector_type", "clip.has_vision_encoder"),
    *("clip.vision.block_count", "clip.vision.projection_dim", "clip.vision.image_size"),
    *("tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"),
    *("tokenizer.ggml.eos_token_id", "tokenizer.ggml.add_bos_token", "tokenizer.chat_template"),
    *("tokenizer.chat_template.tools", "tokenizer.chat_templates"),
]


def plain(kind):
    if kind == "string":
        return st.sampled_from(WORDS) | st.binary(max_size=3)
    if kind == "bool":
        return st.booleans()
    if kind.startswith("float"):
        return st.sampled_from([0.0, -1.5, float("nan"), float("inf")])
    return st.integers(0, 3) | st.just(2**7 - 1)


KINDS = [k for k in CODES if k != "array"]
VALUES = st.sampled_from(KINDS).flatmap(lambda k: st.builds(Typed, st.just(k), plain(k)))
LISTS = st.sampled_from(KINDS).flatmap(
    lambda k: st.builds(Typed, st.just(k + "[]"), st.lists(plain(k), max_size=3))
)
HEADERS = st.dictionaries(st.sampled_from(KEYS), VALUES | LISTS)
LIKELY = st.fixed_dictionaries(
    {"general.architecture": st.sampled_from(WORDS).map(lambda w: Typed("string", w))},
    optional={"tokenizer.ggml.tokens": st.just(Typed("string[]", ["a", "<|begin_of_image|>", "</s>"]))},
)
TENSORS = st.lists(
    st.sampled_from(["mm.down.weight", "mm.2.bias", "v.deepstack.", "v.deepstack.x", "w"]),
    unique=True,
    max_size=3,
)


@given(HEADERS, LIKELY, TENSORS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
def test_no_header_makes_a_question_crash(tmp_path_factory, values, likely, names):
    folder = tmp_path_factory.getbasetemp() / "hostile"
    if not folder.exists():
        folder.mkdir()
        build_pair(folder)
    model, eye = (read_header(folder / n) for n in ("micro-glm4v.gguf", "mmproj-micro-glm4v.gguf"))
    path = folder / "x-00001-of-00002.gguf"
    path.write_bytes(gguf({**values, **likely}, [tensor(n, (n.count("m"),)) for n in names]))
    header = read_header(path, check_data=False)
    questions = [
        lambda: json.dumps(describe(header).to_dict()),
        lambda: [kind_on(header, Target.parse(v)) for v in ("latest", "0.5.13", "0.17.4")],
        lambda: [check_pair(header, other) for other in (model, eye, header, None)],
        lambda: check_on(header, Target.parse("0.12.6")),
        lambda: check_split(header),
        lambda: find_projector(path, model=header),
        lambda: Vocabulary.from_header(header).end_of_generation(),
        lambda: Vocabulary.from_header(header).chat_templates,
        lambda: Vocabulary.from_header(header).control_tokens(),
    ]
    for question in questions:
        try:
            question()
        except KitError as e:
            assert e.help
