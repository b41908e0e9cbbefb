"""Sentences that Ollama 0.33 and llama.cpp really write (seen on a server, or read in their source)."""

import pytest

from modelfile_kit.doctor import diagnose
from modelfile_kit.doctor.symptoms import unrecognised


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (
            'Error: (line 2): command must be one of "from", "license", "template", "system", "adapter"',
            ["MK101"],
        ),
        ("Error: unknown parameter 'num_contex'", ["MK110"]),
        ('Error: template error: template: :1: function "fromJson" not defined', ["MK203"]),
        ("registry.ollama.ai/library/x:latest does not support tools (status code: 400)", ["MK230"]),
        ('"x" does not support thinking', ["MK230"]),
        ("Multimodal data provided, but model does not support multimodal requests.", ["MK436"]),
        (
            "Error: 500 Internal Server Error: llama-server process has terminated: exit status 1: error: "
            "mismatch between text model (n_embd = 64) and mmproj (n_embd = 128)",
            ["MK412"],
        ),
        ("llama runner process has terminated: signal: segmentation fault", ["MK417"]),
        ("Failed to load CLIP model from /root/.ollama/blobs/sha256-1", ["MK854"]),
        ("an error was encountered while running the model: unexpected EOF", ["MK413"]),
        (
            "llama-server has terminated: GGML_ASSERT(id_to_token.size() == token_to_id.size()) failed",
            ["MK451"],
        ),
        ("llama_model_load: error loading model: unknown model architecture: 'glm9'", ["MK717"]),
        ("model requires more system memory (9.1 GiB) than is available (4.0 GiB)", ["MK718"]),
        ("Error: pull model manifest: file does not exist", ["MK808"]),
        ("model 'glm' not found", ["MK808"]),
        ("dial tcp 127.0.0.1:11434: connect: connection refused", ["MK802"]),
        ("Error: could not connect to ollama server, run 'ollama serve' to start it", ["MK802"]),
        ("write /root/.ollama/blobs/x: no space left on device", ["MK860"]),
        ("everything is well", []),
        ("", []),
    ],
)
def test_what_is_behind_an_error_text(text, codes):
    found = diagnose(text)
    assert [d.code for d in found] == codes
    assert all(d.help for d in found)


def test_the_reason_stands_before_its_consequences():
    text = "unexpected EOF\nclip_init: failed\nerror: unknown projector type: glm9v"
    assert diagnose(text)[0].code == "MK416"


def test_no_password_of_an_error_text_is_repeated():
    word = "http://me:s3cret@host/x"
    assert unrecognised(word).message.startswith("'http://***@host/x' is neither")
    [found] = diagnose(f"llama_model_load: unknown model architecture: '{word}'")
    assert found.code == "MK717" and "s3cret" not in found.message + found.help
