"""A chat template from every file that can carry one, and what is said of those that do not."""

import json

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.huggingface.chat_template_file import (
    MAX_BYTES,
    chat_template_from,
    load_chat_template,
    unknown_tokens,
)

NAMED = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]


def write(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.mark.parametrize("name", ["chat_template.jinja", "anything.txt", "template"])
def test_jinja_text(tmp_path, name):
    found = load_chat_template(write(tmp_path / name, "{{ x }}"))
    assert (found.text, found.bos_token, found.eos_token, found.names) == (
        "{{ x }}",
        None,
        None,
        ("default",),
    )


@pytest.mark.parametrize("token", ["<s>", {"content": "<s>", "lstrip": False, "special": True}])
def test_tokenizer_config(tmp_path, token):
    data = {"chat_template": "{{ x }}", "bos_token": token, "eos_token": None}
    found = load_chat_template(write(tmp_path / "tokenizer_config.json", data))
    assert (found.text, found.bos_token, found.eos_token) == ("{{ x }}", "<s>", None)


def test_chat_template_json(tmp_path):
    assert load_chat_template(write(tmp_path / "chat_template.json", {"chat_template": "t"})).text == "t"


@pytest.mark.parametrize(("name", "text"), [(None, "plain"), ("default", "plain"), ("tool_use", "tools")])
def test_one_of_several(tmp_path, name, text):
    path = write(tmp_path / "tokenizer_config.json", {"chat_template": NAMED})
    found = load_chat_template(path, name=name)
    assert (found.text, found.name, found.names) == (text, name or "default", ("default", "tool_use"))


def test_the_first_where_none_is_the_default(tmp_path):
    path = write(tmp_path / "tokenizer_config.json", {"chat_template": NAMED[1:]})
    assert (load_chat_template(path).text, load_chat_template(path).name) == ("tools", "tool_use")


def test_a_folder_as_hugging_face_lays_it_out(tmp_path):
    write(tmp_path / "chat_template.jinja", "own")
    write(tmp_path / "tokenizer_config.json", {"chat_template": "older", "eos_token": "</s>"})
    (tmp_path / "additional_chat_templates").mkdir()
    write(tmp_path / "additional_chat_templates" / "tool_use.jinja", "tools")
    found = load_chat_template(tmp_path)
    assert (found.text, found.eos_token, found.names) == ("own", "</s>", ("default", "tool_use"))
    assert found.beside == tmp_path / "tokenizer_config.json"
    assert load_chat_template(tmp_path / "chat_template.jinja", name="tool_use").text == "tools"
    # any other file stands for itself
    assert load_chat_template(write(tmp_path / "mine.jinja", "m")).eos_token is None


def test_standard_input_is_told_by_what_it_holds():
    assert chat_template_from(b'\xef\xbb\xbf{"chat_template": "t"}', "<stdin>").text == "t"
    assert chat_template_from(b'{{ "chat_template" }}', "<stdin>").text == '{{ "chat_template" }}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"tokenizer_class": "X"}, "no `chat_template` in this JSON"),
        ([1], "no `chat_template` in this JSON"),
        ({"chat_template": 7}, "`chat_template` is a int"),
        ({"chat_template": {}}, "`chat_template` is a dict"),
        ({"chat_template": []}, "no `chat_template` in this JSON"),
        ({"chat_template": [{"name": "a"}]}, "entry 1 of `chat_template` is not a named template"),
        ({"chat_template": [NAMED[0], {"name": "b", "template": {}}]}, "entry 2 of"),
        ({"chat_template": ["t"]}, "entry 1 of"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_without_a_template(tmp_path, data, words):
    path = write(tmp_path / "tokenizer_config.json", data)
    with pytest.raises(UsageError) as caught:
        load_chat_template(path)
    assert words in caught.value.message
    assert caught.value.span.file == str(path)
    assert caught.value.help


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the chat template is empty"),
        (b" \n", "the chat template is empty"),
        (b'{"chat_template": ""}', "the chat template is empty"),
        (b"abc\xff", "byte 3 is 0xff, expected UTF-8 text"),
        (b"GGUF\x03", "a GGUF cannot be read from standard input"),
        (b"x" * (MAX_BYTES + 1), "more than 64 MiB"),
    ],
)
def test_bytes_that_are_no_template(data, words):
    with pytest.raises(UsageError, match=words):
        chat_template_from(data, "<stdin>")


def test_a_name_that_is_not_there(tmp_path):
    path = write(tmp_path / "tokenizer_config.json", {"chat_template": NAMED})
    with pytest.raises(UsageError, match="no chat template called 'rag'") as caught:
        load_chat_template(path, name="rag")
    assert caught.value.help == "it has default, tool_use"


def test_an_empty_folder(tmp_path):
    with pytest.raises(UsageError, match="no chat template in this folder"):
        load_chat_template(tmp_path)


def test_a_token_that_nobody_knows_is_said():
    source = chat_template_from(b"a\n{{ bos_token }}{{ eos_token }}", "x")
    assert [(d.code, d.span.line) for d in unknown_tokens(source)] == [("MK612", 2), ("MK612", 2)]
    assert [d.message.split("`")[1] for d in unknown_tokens(source, "eos_token")] == ["bos_token"]
    config = chat_template_from(b'{"chat_template": "{{ bos_token }}", "bos_token": "<s>"}', "x.json")
    assert unknown_tokens(config) == []
