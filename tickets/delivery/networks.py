"""Check which network addresses may be reached. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))

ANYWHERE: tuple[Network, ...] = (
    ipaddress.IPv4Network("0.0.0.0/0"),
    ipaddress.IPv6Network("::/0"),
)
"""For addresses in the settings: a model or provider may be in a private network."""


class Refused(Exception):
    """The address may not be reached."""


def networks(text: str) -> tuple[Network, ...]:
    """``127.0.0.0/8, 10.1.2.3``. Raises ``ValueError``."""
    try:
        return tuple(ipaddress.ip_network(p.strip()) for p in text.split(",") if p.strip())
    except ValueError as error:
        raise ValueError(f"networks like 10.1.0.0/16: {error}") from None


def is_public(address: Address) -> bool:
    """True on the open internet; False for addresses that embed another, such as NAT64."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(embedded is not None for embedded in inner) or any(address in net for net in _NAT64):
            # No receiver has one, and their destination depends on unknown routers.
            return False
    return address.is_global and not address.is_multicast


def check_address(address: Address, *, is_plain: bool, allowed: Sequence[Network]) -> None:
    """Raises ``Refused`` unless the address is public and reached over TLS, or allowed."""
    if any(address in network for network in allowed):
        return
    if not is_public(address):
        raise Refused(f"{address} is not a public address; see WEBHOOK_NETWORKS")
    if is_plain:
        raise Refused("http:// is for networks in WEBHOOK_NETWORKS; use https://")
