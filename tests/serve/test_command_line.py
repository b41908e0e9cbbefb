"""A package as options: each of its keys is an option, or a finding."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.errors import PackageError, UsageError
from modelfile_kit.micro import build_pair
from modelfile_kit.serve.command_line import (
    ServeOptions,
    gpu_finding,
    make_command_line,
    url_of,
)
from modelfile_kit.serve.program import PYTHON_SERVER
from tests.serve.conftest import program_with

BASIC = ("--model", "--mmproj", "--host", "--port", "--alias", "--ctx-size", "--n-gpu-layers", "--parallel")
WHOLE = (
    *BASIC,
    *("--jinja", "--offline", "--reverse-prompt", "--chat-template-file", "--api-key-file"),
    *("--temp", "--top-k", "--seed", "--lora", "--n-predict"),
)
PYTHON = (
    "--model",
    "--clip_model_path",
    "--chat_format",
    "--host",
    "--port",
    "--model_alias",
    "--n_ctx",
    "--n_gpu_layers",
    "--seed",
)


@pytest.fixture
def make(tmp_path):
    """The command line of a package with these keys."""
    build_pair(tmp_path)

    def call(text="", options=ServeOptions(), program=None):  # noqa: B008
        (tmp_path / "mkmodelfile.yaml").write_text(f"name: my/tiny:v1\nmodel: micro-glm4v.gguf\n{text}")
        built = build(tmp_path, write=False)
        return make_command_line(built, program or program_with(*WHOLE), options)

    return call


def values(line):
    found: dict[str, list[str]] = {}
    for option in line.options:
        found.setdefault(option.name, []).append(option.value)
    return found


def messages(line):
    return " ".join(d.message for d in line.findings)


def test_a_plain_package(make, tmp_path):
    found = values(make())
    assert found["--model"] == [str(tmp_path / "micro-glm4v.gguf")]
    assert found["--mmproj"] == [str(tmp_path / "mmproj-micro-glm4v.gguf")]
    assert (found["--host"], found["--port"]) == (["127.0.0.1"], ["8080"])
    assert (found["--alias"], found["--ctx-size"]) == (["my/tiny:v1"], ["4096"])
    assert found["--jinja"] == [""]
    assert "--n-gpu-layers" not in found and "--parallel" not in found


def test_the_keys_of_the_package_become_options(make):
    numbers = "num_ctx: 2048, temperature: 0.5, top_k: 20, seed: 7, num_gpu: 12"
    line = make(f"stop: ['</s>', 'a\\b']\nparameters: {{{numbers}}}\n")
    found = values(line)
    assert found["--ctx-size"] == ["2048"]
    assert (found["--temp"], found["--top-k"], found["--seed"]) == (["0.5"], ["20"], ["7"])
    assert found["--n-gpu-layers"] == ["12"]
    # llama-server reads escapes, so its own escape character is doubled
    assert found["--reverse-prompt"] == ["</s>", "a\\\\b"]
    assert line.stops == ("</s>", "a\\b")
    assert line.findings == ()
    assert line.gpu


def test_what_the_user_says_comes_first(make, tmp_path):
    options = ServeOptions("0.0.0.0", 9000, 1024, 3, 4, "vision", tmp_path / "keys")
    line = make("parameters: {num_ctx: 2048, num_gpu: 12}\n", options)
    found = values(line)
    # each of four requests has 1024 tokens
    assert (found["--ctx-size"], found["--parallel"]) == (["4096"], ["4"])
    assert (found["--n-gpu-layers"], found["--alias"]) == (["3"], ["vision"])
    assert found["--api-key-file"] == [str(tmp_path / "keys")]
    assert (line.context, line.url) == (1024, "http://127.0.0.1:9000/v1")


def test_options_that_this_version_does_not_know_are_left_out_and_said(make):
    line = make("stop: ['</s>']\nparameters: {temperature: 0.5, mirostat: 1}\n", program=program_with(*BASIC))
    assert not {"--jinja", "--temp", "--mirostat", "--reverse-prompt"} & set(values(line))
    said = messages(line)
    assert "does not know --jinja, --offline, --reverse-prompt: left out" in said
    assert "no option for temperature 0.5, mirostat 1" in said
    [stops] = [d for d in line.findings if "stops" in d.message]
    assert stops.severity.value == "warning" and "stop=['</s>']" in stops.help


def test_a_program_without_images_cannot_serve_a_package_with_them(make):
    with pytest.raises(UsageError, match="does not know --mmproj"):
        make(program=program_with("--model", "--host", "--port", "--alias", "--ctx-size"))


def test_the_system_text_is_put_into_the_chat_template(make):
    line = make("system: Be brief.\n")
    assert '"Be brief."' in line.template
    assert "--chat-template-file" not in values(line)
    assert line.words("/x.jinja")[-2:] == ["--chat-template-file", "/x.jinja"]
    assert make().template is None


def test_a_chat_template_of_the_packages_own(make, tmp_path):
    text = "{% for m in messages %}{{ m.content }}{% endfor %}"
    (tmp_path / "own.jinja").write_text(text)
    assert make("chat_template: own.jinja\nprojector: none\n").template == text


def test_what_only_a_go_template_can_do_is_said(make, tmp_path):
    (tmp_path / "t.gotmpl").write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    said = messages(make("template: t.gotmpl\n"))
    assert "written by hand" in said


def test_there_is_no_prompt_without_a_chat_template(built):
    plan = dataclasses.replace(built.plan, reference=None)
    with pytest.raises(PackageError, match="only a Go TEMPLATE") as e:
        make_command_line(dataclasses.replace(built, plan=plan), program_with(*WHOLE), ServeOptions())
    assert e.value.code == "MK884"


def test_pythons_server(make, tmp_path):
    program = program_with(*PYTHON, kind=PYTHON_SERVER)
    line = make(
        "system: Be brief.\nstop: ['</s>']\nparameters: {temperature: 0.5, seed: 7}\n", program=program
    )
    found = values(line)
    assert (found["--chat_format"], found["--seed"]) == (["mtmd"], ["7"])
    assert found["--clip_model_path"] == [str(tmp_path / "mmproj-micro-glm4v.gguf")]
    assert line.template is None
    said = messages(line)
    assert "cannot add the package's system text" in said
    assert "cannot be told the package's stops" in said
    assert "no option for temperature 0.5" in said
    (tmp_path / "own.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    with pytest.raises(PackageError, match="uses the GGUF's chat template"):
        make("chat_template: own.jinja\n", program=program)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/v1"),
        ("0.0.0.0", "http://127.0.0.1:80/v1"),
        ("::", "http://[::1]:80/v1"),
        ("fe80::1", "http://[fe80::1]:80/v1"),
    ],
)
def test_the_address_for_clients(host, url):
    assert url_of(host, 80) == url


@pytest.mark.parametrize(("sees", "warns"), [(False, True), (True, False), (None, False)])
def test_layers_for_a_gpu_that_is_not_there(make, sees, warns):
    line = make("parameters: {num_gpu: 12}\n")
    program = SimpleNamespace(has_gpu=lambda: sees, command=("llama-server",))
    found = gpu_finding(dataclasses.replace(line, program=program))
    assert (found is not None and found.code == "MK883") == warns
    assert gpu_finding(dataclasses.replace(line, program=program, gpu=False)) is None
