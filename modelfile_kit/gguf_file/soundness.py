"""Files that no engine takes, or that one takes and answers nonsense from: every command refuses them alike.

Seen on Ollama 0.33.0 (November 2026): NaN is refused while creating ("llama-quantize failed"); wrong layers,
widths and vocabularies are created and fail at the first chat ("wrong shape", "not found", "wrong number of
tensors"); ids outside the vocabulary are created, and chats answer.

Byte order, parts of a split, metadata against tensors, ids of special tokens, and numbers that are none.
What the file says twice is compared where llama.cpp compares it (llama-model.cpp, create_tensor; August
2026), so that a finding here is a refusal there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from ..core.diagnostics import Diagnostic, Severity, Span, has_errors
from ..core.errors import GGUFError
from .arrays import NumberArray, StringArray
from .header import Header, read_header
from .inputs import VISION_INSIDE, vision_inside
from .key_types import wrong_types
from .pairing import FileKind, classify
from .repeated_tokens import repeated_tokens
from .split import check_split, split_of
from .tensors import BLOCKS, LAYER, TensorInfo
from .tokenizer_signs import tokenizer_signs

BYTE_ORDER, SHAPES, SPECIAL_IDS, NUMBERS = "MK423", "MK427", "MK428", "MK429"
NO_MODEL, KEY_TYPES, REPEATED_TOKENS = "MK448", "MK450", "MK451"

REFUSED = frozenset({BYTE_ORDER, SHAPES, SPECIAL_IDS, NUMBERS, NO_MODEL, KEY_TYPES, REPEATED_TOKENS, "MK422"})
"""What is wrong with a file itself, whatever it is used for."""

MAX_SAMPLED_TENSORS = 24
SAMPLE_BYTES = 4096
"""How much of a tensor's beginning is looked at: 100 kB in all, read in a few milliseconds."""

_ENDS = ("bos", "eos", "eot", "eom")
_OTHER_SPECIALS = (
    *("unknown", "seperator", "padding", "cls", "mask"),
    *("fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep"),
)

_PLAIN = frozenset(
    {"llama", "mistral3", "granite", "qwen2", "qwen2vl", "qwen3", "qwen3vl", "gemma", "gemma2", "gemma3"}
    | {
        "glm4",
        "chatglm",
        "phi3",
        "internlm2",
        "smollm3",
        "exaone4",
        "olmo2",
        "minicpm",
        "command-r",
        "cohere2",
    }
)
"""Architectures whose layers have the plain shapes that are compared here."""

_FUSED = frozenset({"glm4", "chatglm", "phi3"})
"""Of these, the ones whose ffn_up holds gate and up in one (`n_ff * 2` in llama.cpp's src/models)."""

_OTHER_EMBEDDINGS = re.compile(r"wavtokenizer|eagle|dflash|assistant|draft|mtp|tts", re.IGNORECASE)
"""Architectures whose token_embd.weight is not vocabulary times width."""

_SCALES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("F16", "Q4_0", "Q5_0", "Q8_0", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S"), (0,)),
    **dict.fromkeys(("IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS"), (0,)),
    **dict.fromkeys(("Q4_1", "Q5_1", "Q8_1", "Q4_K", "Q5_K"), (0, 2)),
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q6_K": (208,),
    "TQ1_0": (52,),
    "TQ2_0": (64,),
}
"""Where in a block its half-precision numbers are, in bytes (ggml-common.h)."""


def check_soundness(header: Header, *, sample: bool = True) -> list[Diagnostic]:
    """Why no engine takes a file, by what it says about itself; empty if nothing speaks against it.

    sample: also look at the first numbers of some tensors; of a URL, or with False, the header alone counts.
    Reads the headers of a split model's other parts.
    """
    found = [*_byte_order(header), *_no_model(header), *check_split(header)]
    if has_errors(found):
        return found
    if classify(header) is FileKind.MODEL:
        tensors = _all_tensors(header)
        found += [*_special_ids(header), *tokenizer_signs(header)]
        # Ollama's own llama-server translates files of its own converter, which are shaped otherwise, and
        # cuts their vocabularies.
        if not vision_inside(header):
            found += _repeated_tokens(header)
        if not vision_inside(header) and header.architecture not in VISION_INSIDE.keys() - _PLAIN:
            found += [*_layers(header, tensors), *_embeddings(header, tensors)]
            found += [*_token_lists(header), *_widths(header, tensors), *_key_types(header)]
    if sample and header.size is not None and header.place is not None and header.path.is_file():
        found += _numbers(header)
    return found


def _byte_order(header: Header) -> list[Diagnostic]:
    if header.byte_order == "little":
        return []
    message = "the file is big-endian; llama.cpp and Ollama on ordinary machines refuse it"
    advice = "download the little-endian file, or convert it with gguf's gguf-convert-endian"
    return [_error(BYTE_ORDER, header, message, advice)]


def _no_model(header: Header) -> list[Diagnostic]:
    """A GGUF that is made for something else. Ollama 0.34.4 creates a model from it, which never loads."""
    if header.metadata.text("general.type") == "imatrix":
        what = "an importance matrix, which llama-quantize reads"
    elif header.architecture == "controlvector":
        what = "a control vector, which llama.cpp adds to a model"
    elif not header.architecture and classify(header) is FileKind.MODEL and not _further_part(header):
        what = "a GGUF that names no architecture (general.architecture)"
    else:
        return []
    return [_error(NO_MODEL, header, f"this is {what}, not a model", "give the model's own GGUF")]


def _further_part(header: Header) -> bool:
    """Whether a file is a later part of a split model, which need not say more than its number."""
    split = split_of(header)
    return split is not None and split.number > 0


def _all_tensors(header: Header) -> dict[str, tuple[int, ...]]:
    """Names and shapes, of all parts of a split model."""
    found = {t.name: t.shape for t in header.tensors}
    split = split_of(header)
    for part in split.parts if split else ():
        if part.name != header.path.name:
            try:
                found.update({t.name: t.shape for t in read_header(part).tensors})
            except GGUFError:
                continue  # check_split has said so
    return found


def _special_ids(header: Header) -> Iterator[Diagnostic]:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, StringArray) or not len(tokens):
        return
    size = len(tokens)
    for name in (*_ENDS, *_OTHER_SPECIALS):
        key = f"tokenizer.ggml.{name}_token_id"
        value = header.metadata.integer(key)
        if value is None or 0 <= value < size:
            continue
        needed = name in _ENDS
        message = f"{key} is {value}, and the vocabulary has {size:,} tokens"
        if needed:
            message += (
                "; llama.cpp takes a token of its own choice instead, and the model does not end its turns"
            )
        advice = f"correct it: `mkmodelfile patch MODEL --set {key}=ID`, or convert the model again"
        severity = Severity.ERROR if needed else Severity.WARNING
        yield Diagnostic(SPECIAL_IDS, severity, message, Span(header.source), advice)


def _repeated_tokens(header: Header) -> Iterator[Diagnostic]:
    pairs = repeated_tokens(header)
    if not pairs:
        return
    named = ", ".join(f"{text!r} ({first:,} and {second:,})" for text, first, second in pairs)
    message = f"the vocabulary has tokens with the same text, {named}; llama.cpp aborts while it loads them"
    advice = "use another conversion of the model, or convert it again with a current convert_hf_to_gguf.py"
    yield _error(REPEATED_TOKENS, header, message, advice)


def _key_types(header: Header) -> Iterator[Diagnostic]:
    advice = (
        "where the value is right: `mkmodelfile patch MODEL --set KEY=TYPE:VALUE`; or convert the model again"
    )
    for what in wrong_types(header):
        yield _error(KEY_TYPES, header, what, advice)


def _layers(header: Header, tensors: Mapping[str, tuple[int, ...]]) -> Iterator[Diagnostic]:
    count = header.metadata.integer(header.own("block_count"))
    there = {int(m[1]) for name in tensors if (m := LAYER.match(name))}
    if count is None or not there:
        return
    if max(there) >= count:
        message = f"the metadata says {count} layers, the tensors go up to blk.{max(there)}"
        yield _error(SHAPES, header, message, _AGAIN)
        return
    # Layers that predict further tokens are counted, and a conversion may leave them out.
    optional = header.metadata.integer(header.own("nextn_predict_layers")) or 0
    missing = sorted(set(range(max(count - optional, 0))) - there) if count <= len(tensors) + optional else []
    if missing or count > len(tensors) + optional:
        names = ", ".join(f"blk.{n}" for n in missing[:4]) + (", …" if len(missing) > 4 else "")
        message = f"the metadata says {count} layers, the file has tensors of {len(there)}"
        yield _error(SHAPES, header, message + (f" ({names} missing)" if names else ""), _AGAIN)


def _embeddings(header: Header, tensors: Mapping[str, tuple[int, ...]]) -> Iterator[Diagnostic]:
    if _OTHER_EMBEDDINGS.search(header.architecture):
        return
    width = header.metadata.integer(header.own("embedding_length"))
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    size = len(tokens) if isinstance(tokens, StringArray) and len(tokens) else None
    for name in ("token_embd.weight", "output.weight"):
        shape = tensors.get(name)
        if shape is None or len(shape) < 2:
            continue
        if width is not None and shape[0] != width:
            key = header.own("embedding_length")
            yield _error(SHAPES, header, f"{key} is {width:,}, {name} is {shape[0]:,} wide", _AGAIN)
        if size is not None and shape[1] != size:
            message = f"the vocabulary has {size:,} tokens, {name} has {shape[1]:,} rows"
            yield _error(SHAPES, header, message, _AGAIN)


def _token_lists(header: Header) -> Iterator[Diagnostic]:
    """llama.cpp reads a type and a score for each token (llama-vocab.cpp, "Index out of array bounds")."""
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    for key in ("tokenizer.ggml.token_type", "tokenizer.ggml.scores"):
        others = header.metadata.get(key)
        if isinstance(tokens, StringArray) and isinstance(others, NumberArray) and len(others) < len(tokens):
            message = f"the vocabulary has {len(tokens):,} tokens, {key} has {len(others):,} entries"
            yield _error(SHAPES, header, message, _AGAIN)


def _widths(header: Header, tensors: Mapping[str, tuple[int, ...]]) -> Iterator[Diagnostic]:
    """The first tensor of a layer whose shape is not that of the metadata."""
    width = header.metadata.integer(header.own("embedding_length"))
    if header.architecture not in _PLAIN or width is None:
        return
    for name, shape in tensors.items():
        layer = LAYER.match(name)
        expected = _expected(header, name[layer.end() :], int(layer[1]), width) if layer else None
        if expected is None or len(expected) != len(shape):
            continue
        if any(want is not None and want != have for want, have in zip(expected, shape, strict=True)):
            wanted = " × ".join("any" if want is None else f"{want:,}" for want in expected)
            have = " × ".join(f"{n:,}" for n in shape)
            message = f"{name} is {have}, the metadata of {header.architecture!r} says {wanted}"
            yield _error(SHAPES, header, message, _AGAIN)
            return


def _expected(header: Header, name: str, layer: int, width: int) -> tuple[int | None, ...] | None:
    """The shape that the metadata gives a tensor of a layer, None for one that is not known."""
    if name in ("attn_norm.weight", "ffn_norm.weight"):
        return (width,)
    if name == "attn_q.weight":
        return (width, None)
    if name == "attn_output.weight":
        return (None, width)
    wide = _of_layer(header, "feed_forward_length", layer)
    if name == "ffn_gate.weight":
        return (width, wide)
    if name == "ffn_up.weight":
        fused = header.architecture in _FUSED and wide is not None
        return (width, 2 * wide if fused and wide is not None else wide)
    return (wide, width) if name == "ffn_down.weight" else None


def _of_layer(header: Header, key: str, layer: int) -> int | None:
    """A number that some models give for each layer."""
    value = header.metadata.get(header.own(key))
    if isinstance(value, NumberArray):
        value = value[layer] if layer < len(value) else None
    return value if isinstance(value, int) else None


def _numbers(header: Header) -> Iterator[Diagnostic]:
    """The first tensor of a sample that does not begin with numbers."""
    try:
        with header.path.open("rb") as stream:
            for tensor in _sample(header):
                stream.seek(header.data_offset + tensor.offset)
                wrong = _not_a_number(tensor.type, stream.read(min(SAMPLE_BYTES, tensor.size or 0)))
                if wrong:
                    message = f"{tensor.name} ({tensor.type}) holds {wrong} among its first numbers"
                    advice = "download the file again; if it stays so, the conversion failed: use another one"
                    yield _error(NUMBERS, header, message, advice)
                    return
    except OSError:
        return  # it could be read a moment ago


def _sample(header: Header) -> list[TensorInfo]:
    """Embeddings and output, the first and the last layer, then what else there is."""
    last = max((int(m[1]) for t in header.tensors if (m := LAYER.match(t.name))), default=0)

    def order(tensor: TensorInfo) -> int:
        layer = LAYER.match(tensor.name)
        if layer is None:
            return 0
        return {0: 1, last: 2}.get(int(layer[1]), 3)

    known = [t for t in header.tensors if t.size]
    return sorted(known, key=order)[:MAX_SAMPLED_TENSORS]


def _not_a_number(kind: str, data: bytes) -> str:
    """ "NaN" or "infinity" where one is among the numbers or scales of some blocks, else ""."""
    if kind == "F32":
        words = struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
        return _worst((w & 0x7FFFFFFF, 0x7F800000) for w in words)
    if kind == "BF16":
        words = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
        return _worst((w & 0x7FFF, 0x7F80) for w in words)
    offsets = _SCALES.get(kind)
    if offsets is None:
        return ""
    block = next(width for name, _, width in BLOCKS.values() if name == kind)
    starts = range(0, len(data) - block + 1, block)
    halves = (struct.unpack_from("<H", data, start + offset)[0] for start in starts for offset in offsets)
    return _worst((w & 0x7FFF, 0x7C00) for w in halves)


def _worst(words: Iterator[tuple[int, int]]) -> str:
    """words: exponent and mantissa, with what infinity is; above it are the NaNs."""
    found = ""
    for word, infinity in words:
        if word > infinity:
            return "NaN"
        if word == infinity:
            found = "infinity"
    return found


_AGAIN = (
    "the file is damaged or was made by a faulty conversion: download it again, or convert the model again"
)


def _error(code: str, header: Header, message: str, advice: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, Span(header.source), advice)
