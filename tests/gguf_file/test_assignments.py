from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.gguf_file.assignments import check_deletions, read_assignments
from tests.gguf_file.handmade import Typed

ENTRIES = {
    "a.uint8": Typed("uint8", 1),
    "a.int64": Typed("int64", -2),
    "a.float32": Typed("float32", 0.5),
    "a.bool": Typed("bool", True),
    "a.string": Typed("string", "text"),
    "a.list": Typed("string[]", ["x", "yy"]),
}


@pytest.fixture
def read(header):
    metadata = header(ENTRIES).metadata
    return lambda *texts: [(a.key, a.type, a.value, a.new) for a in read_assignments(texts, metadata)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("a.uint8=255", "uint8", 255),
        ("a.int64=-9223372036854775808", "int64", -(2**63)),
        ("a.float32=2", "float32", 2.0),
        ("a.float32=-1e-3", "float32", -0.001),
        ("a.bool=False", "bool", False),
        ("a.string=", "string", ""),
        ("a.string=true", "string", "true"),
        ("a.string=x=y\n{{ z }}", "string", "x=y\n{{ z }}"),
        ("a.string=word: text", "string", "word: text"),
        ("a.uint8=uint32:7", "uint32", 7),
    ],
)
def test_a_key_of_the_file_keeps_its_type_unless_one_is_given(read, text, kind, value):
    assert read(text) == [(text.partition("=")[0], kind, value, False)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("x.y=true", "bool", True),
        ("x.y=4294967295", "uint32", 4294967295),
        ("x.y=4294967296", "uint64", 4294967296),
        ("x.y=-1", "int32", -1),
        ("x.y=-3000000000", "int64", -3000000000),
        ("x.y=0.25", "float32", 0.25),
        ("x.y=1e6", "float32", 1e6),
        ("x.y=True story", "string", "True story"),
        ("x.y=1.2.3", "string", "1.2.3"),
        ("x.y=string:5", "string", "5"),
        ("x.y=float64:1", "float64", 1.0),
        # as llama.cpp reads them
        ("tokenizer.ggml.add_bos_token=false", "bool", False),
        ("tokenizer.ggml.eot_token_id=7", "uint32", 7),
        ("tokenizer.chat_template=1", "string", "1"),
    ],
)
def test_a_new_key_gets_the_type_of_its_value(read, text, kind, value):
    [(_, got, result, new)] = read(text)
    assert (got, result, type(result), new) == (kind, value, type(value), True)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('a.list=["a, b", "c\\"d", ""]', "string[]", ["a, b", 'c"d', ""]),
        ("a.list=[]", "string[]", []),
        ("a.list=uint8[]:[1, 255]", "uint8[]", [1, 255]),
        ("x.y=[1, -2]", "int32[]", [1, -2]),
        ("x.y=[1, 4294967295]", "uint32[]", [1, 4294967295]),
        ("x.y=[-1, 4294967295]", "int64[]", [-1, 4294967295]),
        ("x.y=[1, 0.5]", "float32[]", [1.0, 0.5]),
        ("x.y=[true, false]", "bool[]", [True, False]),
        ('x.y=["a"]', "string[]", ["a"]),
        ("x.y=float64[]:[]", "float64[]", []),
        ("x.y=string:[1, 2]", "string", "[1, 2]"),
        ("x.y=[1, 2", "string", "[1, 2"),
        ("tokenizer.ggml.eos_token_ids=[1,2]", "int32[]", [1, 2]),
        ("general.tags=[]", "string[]", []),
    ],
)
def test_lists_are_written_as_json_does(read, text, kind, value):
    [(_, got, result, _)] = read(text)
    assert (got, result, [type(v) for v in result]) == (kind, value, [type(v) for v in value])


def test_a_value_from_a_file(header, tmp_path):
    metadata = header(ENTRIES).metadata
    jinja, numbers = tmp_path / "a, b.jinja", tmp_path / "n.json"
    jinja.write_bytes("{{ x }}\r\né\n".encode())
    numbers.write_text("[1, 2]\n")
    texts = [f"a.string=@{jinja}", f"x.y=@{numbers}", f"x.z=uint8[]:@{numbers}", "x.a=@@b", "x.b=string:@@"]
    found = [(a.type, a.value) for a in read_assignments(texts, metadata)]
    assert found == [
        ("string", "{{ x }}\r\né\n"),
        ("int32[]", [1, 2]),
        ("uint8[]", [1, 2]),
        ("string", "@b"),
        ("string", "@"),
    ]
    (tmp_path / "latin").write_bytes(b"\xe9")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_assignments([f"a.string=@{tmp_path / 'latin'}"], metadata)
    with pytest.raises(OSError, match="none"):
        read_assignments([f"a.string=@{tmp_path / 'none'}"], metadata)


def test_only_keys_of_the_file_are_deleted(header):
    metadata = header(ENTRIES).metadata
    assert check_deletions(["a.list", "a.bool", "a.list"], metadata) == ["a.list", "a.bool"]
    with pytest.raises(UsageError, match=r"'a\.lst' is not in the file") as caught:
        check_deletions(["a.lst"], metadata)
    assert "did you mean a.list?" in caught.value.help


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a.bool"], "expected KEY=VALUE"),
        (["=1"], "is not a key"),
        (["A.b=1"], "is not a key"),
        (["a b=1"], "is not a key"),
        (["a.bool=true", "a.bool=false"], "a.bool is set twice"),
        (["a.list=x"], r"a.list is an array \(string\[\]\)"),
        (["a.list=[1]"], "1 is no value for a.list"),
        (['a.list=["x", null]'], "null is no value"),
        (['a.list=["x"'], "not JSON"),
        (["a.list=[[]]"], r"\[\] is no value"),
        (["x.y=[]"], "does not say the type"),
        (['x.y=[1, "a"]'], "does not say the type"),
        (["x.y=int32[]:[2147483648]"], "'2147483648' is no value for a value of x.y"),
        (["x.y=int32[]:[1.5]"], "int32"),
        (["x.y=int32[]:[true]"], "int32"),
        (["x.y=bool[]:[1]"], "bool"),
        (["x.y=float32[]:[1e999]"], "float32"),
        (["x.y=int32[]:5"], "expected a list"),
        (["x.y=@"], "no file is named"),
        (["a.uint8=256"], "'256' is no value for a.uint8, which is of type uint8"),
        (["a.uint8=-1"], "uint8"),
        (["a.uint8=1.5"], "uint8"),
        (["a.int64=" + "9" * 100_000], "'9999"),
        (["a.bool=1"], "'1' is no value for a.bool, which is of type bool"),
        (["a.float32=nan"], "float32"),
        (["a.float32=1e999"], "float32"),
        (["tokenizer.ggml.add_bos_token=0"], "add_bos_token, which is of type bool"),
        (
            ["tokenizer.ggml.bos_token_id=<s>"],
            "'<s>' is no value for tokenizer.ggml.bos_token_id, which is of type uint32",
        ),
        (["x.y=uint16:65536"], "uint16"),
    ],
)
def test_what_cannot_be_is_refused(read, texts, said):
    with pytest.raises(UsageError, match=said) as caught:
        read(*texts)
    assert caught.value.help
