"""Parses the values that condition operators compare: numbers, times, booleans, bytes, addresses.

Every parser returns None for text it does not understand. The formats are those of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html; dates follow
https://www.w3.org/TR/NOTE-datetime or are seconds since 1970.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network


@dataclass(frozen=True, slots=True)
class Network:
    """A range of IPv4 or IPv6 addresses."""

    addresses: IPv4Network | IPv6Network

    def within(self, outer: "Network") -> bool:
        """Return whether another range contains this one; never true between IPv4 and IPv6."""
        if isinstance(self.addresses, IPv4Network) and isinstance(outer.addresses, IPv4Network):
            return self.addresses.subnet_of(outer.addresses)
        if isinstance(self.addresses, IPv6Network) and isinstance(outer.addresses, IPv6Network):
            return self.addresses.subnet_of(outer.addresses)
        return False


_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII)
_NETWORK = re.compile(r"[0-9a-f.:]+(?:/[0-9]{1,3})?", re.ASCII | re.IGNORECASE)  # neither netmasks nor zones
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


def number(text: str) -> Decimal | None:
    """Parse an integer or a decimal."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=1024)
def time(text: str) -> datetime | None:
    """Parse a date, a time with its zone, or seconds since 1970. Four digits are a year."""
    try:
        if date := _DATE.fullmatch(text):
            return datetime(int(date[1]), int(date[2] or 1), int(date[3] or 1), tzinfo=UTC)
        if found := _MOMENT.fullmatch(text):
            day, minute, second, fraction, zone = found.groups()
            return datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{(fraction or '')[:7]}{zone}").astimezone(
                UTC
            )
        seconds = number(text)
        return None if seconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))
    except (ValueError, OverflowError):
        return None


def boolean(text: str) -> bool | None:
    """Parse `true` or `false`, in any case."""
    return {"true": True, "false": False}.get(text.lower())


def binary(text: str) -> bytes | None:
    """Decode base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=1024)
def network(text: str) -> Network | None:
    """Parse an address or CIDR range. A single address is a range of one; IPv4-mapped IPv6 is IPv4."""
    if not _NETWORK.fullmatch(text):
        return None
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and found.prefixlen >= 96 and found.network_address.ipv4_mapped:
        return Network(IPv4Network((found.network_address.ipv4_mapped, found.prefixlen - 96)))
    return Network(found)
