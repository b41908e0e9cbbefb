"""From a package file to a Modelfile on disk, with the micro pair as the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import modelfile_kit
from modelfile_kit.building.build import build, default_output
from modelfile_kit.building.plan import BuildError
from modelfile_kit.core.errors import GGUFError, KitError, PackageError, UsageError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import MicroPair, build_pair
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.ollama.prompt import render_prompt
from modelfile_kit.package.package import load_package

SYSTEM = "你是一个支持图文理解的智能助手,请结合上下文准确回答。"
HEAD = "name: autoglm-phone-9b\nmodel: micro-glm4v.gguf\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> MicroPair:
    return build_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def package(tmp_path: Path, pair: MicroPair) -> Path:
    """A folder with the pair (linked) and a package file of the least size."""
    assert pair.projector is not None
    for file in (pair.model, pair.projector):
        os.link(file, tmp_path / file.name)
    return rewrite(tmp_path)


def rewrite(folder: Path, text: str = "") -> Path:
    (folder / "mkmodelfile.yaml").write_text(HEAD + text, encoding="utf-8")
    return folder


def user(text: str, images: int = 0) -> dict[str, Any]:
    return {"role": "user", "content": text, **({"images": images} if images else {})}


def test_what_is_written(package: Path) -> None:
    built = build(rewrite(package, f"system: {SYSTEM}\nparameters: {{num_ctx: 4096, temperature: 0.5}}\n"))
    assert built.path == package / "build" / "autoglm-phone-9b" / "Modelfile"
    assert sorted(p.name for p in built.path.parent.iterdir()) == ["Modelfile", "report.json"]
    text = built.path.read_text(encoding="utf-8")
    assert text == str(built.modelfile)
    ollama = parse_modelfile(text.encode(), dialect=False)
    assert [i.value for i in ollama.froms] == ["../../micro-glm4v.gguf", "../../mmproj-micro-glm4v.gguf"]
    assert all((built.path.parent / i.value).is_file() for i in ollama.froms)
    assert ollama.last("system") == SYSTEM
    assert ollama.parameters("num_ctx") == ("4096",)
    assert ollama.parameters("stop") == ("<|observation|>", "</answer>")
    assert ollama.last("template") == built.template
    assert json.loads((built.path.parent / "report.json").read_text(encoding="utf-8")) == built.report


def test_the_prompt_is_glms(package: Path) -> None:
    built = build(rewrite(package, "system: S\n"))
    assert built.template is not None
    messages = built.with_system([user("a"), {"role": "assistant", "content": "b"}, user("c")])
    expected = "[gMASK]<sop><|system|>\nS<|user|>\na<|assistant|>\nb<|user|>\nc<|assistant|>\n"
    assert render_prompt(built.template, messages) == expected
    assert built.expected([user("a"), {"role": "assistant", "content": "b"}, user("c")]) == expected
    own = [{"role": "system", "content": "T"}, user("a")]
    assert built.with_system(own) == own


def test_the_report(package: Path) -> None:
    report = build(package).report
    assert report["model"] == {
        "file": "../../micro-glm4v.gguf",
        "size": (package / "micro-glm4v.gguf").stat().st_size,
        "quantization": "F32",
        "architecture": "glm4",
        "input": ["text", "image"],
        "vocabulary": report["model"]["vocabulary"],
    }
    assert report["projector"]["type"] == "glm4v" and report["projector"]["why"]
    assert report["family"]["id"] == "glm4v" and len(report["family"]["why"]) == 3
    assert report["mode"]["chosen"] == "go" and report["mode"]["why"]
    assert report["template"]["coverage"]["chat"] == "exact"
    assert report["template"]["coverage"]["images"] in ("exact", "partial")  # the compiler's to prove
    assert str(package) not in json.dumps({k: v for k, v in report.items() if k != "diagnostics"})
    assert build(package).report == report  # the same package, the same report


def test_output_and_replacements(package: Path, tmp_path: Path, pair: MicroPair) -> None:
    other = tmp_path / "other"
    built = build(
        load_package(package),
        other,
        model=str(pair.model),
        projector=str(pair.projector),
        target=">=0.12",
        projector_directive="projector",
    )
    assert built.path == other / "Modelfile"
    assert built.package.target == ">=0.12.0"
    assert [(i.name, i.value) for i in built.modelfile.instructions[:2]] == [
        ("from", pair.model.as_posix()),
        ("projector", str(pair.projector)),
    ]
    assert built.modelfile.projectors == (str(pair.projector),)
    with pytest.raises(UsageError):
        build(package, target="newest")
    with pytest.raises(UsageError):
        build(package, projector_directive="both")


def test_without_writing(package: Path) -> None:
    built = build(package, write=False)
    assert str(built.modelfile).startswith("# autoglm-phone-9b")
    assert not (package / "build").exists()


def test_names_as_folders(package: Path) -> None:
    loaded = load_package(package)
    for name, folder in (("a", "a"), ("me/a:q4", "me-a-q4"), ("host:80/me/a", "host-80-me-a")):
        object.__setattr__(loaded, "name", name)
        assert default_output(loaded) == package / "build" / folder


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('end_token: "<|im_end|>"\n', "MK323", "not a token of this vocabulary"),
        ('end_token: "<|end|>"\n', "MK323", "not a token of this vocabulary"),
        ("projector: none.gguf\n", "MK430", "was not found"),
        ("model: x\n", "MK505", "given twice"),
        ("template: t.gotmpl\n", "MK430", "was not found"),
        ("chat_template: t.jinja\n", "MK430", "was not found"),
        ("license: LICENSE\n", "MK430", "was not found"),
        ('system: "a\\u3000b"\n', "MK118", "U+3000"),
        ('image: {separator: "\\n"}\ntarget: "0.5.12"\n', "MK304", "range over an integer"),
        ("parameters: {num_ctx: many}\n", "MK111", "a whole number"),
        ("parameters: {temperature: [0.5, hot]}\n", "MK111", "a number"),
        ("parameters: {num_ctz: 1}\n", "MK110", "unknown"),
    ],
)
def test_nothing_is_written_when_something_is_wrong(package: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(PackageError) as caught:
        build(rewrite(package, text))
    assert (caught.value.code, caught.value.exit_code) == (code, 1)
    assert said in str(caught.value) and caught.value.help
    assert caught.value.span is not None and caught.value.span.line is not None
    assert any(d.code == code for d in caught.value.diagnostics)
    assert not (package / "build").exists()


@pytest.mark.parametrize("fault", ["width", "projector-type", "no-rope-sections", "no-projector"])
def test_a_pair_that_cannot_work_stops_the_build(tmp_path: Path, fault: str) -> None:
    build_pair(tmp_path, fault=fault)
    with pytest.raises(BuildError) as caught:
        build(rewrite(tmp_path))
    assert caught.value.code.startswith(("MK41", "MK436")) and caught.value.exit_code == 1
    assert not (tmp_path / "build").exists()


def test_a_truncated_model_stops_the_build(tmp_path: Path) -> None:
    build_pair(tmp_path, fault="truncated")
    with pytest.raises(GGUFError):
        build(rewrite(tmp_path))
    assert not (tmp_path / "build").exists()


def test_a_failed_build_leaves_the_last_one(package: Path) -> None:
    path = build(package).path
    before = path.read_bytes()
    with pytest.raises(KitError):
        build(rewrite(package, 'end_token: "<|im_end|>"\n'))
    assert path.read_bytes() == before


def test_an_end_token_of_ones_own(package: Path) -> None:
    built = build(rewrite(package, 'end_token: "<|endoftext|>"\n'))
    assert "MK302" in [d.code for d in built.diagnostics if d.severity == "warning"]
    assert built.template is not None
    messages = [user("a"), {"role": "assistant", "content": ""}, user("b", 1)]
    prompt = (
        "[gMASK]<sop><|user|>\na<|endoftext|><|assistant|>\n<|endoftext|>"
        "<|user|>\n[img-0]b<|endoftext|><|assistant|>\n"
    )
    assert render_prompt(built.template, messages) == prompt
    image = "<|begin_of_image|><|image|><|end_of_image|>"
    assert built.expected(messages) == prompt.replace("[img-0]", image)
    assert built.original(messages) == prompt.replace("[img-0]", image).replace("<|endoftext|>", "")
    assert set(built.report["added_texts_proven_on"]) >= {"question", "dialogue", "spaces"}


def test_a_text_after_images(package: Path) -> None:
    built = build(rewrite(package, 'image: {separator: "\\n"}\n'))
    assert built.template is not None
    assert render_prompt(built.template, [user("What?", 2)]) == (
        "[gMASK]<sop><|user|>\n[img-0][img-1]\nWhat?<|assistant|>\n"
    )
    image = "<|begin_of_image|><|image|><|end_of_image|>"
    assert built.expected([user("What?", 2)]) == f"[gMASK]<sop><|user|>\n{image * 2}\nWhat?<|assistant|>\n"
    assert any("images" in line for line in built.summary())


def test_native(package: Path) -> None:
    built = build(rewrite(package, "mode: native\n"))
    assert (built.template, built.compiled) == (None, None)
    assert built.modelfile.last("template") is None
    assert built.report["mode"]["chosen"] == "native"
    assert built.expected([user("a")]) == "[gMASK]<sop><|user|>\na<|assistant|>\n"


def test_a_template_written_by_hand(package: Path) -> None:
    (package / "t.gotmpl").write_text("{{ range .Messages }}{{ .Content }}{{ end }}", encoding="utf-8")
    built = build(rewrite(package, "template: t.gotmpl\n"))
    assert built.modelfile.last("template") == "{{ range .Messages }}{{ .Content }}{{ end }}"
    assert built.compiled is None
    assert built.report["template"] == {"origin": "written by hand", "coverage": None}
    assert built.reference is not None and built.reference.origin == "gguf"
    (package / "t.gotmpl").write_text("{{ range", encoding="utf-8")
    with pytest.raises(BuildError, match="`template`"):
        build(package)
    (package / "t.gotmpl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackageError, match="not a text file"):
        build(package)


def test_a_chat_template_that_cannot_be_rendered(package: Path) -> None:
    (package / "t.jinja").write_text("{% for", encoding="utf-8")
    with pytest.raises(KitError) as caught:
        build(rewrite(package, "chat_template: t.jinja\n"))
    assert caught.value.exit_code == 1
    assert not (package / "build").exists()


def test_another_models_chat_template_is_remarked(package: Path) -> None:
    (package / "t.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        encoding="utf-8",
    )
    built = build(rewrite(package, "chat_template: t.jinja\n"))
    [found] = [d for d in built.diagnostics if d.code == "MK323"]
    assert "'<|im_start|>', '<|im_end|>'" in found.message


def test_an_unknown_model_gets_the_plain_modelfile(tmp_path: Path) -> None:
    build_pair(tmp_path, fault="text-llama")
    built = build(rewrite(tmp_path, "license: |\n  Free.\n  For all.\n"))
    assert built.report["family"] is None
    assert [i.name for i in built.modelfile.instructions][:1] == ["from"]
    assert built.modelfile.last("license") == "Free.\nFor all.\n"
    assert {c.category for c in built.conversations()} == {"chat"}


def test_a_folder_that_cannot_be_written(package: Path) -> None:
    (package / "build").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write") as caught:
        build(package)
    assert caught.value.exit_code == 2


def test_without_llama_cpp(package: Path) -> None:
    # Another process: nothing of the build may import llama.cpp, and headers are enough.
    code = (
        "import sys; sys.modules['llama_cpp'] = None\n"
        "from modelfile_kit import build\n"
        "print(build(sys.argv[1]).path)\n"
        "heavy = {'numpy', 'gguf', 'ollama', 'PIL', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(modelfile_kit.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, str(package)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


def test_the_public_name() -> None:
    assert modelfile_kit.build is build


def test_a_named_chat_template_is_compiled(package: Path, pair: MicroPair) -> None:
    jinja = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}!{% endfor %}<|assistant|>"
    (package / "micro-glm4v.gguf").unlink()
    patch(pair.model, package / "micro-glm4v.gguf", {"tokenizer.chat_template.tool_use": jinja})
    built = build(rewrite(package, "projector: none\nchat_template_name: tool_use\n"))
    assert built.report["chat_template"]["from"] == "gguf:tool_use"
    assert built.report["mode"]["chosen"] == "go"
    assert built.template is not None
    assert render_prompt(built.template, [user("a")]) == "<|user|>a!<|assistant|>"
    with pytest.raises(PackageError) as caught:
        (package / "t.gotmpl").write_text("{{ .Prompt }}", encoding="utf-8")
        build(rewrite(package, "projector: none\ntemplate: t.gotmpl\nchat_template_name: rag\n"))
    assert (caught.value.code, caught.value.span and caught.value.span.line) == ("MK513", 5)


FIRST = "messages: [{role: user, content: a}, {role: assistant, content: b}]\n"


def test_messages_stand_first(package: Path) -> None:
    built = build(rewrite(package, "system: S\n" + FIRST))
    lines = [(i.key, i.value) for i in built.modelfile.all("message")]
    assert lines == [("user", "a"), ("assistant", "b")]
    expected = "[gMASK]<sop><|system|>\nS<|user|>\na<|assistant|>\nb<|user|>\nc<|assistant|>\n"
    assert built.expected([user("c")]) == expected
    assert built.template is not None
    assert render_prompt(built.template, built.with_system([user("c")])) == expected


def test_messages_that_the_chat_template_refuses(package: Path) -> None:
    jinja = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    jinja += "{{ raise_exception('in turn') }}{% endif %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    (package / "t.jinja").write_text(jinja, encoding="utf-8")
    head = "chat_template: t.jinja\nprojector: none\n"
    assert build(rewrite(package, head + FIRST)).template
    with pytest.raises(BuildError) as caught:
        build(rewrite(package, head + "messages: [{role: user, content: a}]\n"))
    [found] = [d for d in caught.value.diagnostics if d.code == "MK527"]
    assert (str(found.severity), found.span and found.span.line) == ("error", 5)


def test_a_file_that_ollama_takes_for_a_pattern(package: Path) -> None:
    (package / "m[1].gguf").write_bytes((package / "micro-glm4v.gguf").read_bytes())
    rewrite(package).joinpath("mkmodelfile.yaml").write_text("name: p\nmodel: m[1].gguf\nprojector: none\n")
    assert build(package).modelfile.froms[0].value == "../../m[1].gguf"
    (package / "m1.gguf").write_bytes(b"GGUF")
    with pytest.raises(PackageError) as caught:
        build(package)
    assert caught.value.code == "MK439" and "take m1.gguf" in caught.value.message
    build(package, target="0.33.0")


@pytest.mark.parametrize(
    ("keys", "warned"), [("", True), ("projector: none\n", False), ("template: t.gotmpl\n", False)]
)
def test_a_projector_beside_a_chat_template_without_images(package: Path, keys: str, warned: bool) -> None:
    jinja = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"
    (package / "t.jinja").write_text(jinja)
    (package / "t.gotmpl").write_text(
        "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}<|assistant|>"
    )
    built = build(rewrite(package, "chat_template: t.jinja\n" + keys))
    found = [d for d in built.diagnostics if d.code == "MK662"]
    places = [(d.severity.value, Path(str(d.span and d.span.file)).name) for d in found]
    assert places == [("warning", "t.jinja")] * warned
