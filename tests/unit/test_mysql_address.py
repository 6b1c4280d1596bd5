"""What a connection's extras say of TLS reaches both drivers, or is refused in words."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from utils.errors import ConfigError
from utils.landing.mysql_address import parse_address

NESTED = '{"ssl_ca": "/ca.pem", "other": {"a": 1}}'
SECRET = "canary/secret"
LOGIN = "mysql://rcm:canary%2Fsecret@host:3307/books"


@pytest.mark.parametrize(
    ("query", "mode", "authority"),
    [
        ("", "DISABLED", None),
        ("?charset=utf8", "DISABLED", None),
        ("?ssl_mode=required", "REQUIRED", None),
        ("?ssl_ca=%2Fca.pem", "VERIFY_CA", "/ca.pem"),
        ("?ssl_mode=VERIFY_IDENTITY&ssl_ca=%2Fca.pem", "VERIFY_IDENTITY", "/ca.pem"),
        (f"?__extra__={quote(NESTED)}", "VERIFY_CA", "/ca.pem"),
    ],
    ids=["none", "other-extras", "required", "authority-alone", "identity", "nested-extras"],
)
def test_extras_reach_both_drivers(query: str, mode: str, authority: str | None) -> None:
    address = parse_address(LOGIN + query)

    asking, carrying = address.for_asking(), address.for_carrying()

    assert asking["ssl_mode"] == mode
    assert asking.get("ssl") == ({"ca": authority} if authority else None)
    assert (f"ssl-mode={mode}" in carrying) == address.is_encrypted
    assert ("ssl-ca=%2Fca.pem" in carrying) == (authority is not None)
    assert carrying.startswith(f"{LOGIN}?prefer_socket=false")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?ssl_mode=PREFERRED", "DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY"),
        ("?ssl_mode=VERIFY_CA", "`ssl_ca` is missing"),
        ("?ssl_ca=%2Fca.pem&ssl_key=%2Fkey.pem", "certificate of the client"),
    ],
)
def test_extras_that_a_driver_does_not_know_are_refused(query: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        parse_address(LOGIN + query)
    assert SECRET not in str(raised.value)
