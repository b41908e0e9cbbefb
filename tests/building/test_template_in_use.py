"""Whether servers will use what the package means them to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.building.sources import PackageFiles, open_files
from modelfile_kit.building.template_in_use import template_in_use
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.micro import build_model, build_pair
from modelfile_kit.ollama.versions import LATEST, Target, version_text
from modelfile_kit.package.package import Package

PLAIN = "{{ range .Messages }}{{ .Content }}{{ end }}"
NEWEST = version_text(LATEST)
THINKING = "{% for m in messages %}<think></think>{{ m.content }}{% endfor %}"


def files(folder: Path, chat_template: str | None = None, projector: str = "none") -> PackageFiles:
    model = build_model(folder / "m.gguf", chat_template=chat_template)
    return open_files(Package(folder / "f", "a", model, projector=projector))


def codes(mode: str, template: str | None, given: PackageFiles, target: str = ">=0.12") -> list[str]:
    return [d.code for d in template_in_use(mode, template, given, Target.parse(target), Span()).diagnostics]


def test_the_template_of_a_glm_is_used_everywhere(tmp_path: Path) -> None:
    served = template_in_use("go", PLAIN, files(tmp_path), Target.parse(">=0.12"), Span())
    assert [name for name, _ in served.selections] == ["0.12.0", NEWEST]
    assert {s.source for _, s in served.selections} == {"template"}
    assert served.diagnostics == ()


def test_a_template_that_loses_to_the_jinja(tmp_path: Path) -> None:
    # Ollama sees thinking in the Jinja and none in the TEMPLATE, so 0.30 and later leave the TEMPLATE alone.
    given = files(tmp_path, THINKING)
    served = template_in_use("go", PLAIN, given, Target.parse(">=0.12"), Span())
    assert [(n, s.source) for n, s in served.selections] == [("0.12.0", "template"), (NEWEST, "jinja")]
    [found] = served.diagnostics
    assert found.code == "MK201" and NEWEST in found.message and "Thinking" in found.help
    assert codes("go", PLAIN, given, "0.12.6") == []


def test_native(tmp_path: Path) -> None:
    assert codes("native", None, files(tmp_path), ">=0.30") == []
    assert codes("native", None, files(tmp_path, ""), "latest") == ["MK520"]


@pytest.mark.parametrize(("mode", "template", "found"), [("native", None, ["MK521"]), ("go", PLAIN, [])])
def test_native_puts_images_behind_the_words(
    tmp_path: Path, mode: str, template: str | None, found: list[str]
) -> None:
    pair = build_pair(tmp_path)
    given = open_files(Package(tmp_path / "f", "a", pair.model))
    assert given.projector == pair.projector
    assert codes(mode, template, given, ">=0.30") == found
    assert codes(mode, template, replace(given, projector=None, projector_header=None), ">=0.30") == []
