from __future__ import annotations

import importlib.util

import pytest


@pytest.fixture(scope="session")
def llama_cpp():
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python (the extra align) is not installed")


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    from modelfile_kit.micro import build_pair

    return build_pair(tmp_path_factory.mktemp("micro"))
