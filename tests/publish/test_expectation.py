from __future__ import annotations

from modelfile_kit.building.build import build
from modelfile_kit.micro import CHAT_TEMPLATE, build_pair
from modelfile_kit.publish.expectation import Expectation, default_conversations, turn_tokens
from modelfile_kit.publish.served_model import ServedModel


def show(*paths, capabilities=("completion",), **info):
    return ServedModel.from_show(
        "m", {"modelfile": "".join(f"FROM {p}\n" for p in paths), "capabilities": capabilities, **info}
    )


def test_the_borders_of_a_turn_are_read_from_the_templates():
    go = "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|im_end|>{{ end }}<|assistant|>"
    jinja = "<|user|><|begin_of_image|><|image|>{{ x }}<think></think><tool_call>"
    jinja += "<|observation|><end_of_turn>[INST]"
    assert set(turn_tokens([go, None, jinja])) == {
        "[gMASK]",
        "<sop>",
        "<|im_end|>",
        "<|assistant|>",
        "<|user|>",
        "<|observation|>",
        "<end_of_turn>",
        "[INST]",
    }


def test_a_build_that_was_not_written_promises_the_same(tmp_path):
    build_pair(tmp_path)
    (tmp_path / "mkmodelfile.yaml").write_text("name: m\nmodel: micro-glm4v.gguf\n", encoding="utf-8")
    unwritten = Expectation.from_build(build(tmp_path, write=False))
    written = Expectation.from_build(build(tmp_path))
    assert unwritten.template == written.template
    assert (unwritten.model, unwritten.projector) == (written.model, written.projector)


def test_on_the_servers_machine_its_blobs_tell_the_rest(tmp_path):
    pair = build_pair(tmp_path)
    model, projector = tmp_path / ("sha256-" + "a" * 64), tmp_path / ("sha256-" + "b" * 64)
    pair.model.rename(model)
    pair.projector.rename(projector)
    got = Expectation().completed(show(model, projector, capabilities=("completion", "vision")))
    assert (got.model, got.projector) == (model, projector)
    assert got.chat_template == CHAT_TEMPLATE
    assert got.bos_token == got.eos_token == "<|endoftext|>"
    assert got.vision


def test_elsewhere_only_the_server_is_known():
    got = Expectation().completed(show("/no/such/sha256-" + "a" * 64))
    assert (got.model, got.chat_template, got.vision) == (None, None, False)
    assert got.conversations


def test_a_blob_that_is_no_gguf_tells_nothing(tmp_path):
    blob = tmp_path / ("sha256-" + "a" * 64)
    blob.write_bytes(b"PK\x03\x04 a zip")
    assert Expectation().completed(show(blob)).chat_template is None


def test_what_is_meant_is_not_overwritten(tmp_path):
    meant = Expectation(chat_template="x", vision=False, conversations=default_conversations(vision=False))
    got = meant.completed(show(capabilities=("vision",), projector_info={"a": 1}))
    assert (got.chat_template, got.vision) == ("x", False)
    assert got.conversations == meant.conversations


def test_default_probes_hold_a_image_only_for_those_who_see():
    def images(vision):
        return [c.id for c in default_conversations(vision=vision) if c.category == "images"]

    assert images(True) and not images(False)
