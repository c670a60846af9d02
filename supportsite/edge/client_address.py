"""Which address a request comes from, as far as that can be believed; for throttles, lock-outs."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from supportsite.edge import proxy

IPV6_HOME = 64
"""One household or machine has at least so large a network, and may use all of its addresses."""


def client_address(request: HttpRequest) -> str:
    """The caller's address in its shortest form; empty if nobody who is to be believed says.

    Behind the proxy it is the one that the outermost of our ``NUM_PROXIES`` proxies saw: so many
    from the right in ``X-Forwarded-For``, since each appends to what a caller may have begun. From
    anybody else that header says nothing, and the address is the connection's own.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    if proxy.came_through(request):
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        peer = hops[-min(settings.NUM_PROXIES, len(hops))] or peer
    return _shortest(peer)


def client_network(request: HttpRequest) -> str:
    """What to count by: the address, or of an IPv6 address its network of 64 bits."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_HOME), strict=False))


def _shortest(text: str) -> str:
    try:
        # A zone, as in fe80::1%eth0, names a cable of the proxy's.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
