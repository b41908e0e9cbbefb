"""Texts that users' terminals showed, or that Ollama's and llama.cpp's sources hold, and what they mean.

Beside each text: the code, and words that its meaning and its next step must have.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelfile_kit.runtime.error_texts import ERROR_TEXTS, LLAMA_CPP, MAX_TEXT, find, first, reason

SHARED = Path(__file__).parents[3] / "shared" / "cases" / "errors.txt"

REPORTED = Path(__file__).with_name("reported_errors.txt")

# (text, code, words of the meaning, words of the next step)
TEXTS = [
    # Ollama 0.34.4, `ollama create` with FROM ./m[.gguf (the text is Go's own, path/filepath).
    ("gathering model components \nError: syntax error in pattern", "MK439", "nothing closes", "rename"),
    (
        "Error: 500 Internal Server Error: unable to load model: /m/sha256-00",
        "MK857",
        "could not load",
        "log",
    ),
    ("error loading model: unknown model architecture: 'qwen35moe'", "MK717", "qwen35moe", "update"),
    ("llama_model_load: unknown model architecture: 'clip'", "MK433", "projector", "second FROM"),
    ("Error: invalid model name", "MK508", "does not allow", "NAMESPACE"),
    ("Error: supplied file was not in GGUF format", "MK403", "LFS pointer", "inspect"),
    ('Error: unsupported architecture "Glm4vForConditionalGeneration"', "MK717", "safetensors", "convert"),
    (
        "Error: digest mismatch, file must be downloaded again: want sha256:aa, got sha256:bb",
        "MK404",
        "damaged",
        "pull it again",
    ),
    ("Error: open /usr/share/ollama/blobs/sha256-aa: permission denied", "MK860", "/usr/share", "chown"),
    ("you are not authorized to push to this namespace, create", "MK861", "namespace", "ollama signin"),
    (
        'Head "http://127.0.0.1:11434/": proxyconnect tcp: dial tcp 10.0.0.1:3128: connection refused',
        "MK802",
        "proxy",
        "NO_PROXY",
    ),
    (
        'pull model manifest: Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai: '
        "no such host",
        "MK862",
        "DNS",
        "server itself is fine",
    ),
    (
        "pull model manifest: 412: The model you are attempting to pull requires a newer version of Ollama.",
        "MK806",
        "too old",
        "update Ollama",
    ),
    ("Error: quantization is only supported for F16, BF16 and F32 models", "MK810", "F16", "original"),
    (
        "Error: prediction aborted, token repeat limit reached",
        "MK840",
        "repeated",
        "PARAMETER stop",
    ),
    ('{"error":"illegal base64 data at input byte 4"}', "MK863", "bare base64", "base64"),
    ("{'error': {'message': 'invalid image input', 'code': None}}", "MK863", "data URL", "data:image"),
    ("clip_image_load_from_bytes: failed to decode image bytes", "MK719", "not an image", "PNG"),
    (
        "mismatch between vision and audio mmproj (n_embd_v = 2560, n_embd_a = 1536)",
        "MK412",
        "different models",
        "mmproj",
    ),
    (
        "number of media markers in text (0) does not match number of bitmaps (1)",
        "MK249",
        "places for them in the prompt: 0",
        "{{ .Content }}",
    ),
    ("done_getting_tensors: wrong number of tensors; expected 1247, got 808", "MK737", "808", "download"),
    (
        "error loading model hyperparameters: key qwen35.rope.dimension_sections has wrong array length; "
        "expected 4, got 3",
        "MK737",
        "has 3 values, expected 4",
        "convert the model again",
    ),
    (
        "key not found in model: granite.attention.layer_norm_rms_epsilon",
        "MK737",
        "granite.attention.layer_norm_rms_epsilon is missing",
        "convert the model again",
    ),
    ("error loading model: missing tensor 'blk.0.attn_q_norm.weight'", "MK737", "another version", "update"),
    (
        "gguf_init_from_reader: this GGUF file version 50331648 is extremely large, is there a mismatch "
        "between the host and model endianness?",
        "MK406",
        "big-endian",
        "little-endian",
    ),
    ("Error: no FROM line for the model was specified", "MK433", "no FROM", "FROM"),
    ("llama runner process has terminated: error: failed to apply lora adapter", "MK865", "adapter", "base"),
    ("Error: listen tcp 127.0.0.1:11434: bind: address already in use", "MK866", "port", "OLLAMA_HOST"),
    (
        "401 Unauthorized / You need to be signed in to Ollama to run Cloud models.",
        "MK861",
        "to sign in",
        "signin",
    ),
    ('split GGUF "GLM-00001-of-00003.gguf" has 1 shards, expected 3', "MK422", "1 of 3 parts", "one folder"),
    ('split GGUF "model.gguf" must use llama.cpp split filename pattern', "MK422", "name", "00001-of-"),
    (
        '{"error":{"code":500,"message":"image input is not supported - hint: if this is unexpected, you may '
        'need to provide the mmproj","type":"server_error"}}',
        "MK436",
        "without a projector",
        "--mmproj",
    ),
    (
        '{"message":"request (4180 tokens) exceeds the available context size (4096 tokens), try"}',
        "MK864",
        "4180 tokens",
        "num_ctx",
    ),
    ("cannot find tokenizer merges in model file", "MK407", "incomplete", "original tokenizer"),
    ("unknown pre-tokenizer type: 'glm5'", "MK717", "too old for the pre-tokenizer", "update"),
    ("Automatic parser generation failed: std::bad_alloc", "MK736", "not about memory", "mode: go"),
    ("Error: neither 'from' or 'files' was specified", "MK810", "0.5.5", "update the client"),
    ("jinja2.exceptions.TemplateError: System role not supported", "MK211", "system messages", "SYSTEM"),
    (
        'template: :1:14: executing "" at <.M.Role>: can\'t evaluate field Role in type []*api.Message',
        "MK203",
        ".Role outside",
        "{{ range .Messages }}",
    ),
    ('Error: unknown renderer "qwen3.9"', "MK806", "no renderer 'qwen3.9'", "update Ollama"),
    (
        '{"error":"\\"hf.co/a/b:Q4_K_M\\" does not support thinking"}',
        "MK230",
        "no thinking",
        "send no `think`",
    ),
    ("Error: max retries exceeded: EOF", "MK862", "broke repeatedly", "resumes"),
    ("LoRA adapters are no longer supported", "MK865", "supports ADAPTER", "merge"),
    ("split vision models aren't supported", "MK807", "second", "0.30"),
    ('(line 2): command must be one of "from", "license"', "MK101", "PROJECTOR", "lint"),
    ("unknown parameter 'num_contex'", "MK110", "num_contex", "lint"),
]


@pytest.mark.parametrize(("text", "code", "means", "step"), TEXTS, ids=[t[0][:50] for t in TEXTS])
def test_a_text_has_one_meaning_and_a_next_step(text, code, means, step):
    [found] = find(text)
    assert found.code == code
    assert means in found.meaning
    assert step in found.step


@pytest.mark.skipif(not SHARED.is_file(), reason="needs ../shared/cases/errors.txt")
def test_every_text_of_users_terminals_has_exactly_one_meaning():
    lines = [line for line in SHARED.read_text(encoding="utf-8").splitlines() if " ⇒ " in line]
    texts = [line.partition(" ⇒ ")[0] for line in lines if not line.startswith("#")]
    assert len(texts) > 30
    assert [t for t in texts if len(list(find(t))) != 1] == []


def _reported() -> list[tuple[str, str]]:
    rows, code = [], ""
    for line in REPORTED.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            code = line[2:]
        elif not line.startswith("#"):
            rows.append((code, line))
    return rows


@pytest.mark.parametrize(("code", "text"), _reported(), ids=lambda x: x[:60])
def test_a_text_of_a_public_issue_has_its_meaning(code, text):
    assert [m.code for m in find(text)] == ([] if code == "-" else [code])


def test_nearly_every_text_of_a_public_issue_is_answered():
    rows = _reported()
    assert len(rows) >= 60
    assert sum(code == "-" for code, _ in rows) <= 0.05 * len(rows)


# Close to a pattern, and of another fault.
@pytest.mark.parametrize(
    "text",
    [
        "main: error: failed to read file 'prompt.txt'",
        "error: failed to read the chat template file",
        "failed to read configuration: yaml: line 3: mapping values are not allowed",
        "error: failed to read from socket",
        "failed to read credentials from docker config",
        "Failed to read image: unsupported format",
        "failed to read headers of the response",
        "npm error: package model 'x' not found in registry",
        "The voice model 'alloy' not found",
        "RuntimeError: model weights not found",
        "KeyError: model tokenizer not found",
        "docker: Error response from daemon: model runner not found",
        "django: model 'Invoice' not found in app billing",
        "Configuration error: model 'gpt' not found on this account",
    ],
)
def test_a_near_miss_gets_no_answer(text):
    assert list(find(text)) == []


def test_a_name_server_that_refuses_is_no_ollama_that_refuses():
    text = (
        'Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai on 10.0.0.1:53: read udp'
    )
    assert first(f"{text} 10.0.0.2:4->10.0.0.1:53: read: connection refused").code == "MK862"
    assert (
        first('Get "http://127.0.0.1:11434/api/tags": dial tcp: connect: connection refused').code == "MK802"
    )


def test_the_reason_hides_its_consequences():
    text = (
        "unexpected EOF\nclip_init: failed\nerror: unknown projector type: glm9v\nFailed to load CLIP model"
    )
    assert [m.code for m in find(text)] == ["MK416"]
    assert reason("Failed to load CLIP model from x") is None
    assert first("Failed to load CLIP model from x").code == "MK854"


def test_a_text_that_a_terminal_broke_in_two_is_found():
    assert first("mismatch between text model\n  (n_embd = 64) and mmproj (n_embd = 128)").code == "MK412"


def test_only_the_programs_that_are_asked_for_count():
    assert first("no space left on device", programs=(LLAMA_CPP,)) is None
    assert first("failed to allocate buffer", programs=(LLAMA_CPP,)).code == "MK718"


def test_a_log_without_end_is_bounded():
    assert first("x" * MAX_TEXT + "connection refused") is None


@pytest.mark.parametrize("error", ERROR_TEXTS, ids=lambda e: e.pattern[:40])
def test_every_row_can_be_filled_in(error):
    groups = re.compile(error.pattern).groupindex
    assert error.meaning.format(**dict.fromkeys(groups, "x"))
    assert error.step
    assert not re.search(r"\{\w+\}", error.step), "only the meaning is filled in"
