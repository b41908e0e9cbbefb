from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modelfile_kit.core.cache import kit_cache


@pytest.mark.skipif(sys.platform != "linux", reason="each system has a place of its own")
def test_it_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kit_cache() == tmp_path / "modelfile-kit"
    assert kit_cache("digests") == tmp_path / "modelfile-kit" / "digests"
    assert not kit_cache().exists()
