"""The messages between the kit and its child processes."""

from __future__ import annotations

import io

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.runtime import frames


@pytest.mark.parametrize("block", [b"", b"abc", bytes(range(256))])
def test_frames_round_trip(block):
    stream = io.BytesIO()
    frames.write_frame(stream, {"op": "é", "n": [1, None]}, block)
    stream.seek(0)
    assert frames.read_frame(stream) == ({"op": "é", "n": [1, None]}, block)
    assert frames.read_frame(stream) is None


@pytest.mark.parametrize("length", [0, 3, 8, 9])
def test_half_a_frame_is_the_end(length):
    stream = io.BytesIO()
    frames.write_frame(stream, {"op": "x"}, b"abc")
    assert frames.read_frame(io.BytesIO(stream.getvalue()[:length])) is None


def test_a_frame_beyond_the_limits_is_refused_unread():
    with pytest.raises(ValueError, match="exceeds the limits"):
        frames.read_frame(io.BytesIO(b"\xff" * 8))
    with pytest.raises(ValueError, match="not an object"):
        frames.read_frame(io.BytesIO(b"\0\0\0\2\0\0\0\0[]"))


def test_a_request_beyond_the_limits_is_refused(monkeypatch):
    monkeypatch.setattr(frames, "MAX_BLOCK", 10)
    with pytest.raises(EngineError, match="bytes is larger than"):
        frames.encode_frame({}, b"x" * 11)


def test_token_lists_round_trip():
    lists = [[1, 2], [], [2**31 - 1, -1]]
    assert frames.unpack_ids(*frames.pack_ids(lists)) == lists
    assert frames.cut([1, 0, 2], b"abc") == [b"a", b"", b"bc"]
