"""What a condition can come to: true, false, or not to be told, with the reason.

An Allow statement that is undetermined does not allow, a Deny statement that is undetermined denies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Neither true nor false, as far as this emulator can tell.

    Attributes:
        why: the cause, as part of a sentence for the user.
    """

    why: str

    def __bool__(self) -> bool:
        """Refuse: code that forgets the third value must not take it for one of the others.

        Raises:
            TypeError: always.
        """
        raise TypeError("an undetermined value is neither true nor false")


type Ternary = bool | Undetermined


class Missing(Enum):
    """Why there is no value for a context key."""

    ABSENT = "the request has no such key, on AWS neither"
    UNKNOWN = "on AWS the request might have it, this emulator cannot tell"


def any_of(values: Iterable[Ternary]) -> Ternary:
    """OR: true if one is true, else undetermined if one is."""
    result: Ternary = False
    for value in values:
        if value is True:
            return True
        if value is not False:
            result = value
    return result


def all_of(values: Iterable[Ternary]) -> Ternary:
    """AND: false if one is false, else undetermined if one is."""
    result: Ternary = True
    for value in values:
        if value is False:
            return False
        if value is not True:
            result = value
    return result


def negate(value: Ternary) -> Ternary:
    """NOT: what is undetermined stays so."""
    return value if isinstance(value, Undetermined) else not value
