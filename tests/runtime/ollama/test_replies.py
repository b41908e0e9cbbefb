"""What is read out of a reply's status and headers."""

from __future__ import annotations

import httpx
import pytest

from modelfile_kit.runtime.ollama.replies import RefusedError, check_status

NOW = "Sun, 06 Nov 1994 08:49:30 GMT"


def refused(headers: dict[str, str]) -> RefusedError:
    with pytest.raises(RefusedError, match="slow down") as caught:
        check_status("http://box", "POST /v1", httpx.Response(429, headers=headers), b"slow down")
    return caught.value


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", "7"),
        # the three forms of a date in RFC 9110, section 5.6.7
        ("Sun, 06 Nov 1994 08:49:37 GMT", "7"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "7"),
        ("Sun Nov  6 08:49:37 1994", "7"),
        ("Sun, 06 Nov 1994 08:00:00 GMT", "0"),
        ("Sun, 99 Nov 1994 08:00:00 GMT", "Sun, 99 Nov 1994 08:00:00 GMT"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_how_long_to_wait(said: str, seconds: str) -> None:
    error = refused({"Retry-After": said, "Date": NOW})
    assert (error.code, error.retry_after) == ("MK890", seconds)
    assert (f"time to wait: {seconds}" in error.help) == bool(seconds)


@pytest.mark.parametrize("now", [{}, {"Date": "now"}])
def test_a_date_counts_by_our_clock_where_the_reply_has_none(now: dict[str, str]) -> None:
    assert int(refused({"Retry-After": "Fri, 31 Dec 2199 00:00:00 GMT", **now}).retry_after) > 10**9
    assert refused({"Retry-After": NOW, **now}).retry_after == "0"
