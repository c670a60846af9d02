"""The client address of a request that can be trusted, for throttles and lockouts."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from supportsite.edge import proxy

IPV6_PREFIX = 64
"""A household has at least a /64 network and may use all of its addresses."""


def client_address(request: HttpRequest) -> str:
    """The caller's address in its shortest form; empty if it is not known.

    Behind the proxy it is the address that the outermost of our ``NUM_PROXIES`` proxies saw,
    counted from the right in ``X-Forwarded-For``, since every proxy appends to the header. Without
    the proxy that header is ignored, and the address is that of the connection.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    if proxy.is_from_proxy(request):
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        peer = hops[-min(settings.NUM_PROXIES, len(hops))] or peer
    return _shortest(peer)


def client_network(request: HttpRequest) -> str:
    """The key to count by: an IPv4 address, or the /64 network of an IPv6 address."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False))


def _shortest(text: str) -> str:
    try:
        # A zone, as in fe80::1%eth0, names an interface of the proxy.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
