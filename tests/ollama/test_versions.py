"""Targets and what they can do."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.versions import LATEST, SINCE, Target, llama_cpp_build, server_version, since, until


@pytest.mark.parametrize(
    ("text", "version", "onwards"),
    [
        ("latest", LATEST, False),
        ("0.12.6", (0, 12, 6), False),
        ("v0.9", (0, 9, 0), False),
        (">=0.30", (0, 30, 0), True),
        (" >= 0.30.4 ", (0, 30, 4), True),
        ("0.33.0-rc1", (0, 33, 0), False),
        ("==0.5.13", (0, 5, 13), False),
    ],
)
def test_reading(text, version, onwards):
    target = Target.parse(text)
    assert (target.version, target.onwards) == (version, onwards)
    assert Target.parse(target) is target


@pytest.mark.parametrize("text", ["", "new", "<0.5", "0.x", "0.1.2.3", ">=", "1e3"])
def test_nonsense_is_refused(text):
    with pytest.raises(UsageError) as caught:
        Target.parse(text)
    assert "0.12.6" in caught.value.help


def test_features():
    old, new = Target.parse("0.12.0"), Target.parse("0.30.4")
    assert old.renderer and not old.requires and not old.native_jinja
    assert new.requires and new.native_jinja and new.mmproj_type
    assert Target.parse(">=0.12").may_have("native_jinja")
    assert not Target.parse(">=0.12").has("native_jinja")
    with pytest.raises(AttributeError):
        _ = new.time_travel
    assert str(Target.parse(">=0.9.6")) == ">=0.9.6"
    assert since("renderer") == "0.12.0"


def test_what_went_away():
    assert Target.parse("0.34.0").has("lora_adapters") and Target.parse("0.34.0").may_have("lora_adapters")
    assert not Target.parse("0.34.1").has("lora_adapters") and not Target.parse("0.34.1").may_have(
        "lora_adapters"
    )
    both = Target.parse(">=0.33")
    assert both.may_have("lora_adapters") and not both.has("lora_adapters")
    assert (until("lora_adapters"), until("renderer")) == ("0.34.1", "")


def test_the_newest_of_a_range():
    assert Target.parse(">=0.30").newest == Target(LATEST)
    assert Target.parse("0.30").newest == Target((0, 30, 0))
    assert Target.parse(">=9.0").newest == Target((9, 0, 0))


def test_the_table_is_complete():
    for name, feature in SINCE.items():
        assert feature.since <= LATEST and feature.what, name
        assert feature.until is None or feature.since < feature.until <= LATEST, name


def test_what_a_server_says_of_itself():
    assert server_version("0.9.6") < server_version("0.11.5") < server_version("0.33.0-rc1")
    assert server_version("v0.30.0") == (0, 30, 0)
    # A build that was not told its version says 0.0.0; it is somebody's newest.
    assert server_version("0.0.0") > server_version("99.0.0")
    assert server_version("unknown") < server_version("0.5.5")


@pytest.mark.parametrize(
    ("release", "build"),
    [
        ("0.24.0", None),
        ("0.30.0", "b9452"),
        ("0.30.11", "b9493"),
        ("0.33.2", "b10630"),
        ("0.34.4", "b11081"),
        ("0.35.0", None),
    ],
)
def test_the_llama_cpp_inside(release, build):
    assert llama_cpp_build(server_version(release)) == build


@pytest.mark.parametrize("text", ["0.0.1", ">=0.0.1", "0.4.9", "v0.1"])
def test_a_target_before_the_oldest_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"older than the oldest Ollama that is supported, 0\.5\.0"):
        Target.parse(text)
    assert Target.parse(">=0.5").version == (0, 5, 0)
