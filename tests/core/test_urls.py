from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.core.diagnostics import Diagnostic, Severity, Span
from modelfile_kit.core.errors import UsageError
from modelfile_kit.core.urls import (
    HIDDEN,
    hide_logins,
    is_loopback,
    origin,
    require_closed_login,
    shown_server,
    shown_url,
    without_login,
    without_logins,
)

PASSWORD = "hunter2"


def test_which_addresses_are_this_machine() -> None:
    for url in ("http://127.0.0.9:1", "http://[::1]:1", "http://localhost:1", "http://u:p@127.0.0.1:1"):
        assert is_loopback(url)
    for url in ("http://10.0.0.1:1", "http://127.0.0.1@evil.example:1", "http://localhost.evil.example"):
        assert not is_loopback(url)


@pytest.mark.parametrize(
    ("url", "bare", "login"),
    [
        ("http://box:1/a", "http://box:1/a", None),
        ("http://me:hunter2@box:1/a", "http://box:1/a", ("me", "hunter2")),
        ("https://me@box", "https://box", ("me", "")),
        ("https://m%40e:h%3Ax@box", "https://box", ("m@e", "h:x")),
        ("https://a@b:c@box/x@y", "https://box/x@y", ("a@b", "c")),
        ("https://box/a@b?c@d", "https://box/a@b?c@d", None),
    ],
)
def test_a_login_is_taken_off(url: str, bare: str, login: tuple[str, str] | None) -> None:
    # RFC 3986, 3.2.1: user information ends at the last @ of the authority, which ends at the first / or ?.
    assert without_login(url) == (bare, login)


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{PASSWORD}@box/m.gguf",
        f"https://{PASSWORD}@box/m.gguf",
        f"https://me:x@{PASSWORD}@box/m.gguf",
        f"https://box/m.gguf?X-Amz-Signature={PASSWORD}",
        f"https://box/m.gguf?a=b&token={PASSWORD}#there",
    ],
)
def test_what_is_secret_is_not_shown(url: str) -> None:
    assert PASSWORD not in shown_url(url)
    assert "box/m.gguf" in shown_url(url)
    for text in (url, f"cannot ask {url!r}: refused", f"'{url}', and 'http://me:{PASSWORD}@other'"):
        hidden = hide_logins(text)
        assert PASSWORD not in hidden
        assert "box/m.gguf" in hidden


def test_text_without_a_login_stays() -> None:
    for text in ("a@b.example and 3 // 4", "http://box:1/a#b", "who? me@home", "C:\\a?b"):
        assert hide_logins(text) == text


def test_an_origin_has_its_port() -> None:
    assert origin("https://BOX/a") == ("https", "box", 443)
    assert origin("http://box.:8/a") == ("http", "box", 8)


NAMES = st.text("abz09._~-%", min_size=1, max_size=8).map(lambda text: quote(text, safe=""))
SECRETS = st.text("ABZ!$&()*+,;=:@é漢 ~", min_size=4, max_size=12).map(
    lambda text: quote(text, safe="!$&()*+,;=:@")
)


@given(
    NAMES,
    SECRETS,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["", "/a", "/x?sign=y", "#z"]),
)
def test_any_login_is_taken_off_and_hidden(user: str, secret: str, scheme: str, rest: str) -> None:
    url = f"{scheme}://{user}:{secret}@box.example:81{rest}"
    bare, login = without_login(url)
    parts = urlsplit(url)  # Python's reader of URLs is the second source
    assert login == (unquote(parts.username or ""), unquote(parts.password or ""))
    assert bare == f"{scheme}://box.example:81{rest}"
    for seen in (
        shown_url(url),
        hide_logins(url),
        hide_logins(f"GET {url!r} failed"),
        hide_logins(f"<{url}>"),
    ):
        assert secret not in seen
        assert "box.example:81" in seen


@pytest.mark.parametrize("odd", ["/", "?", "#", " ", '"', "'", "<"])
def test_a_password_that_is_not_escaped_is_not_shown(odd: str) -> None:
    url = f"http://me:pass{odd}{PASSWORD}@box/m.gguf"
    assert PASSWORD not in shown_url(url)
    assert "box/m.gguf" in shown_url(url)
    if odd in "/?#":  # in a text, the others end an address
        assert PASSWORD not in hide_logins(f"cannot ask {url}: refused")


def test_an_at_that_belongs_to_no_login_stays() -> None:
    for url in (
        "https://box/org/repo@v1/m.gguf",
        "http://[::1]:8/a@b",
        "hf://o/r@v1/m.gguf",
        "oci://box:5000/repo@sha256:0a",
    ):
        assert hide_logins(url) == url
        assert shown_url(url) == url
    text = "see http://box:80/a, or write to me@home"
    assert hide_logins(text) == text


@pytest.mark.parametrize(
    "url",
    [
        # a password that begins with digits and has a slash, or an address with a port and an @ in its path
        f"http://me:12/{PASSWORD}@box",
        f"http://me:12/3/{PASSWORD}@box",
        f"http://m/e:{PASSWORD}@box",
        f"http://me:12#{PASSWORD}@box",
        # or a query with an @: then a part of it stands behind that
        f"http://me:12?{PASSWORD}@box",
        f"https://box/m.gguf?sign=a:b@{PASSWORD}",
        f"https://box:80/m.gguf?sign=a@{PASSWORD}",
        f"https://me:{'x/y' * 200}{PASSWORD}@box",
        f"http://box:80/a,http://me:{PASSWORD}@box",
        f"http://u:p@box/http://me:12/{PASSWORD}@box",
        # or a password with an @ and a slash, or an address with a login and an @ in its path
        f"http://me:a@{PASSWORD}/x@box",
        f"http://me:a@b/{PASSWORD}@box/m.gguf",
        f"https://me:a@b/x/{PASSWORD}@box:80",
        f"http://me:a@b#{PASSWORD}@box",
        f"http://me:a@b?{PASSWORD}@box",
        f"https://me:x@box/m.gguf?sign=a@{PASSWORD}",
        f"socks5://me:a@b/{PASSWORD}@box",
    ],
)
def test_in_doubt_it_is_a_password(url: str) -> None:
    assert PASSWORD not in shown_url(url) or url.startswith("http://u:p@")  # a whole address has one login
    for text in (url, f"cannot ask {url}: refused", f"cannot ask {url!r}"):
        assert PASSWORD not in hide_logins(text)


def test_what_is_hidden_takes_linear_time() -> None:
    text = "://a:1/" * 100_000
    assert hide_logins(text) == text
    assert hide_logins(text + "@") == text + "@"  # of no web server: ports and names
    assert hide_logins("http" + text + "@") == f"http://{HIDDEN}@"


@pytest.mark.parametrize("odd", "/?#")
def test_a_password_that_is_not_escaped_is_refused_unseen(odd: str) -> None:
    with pytest.raises(UsageError) as found:
        require_closed_login(f"http://me:{PASSWORD}{odd}x@box/m.gguf", "the address")
    assert found.value.message.startswith("the address has a user or password")
    assert PASSWORD not in str(found.value)
    for url in (
        "http://box",
        "http://me:p@box:1/a@b",
        "http://box:8/a@b",
        "http://[::1]:8/a@b",
        "http://box:x",
    ):
        require_closed_login(url, "the address")


def test_a_server_has_no_at_in_its_path() -> None:
    for url in (
        f"http://me:12/{PASSWORD}@box",
        f"http://m/e:{PASSWORD}@box",
        f"http://{PASSWORD}/x@box",
        f"http://me:a@b/{PASSWORD}@box",
    ):
        require_closed_login(url, "the address")
        with pytest.raises(UsageError) as found:
            require_closed_login(url, "the address", server=True)
        assert PASSWORD not in str(found.value)
    for url in ("http://box:1", "http://me:p@box:1/v1", "http://[::1]:8/a"):
        require_closed_login(url, "the address", server=True)


@pytest.mark.parametrize("address", ["https://me:{}@box/m", "http:/me:{}@box/m", "HTTPS:/{}@box"])
def test_what_is_secret_in_an_error_is_not_shown(address: str) -> None:
    # A path made of an address has lost a slash.
    place = address.format(PASSWORD)
    found = Diagnostic("MK901", Severity.ERROR, f"{place!r} is no file", Span(place, 3), f"not {place}")
    [told] = without_logins([found])
    assert PASSWORD not in str(told)
    assert str(told).count(f"{HIDDEN}@box") == 3
    assert told.span is not None
    assert told.span.line == 3


def test_an_error_without_an_address_stays_as_it_is() -> None:
    found = Diagnostic("MK901", Severity.ERROR, "a:/b and me@box", None, "http:/box")
    assert without_logins([found]) == (found,)


def test_a_server_without_a_scheme_is_shown_without_its_login() -> None:
    for url in (f"me:{PASSWORD}@box:9", f"{PASSWORD}@box:9", f"me:{PASSWORD}/x@box:9"):
        assert shown_server(url) == f"{HIDDEN}@box:9"
    assert shown_server(f"http://me:{PASSWORD}@box:9") == f"http://{HIDDEN}@box:9"
    assert shown_server("box:9") == "box:9"
