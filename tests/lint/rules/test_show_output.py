import pytest

from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK131"
DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        (f"FROM /root/.ollama/models/blobs/sha256-{DIGEST}\n"),
        f"FROM C:\\o\\blobs\\sha256-{DIGEST}\n",
    ],
)
def test_catches(text):
    rule_catches(CODE, text)


@pytest.mark.parametrize(
    "text",
    [
        "FROM ./model.gguf\n",
        f"FROM ./sha256-{DIGEST}.gguf\n",
    ],
)
def test_catches_not(text):
    rule_catches_not(CODE, text)


def test_is_not_an_absolute_path_too():
    rule_catches_not("MK130", "FROM /m/blobs/sha256-" + "0" * 64 + "\n")
