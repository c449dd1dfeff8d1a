"""Addresses of the network, read once for all that counts by them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=10_000)
def address_of(text: str | None) -> Address | None:
    """The address a text says; None where it says none. An IPv4 address written as one of IPv6 is the IPv4 address.

    >>> str(address_of("::ffff:192.0.2.7")), address_of("somewhere")
    ('192.0.2.7', None)
    """
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
