from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.publish.names import (
    is_working_name,
    keeping_name,
    kept_for,
    meant_for,
    moving_name,
    require_name,
    working_name,
)
from modelfile_kit.sources.model_name import base_of, check_name, with_tag

NAMES = ["m", "m:8b", "me/m", "me/m:8b", "box:5000/me/m", "box:5000/me/m:8b", "a" * 80]


@pytest.mark.parametrize("name", NAMES)
def test_a_working_name_is_a_name_and_stays_beside_it(name):
    made = working_name(name)
    assert check_name(made) is None
    assert base_of(made) == base_of(name)
    assert is_working_name(made, name)
    assert made != working_name(name)
    assert not is_working_name(with_tag(name), name)


@pytest.mark.parametrize("name", [*NAMES, "m:Q4_K_M", f"m:{'q' * 80}"])
def test_a_name_that_keeps_a_model_says_whose(name):
    made = keeping_name(name)
    assert check_name(made) is None
    assert is_working_name(made, name)
    # A tag that leaves no room for more is not in it.
    assert kept_for(made) == ("" if "q" * 80 in name else with_tag(name))
    assert kept_for(working_name(name)) == kept_for(with_tag(name)) == ""


@pytest.mark.parametrize("name", [*NAMES, f"box:5000/me/m:{'q' * 51}"])
def test_a_name_of_a_model_on_its_way_says_where_to(name):
    made = moving_name(name)
    assert check_name(made) is None
    assert is_working_name(made, name)
    assert meant_for(made) == with_tag(name)
    assert kept_for(made) == meant_for(keeping_name(name)) == meant_for(working_name(name)) == ""


def test_a_name_of_somebody_else_is_none():
    for tag in ("mkmodelfile-", "mkmodelfile-mine", "mkmodelfile-0123456789abc", "0123456789ab"):
        assert not is_working_name(f"m:{tag}")


def test_a_working_name_belongs_to_its_model_only():
    assert not is_working_name(working_name("other"), "m")
    assert not is_working_name(working_name("m2"), "m")
    assert not is_working_name(working_name("me/m"), "m")


@pytest.mark.parametrize("name", ["", "a b", "m:", "-m", "ü", "a/b/c/d/e!", "m" * 81, "m:mkmodelfile-0123"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError) as e:
        require_name(name)
    assert e.value.code == "MK508"
    assert e.value.help
