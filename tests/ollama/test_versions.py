"""Targets and what they can do."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.versions import LATEST, SINCE, Target, since


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


def test_the_table_is_in_order_and_says_what():
    versions = [version for version, _ in SINCE.values()]
    assert all(v <= LATEST for v in versions)
    assert all(text for _, text in SINCE.values())
