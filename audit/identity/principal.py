"""Who is asking: a subject and its roles, as a verified token states them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LONGEST_SUBJECT = 200

SUBJECT = rf"^[^\s\x00-\x1f\x7f\ud800-\udfff]{{1,{LONGEST_SUBJECT}}}\Z"
"""A regular expression: one printable word. It is stored, logged and compared."""


class Role(StrEnum):
    CUSTOMER = "customer"
    SUPPORT = "support"
    SERVICE = "service"
    CURATOR = "curator"
    PUBLISHER = "publisher"
    AUDITOR = "auditor"
    ADMIN = "admin"


ANY_USER_ID = frozenset({Role.SUPPORT, Role.SERVICE, Role.ADMIN})
"""The roles that act for other people; everyone else acts only as itself."""


@dataclass(frozen=True)
class Principal:
    """A verified caller. It needs no row in any table."""

    subject: str
    roles: frozenset[Role]
    audiences: frozenset[str] = frozenset()
    """What the token's ``audiences`` names: whose FAQs, besides those for everybody, it may see."""
    email: str = ""
    """The caller's own address, as the token vouches for it."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_superuser = False

    @property
    def pk(self) -> str:
        return self.subject

    def get_username(self) -> str:
        return self.subject

    def has(self, allowed: Iterable[Role]) -> bool:
        """Whether one of the allowed roles is held; an admin holds them all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(allowed)

    def may_see_for(self, audience: str) -> bool:
        """Whoever acts for others says for whom; everyone else sees what its token says."""
        return audience in self.audiences or not self.roles.isdisjoint(ANY_USER_ID)

    def may_have_told(self, address: str) -> bool:
        """Whether mails about its tickets may go there: else anybody could have anybody written."""
        own = bool(address) and address.casefold() == self.email.casefold()
        return own or not self.roles.isdisjoint(ANY_USER_ID)

    def may_act_for(self, user_id: str) -> bool:
        return user_id == self.subject or not self.roles.isdisjoint(ANY_USER_ID)


def principal_of(request: Any) -> Principal:
    """Who sent an API request; the gate lets nobody else in."""
    principal = request.user
    assert isinstance(principal, Principal)
    return principal
