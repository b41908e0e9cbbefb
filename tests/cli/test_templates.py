"""compile and render: results byte for byte on stdout, everything else on stderr."""

import json

import pytest

from modelfile_kit import render_prompt
from modelfile_kit.building.build import build
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model

CHATML = """{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
MESSAGES = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yo "},
    {"role": "user", "content": "?"},
]
# Written by hand from the template above, not taken from any program's output.
PROMPT = (
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo <|im_end|>\n<|im_start|>user\n?<|im_end|>\n"
)
PROMPT += "<|im_start|>assistant\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "chat.jinja").write_text(CHATML)
    (tmp_path / "messages.json").write_text(json.dumps(MESSAGES))
    return tmp_path


def test_the_compiled_template_renders_the_prompt(mkmodelfile, files):
    done = mkmodelfile("compile", files / "chat.jinja")
    assert done.code == 0, done.err
    assert "chat exact" in done.err
    (files / "t.gotmpl").write_text(done.out)
    shown = mkmodelfile("render", "--template", files / "t.gotmpl", "--messages", files / "messages.json")
    assert (shown.code, shown.out) == (0, PROMPT)


def test_a_renderer_makes_the_prompt(mkmodelfile, files):
    (files / "Modelfile").write_text("FROM m.gguf\nRENDERER qwen3-coder\nPARSER qwen3-coder\n")
    arguments = ("--modelfile", files / "Modelfile", "--messages", files / "messages.json")
    shown = mkmodelfile("render", *arguments)
    assert shown.out == PROMPT
    schema = {"type": "string", "enum": ["a"], "items": {}}
    tool = {"function": {"name": "f", "parameters": {"properties": {"p": schema}}}}
    (files / "tools.json").write_text(json.dumps([tool]))
    shown = mkmodelfile("render", *arguments, "--tools", files / "tools.json")
    assert '<enum>["a"]</enum>' in shown.out
    assert "is by chance on a server" in shown.err
    (files / "Modelfile").write_text("FROM m.gguf\nRENDERER qwen4\n")
    assert "no renderer of Ollama has the name 'qwen4'" in mkmodelfile("render", *arguments).err


def test_render_as_hugging_face(mkmodelfile, files):
    shown = mkmodelfile("render", "--jinja", files / "chat.jinja", "--messages", files / "messages.json")
    assert shown.out == PROMPT
    bare = mkmodelfile(
        "render", "--jinja", files / "chat.jinja", "--messages", "-", "--no-generation-prompt",
        stdin=json.dumps(MESSAGES).encode(),
    )  # fmt: skip
    assert bare.out == PROMPT.removesuffix("<|im_start|>assistant\n")


def test_render_with_a_modelfile_takes_its_system_and_messages(mkmodelfile, files):
    template = "{{ range .Messages }}[{{ .Role }}]{{ .Content }}{{ end }}"
    text = f'FROM x\nTEMPLATE """{template}"""\nSYSTEM S\nMESSAGE user early\nMESSAGE assistant reply\n'
    (files / "Modelfile").write_text(text)
    shown = mkmodelfile("render", "--modelfile", files / "Modelfile", "--messages", files / "messages.json")
    assert shown.out == "[system]S[user]early[assistant]reply[user]Hi[assistant]Yo [user]?"


@pytest.mark.parametrize("suffix", ["jinja", "json"])
def test_compile_reads_jinja_and_tokenizer_config(mkmodelfile, tmp_path, suffix):
    path = tmp_path / f"tokenizer_config.{suffix}"
    config = {"chat_template": CHATML, "eos_token": {"content": "<|im_end|>"}}
    path.write_text(CHATML if suffix == "jinja" else json.dumps(config))
    assert mkmodelfile("compile", path).code == 0


def test_compile_reads_a_gguf(mkmodelfile, package):
    done = mkmodelfile("compile", package / "micro-glm4v.gguf")
    assert done.code == 0
    assert done.out.startswith("[gMASK]<sop>")


def test_compile_as_json(mkmodelfile, files):
    data = json.loads(mkmodelfile("compile", files / "chat.jinja", "--format", "json").out)
    assert data["facts"]["coverage"]["chat"] == "exact"
    assert data["facts"]["template"]


def test_compile_one_of_several_named_templates(mkmodelfile, tmp_path):
    named = [{"name": "default", "template": CHATML}, {"name": "tool_use", "template": "T" + CHATML}]
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({"chat_template": named}))
    plain = mkmodelfile("compile", path)
    assert "template: 'default' (--name takes another: tool_use)" in plain.err
    assert mkmodelfile("compile", path, "--name", "tool_use").out.startswith("T")
    wrong = mkmodelfile("compile", path, "--name", "rag")
    assert (wrong.code, wrong.out) == (2, "")
    assert "it has default, tool_use" in wrong.err


def test_compile_a_folder_and_standard_input(mkmodelfile, tmp_path):
    (tmp_path / "chat_template.jinja").write_text(CHATML + "{{ eos_token }}")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))
    done = mkmodelfile("compile", tmp_path)
    assert done.out.endswith("</s>")
    assert "tokenizer_config.json" in done.err
    data = json.dumps({"chat_template": CHATML + "{{ eos_token }}", "eos_token": "</s>"}).encode()
    assert mkmodelfile("compile", "-", stdin=data).out == done.out


def test_a_token_that_no_file_says_is_a_finding(mkmodelfile, tmp_path):
    (tmp_path / "t.jinja").write_text(CHATML + "{{ eos_token }}")
    assert "t.jinja:4: warning MK612" in mkmodelfile("compile", tmp_path / "t.jinja").err
    assert "MK612" not in mkmodelfile("compile", tmp_path / "t.jinja", "--eos", "</s>").err


def test_explain_in_place_of_the_template(mkmodelfile, files, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    wide = mkmodelfile("compile", files / "chat.jinja", "--explain")
    assert wide.code == 0
    assert "{{ m.content }}" in wide.out
    assert "│ {{ .Content }}" in wide.out
    assert "chat exact" in wide.err
    monkeypatch.setenv("COLUMNS", "80")
    assert "      → {{ .Content }}" in mkmodelfile("compile", files / "chat.jinja", "--explain").out


def test_explain_as_json(mkmodelfile, files):
    done = mkmodelfile("compile", files / "chat.jinja", "--explain", "--format", "json")
    facts = json.loads(done.out)["facts"]
    assert [c["go"] for c in facts["constructs"] if c["jinja"] == "{{ m.role }}"] == [["{{ .Role }}"]]
    assert facts["template"]


def test_explain_has_two_formats(mkmodelfile, files):
    done = mkmodelfile("compile", files / "chat.jinja", "--explain", "--format", "sarif")
    assert done.code == 2
    assert "--explain is written as text or json, not as sarif" in done.err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% for m in messages %}{{ m.content }}", "error MK"),
        ("{{ messages[0].__class__.__mro__ }}", "error MK"),
    ],
)
def test_what_cannot_be_compiled_is_said_with_its_line(mkmodelfile, tmp_path, source, words):
    (tmp_path / "bad.jinja").write_text("line one\n" + source)
    done = mkmodelfile("compile", tmp_path / "bad.jinja")
    assert done.code == 1
    assert words in done.err
    assert "2" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--template", "t"], 2, "Missing option '--messages'"),
        (["--messages", "m"], 2, "give one of --template, --modelfile and --jinja, or a FILE; found none"),
        (["--template", "t", "--jinja", "j", "--messages", "m"], 2, "found --template and --jinja"),
        (["--template", "t", "--messages", "absent.json"], 2, "absent.json"),
    ],
)
def test_render_needs_one_source_and_messages(mkmodelfile, arguments, code, words):
    done = mkmodelfile("render", *arguments)
    assert done.code == code
    assert words in done.err


def test_a_request_that_the_server_refuses(mkmodelfile, files):
    (files / "t.gotmpl").write_text("{{ .Prompt }}")
    (files / "tools.json").write_text('[{"type": "function", "function": {"name": "f", "parameters": {}}}]')
    arguments = ["--template", files / "t.gotmpl", "--messages", files / "messages.json"]
    done = mkmodelfile("render", *arguments, "--tools", files / "tools.json")
    assert done.code == 1
    assert "does not support tools" in done.err
    assert done.out == ""


def test_a_binary_file_is_no_template(mkmodelfile, tmp_path):
    (tmp_path / "x.jinja").write_bytes(b"abc\xff\xfe")
    done = mkmodelfile("compile", tmp_path / "x.jinja")
    assert done.code == 2
    assert "byte 3 is 0xff, expected UTF-8 text" in done.err


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("a\n{{ range .Messages }}", ":2: error MK202"),
        ("é {{ range .Messages }}{{ .Foo }}{{ end }}", ":1:27: error MK203"),
    ],
)
def test_a_faulty_template_is_found_at_its_place(mkmodelfile, files, template, place):
    (files / "t.gotmpl").write_text(template)
    done = mkmodelfile("render", "--template", files / "t.gotmpl", "--messages", files / "messages.json")
    assert done.code == 1
    assert f"t.gotmpl{place}" in done.err
    assert "help: " in done.err


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("3", [], "messages.json: error MK901 usage: found a number, expected a list"),
        ('[{"id": "a", "messages": []}, {"id": "b", "messages": []}]', [], "--id: a, b"),
        ("[]", ["--id", "z"], "no conversation has the id 'z'"),
    ],
)
def test_faulty_messages_are_named_by_their_file(mkmodelfile, files, text, arguments, words):
    (files / "messages.json").write_text(text)
    given = ["render", "--jinja", files / "chat.jinja", "--messages", files / "messages.json", *arguments]
    done = mkmodelfile(*given)
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize("option", [["--bos", "<s>"], ["--eos", "</s>"], ["--no-generation-prompt"]])
@pytest.mark.parametrize("source", ["--template", "--modelfile"])
def test_what_only_a_chat_template_takes_is_refused(mkmodelfile, tmp_path, option, source):
    (tmp_path / "chat.json").write_text('[{"role": "user", "content": "Hi"}]')
    (tmp_path / "t").write_text("FROM x\nTEMPLATE {{ .Prompt }}\n")
    done = mkmodelfile("render", source, tmp_path / "t", "--messages", tmp_path / "chat.json", *option)
    assert (done.code, done.out) == (2, "")
    assert f"{option[0]} is for --jinja" in done.err


def test_compile_of_a_gguf_decides_about_bos_as_build_does(mkmodelfile, tmp_path):
    """The engine adds BOS where the vocabulary says so: the TEMPLATE writes none, or all prompts have two."""
    jinja = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
    model = build_model(tmp_path / "m.gguf", chat_template=jinja)
    for flag, begins in ((True, ""), (False, "<|endoftext|>")):
        patch(model, tmp_path / "p.gguf", {"tokenizer.ggml.add_bos_token": flag})
        done = mkmodelfile("compile", tmp_path / "p.gguf")
        (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: p.gguf\nprojector: none\n")
        assert done.out == build(tmp_path).template
        assert (
            render_prompt(done.out, [{"role": "user", "content": "Hi"}]) == f"{begins}<|user|>Hi<|assistant|>"
        )
        assert ("the engine adds <|endoftext|>" in done.err) == flag


@pytest.mark.parametrize("more", [[], ["--explain"]])
def test_compile_refuses_what_never_reads_the_messages(mkmodelfile, tmp_path, more):
    file = tmp_path / "chat_template.jinja"
    file.write_text("You are a helpful assistant.{{ eos_token }}")
    done = mkmodelfile("compile", file, *more)
    assert done.code == 1
    told = done.out if more else done.err  # an explanation has its findings in it
    assert "MK537" in told
    assert "never reads `messages`" in told


def test_half_of_a_surrogate_pair_is_named(mkmodelfile, tmp_path):
    (tmp_path / "t.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    (tmp_path / "m.json").write_text('[{"role": "user", "content": "a\\nb\\ud83d"}]')
    done = mkmodelfile("render", "--jinja", tmp_path / "t.jinja", "--messages", tmp_path / "m.json")
    assert (done.code, done.out) == (2, "")
    assert "error MK901" in done.err
    assert r"line 2 of the text has half of a surrogate pair (\ud83d)" in done.err
