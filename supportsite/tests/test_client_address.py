"""Where a request comes from, whatever it says itself."""

from __future__ import annotations

import pytest

from supportsite.edge.client_address import client_address, client_network
from supportsite.edge.proxy import is_from_proxy

SECRET = "0123456789-abcdefghijklmnopqrstuvwxyz"
NEXT_SECRET = "zyxwvutsrqponmlkjihgfedcba-9876543210"


@pytest.fixture
def new_request(rf, settings):
    """A request as gunicorn hands it over: from an address, or over a unix socket."""

    def make(peer="127.0.0.1", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return rf.get("/", headers=named, REMOTE_ADDR=peer)

    settings.PROXY_SECRETS = [SECRET]
    return make


def test_a_request_with_the_secret_came_through_the_proxy(new_request):
    assert is_from_proxy(new_request(X_Proxy_Secret=SECRET))


def test_while_the_secret_is_changed_the_old_and_the_new_one_are_taken(new_request, settings):
    settings.PROXY_SECRETS = [SECRET, NEXT_SECRET]

    assert is_from_proxy(new_request(X_Proxy_Secret=SECRET))
    assert is_from_proxy(new_request(X_Proxy_Secret=NEXT_SECRET))


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param("", id="nothing"),
        pytest.param(SECRET[:-1], id="its beginning"),
        pytest.param(SECRET + "0", id="more than it"),
        pytest.param(SECRET.upper(), id="another case"),
        pytest.param(f"{SECRET},{SECRET}", id="it twice"),
        pytest.param("é" * 40, id="what is not ASCII"),
    ],
)
def test_a_request_with_anything_else_did_not(new_request, offered):
    assert not is_from_proxy(new_request(X_Proxy_Secret=offered))
    assert not is_from_proxy(new_request(peer="", X_Proxy_Secret=offered))


def test_without_a_secret_only_a_unix_socket_is_the_proxys(new_request, settings):
    settings.PROXY_SECRETS = []

    assert is_from_proxy(new_request(peer=""))
    assert not is_from_proxy(new_request(peer="127.0.0.1"))
    assert not is_from_proxy(new_request(peer="127.0.0.1", X_Proxy_Secret="", Remote_Addr=""))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        pytest.param(1, "203.0.113.7", "203.0.113.7", id="one proxy"),
        pytest.param(1, "1.1.1.1, 203.0.113.7", "203.0.113.7", id="what the caller began"),
        pytest.param(2, "1.1.1.1, 203.0.113.7,10.0.0.1", "203.0.113.7", id="two proxies"),
        pytest.param(2, "203.0.113.7", "203.0.113.7", id="fewer than there should be"),
        pytest.param(1, "2001:DB8:0::1", "2001:db8::1", id="IPv6, in its shortest form"),
        pytest.param(1, "::ffff:203.0.113.7", "203.0.113.7", id="IPv4 written as IPv6"),
        pytest.param(1, "fe80::1%eth0", "fe80::1", id="with a zone"),
        pytest.param(1, "", "127.0.0.1", id="none: the proxy's own"),
        pytest.param(1, "unknown", "", id="what is no address"),
        pytest.param(1, "203.0.113.7, ", "127.0.0.1", id="an empty last one"),
    ],
)
def test_behind_the_proxy_it_is_what_the_outermost_of_ours_saw(
    new_request, settings, proxies, forwarded, address
):
    settings.NUM_PROXIES = proxies

    request = new_request(X_Proxy_Secret=SECRET, X_Forwarded_For=forwarded)

    assert client_address(request) == address


def test_what_anybody_else_says_of_it_counts_for_nothing(new_request):
    request = new_request("198.51.100.4", X_Forwarded_For="203.0.113.7", X_Real_IP="203.0.113.7")

    assert client_address(request) == "198.51.100.4"


def test_ipv6_is_counted_by_network_and_ipv4_by_address(new_request):
    assert client_network(new_request("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert client_network(new_request("198.51.100.4")) == "198.51.100.4"
    assert client_network(new_request("")) == ""
