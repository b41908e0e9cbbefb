import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK140"


@pytest.mark.parametrize(
    "text",
    [
        "# mkmodelfile: ignore=MK999\nSYSTEM x\n",
        "# mkmodelfile: ignroe=MK130\nSYSTEM x\n",
        "# mkmodelfile: ignore-file=no-such-rule\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "# mkmodelfile: ignore=MK130\nSYSTEM x\n",
        "# mkmodelfile: ignore=absolute-path, MK205\nSYSTEM x\n",
        "# see mkmodelfile: it lints\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)
