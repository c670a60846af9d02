"""The caller of the API: a subject and its roles, from a verified token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_SUBJECT_LENGTH = 200

SUBJECT = rf"^[^\s\x00-\x1f\x7f\ud800-\udfff]{{1,{MAX_SUBJECT_LENGTH}}}\Z"
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
    """The token's ``audiences``: it may see FAQs for these besides FAQs for everybody."""
    email: str = ""
    """The caller's own e-mail address, from the token."""

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
        """Whether the caller has one of the allowed roles; an admin has them all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(allowed)

    def may_see_for(self, audience: str) -> bool:
        """Whether FAQs for that audience may be shown: roles that act for others see all."""
        return audience in self.audiences or not self.roles.isdisjoint(ANY_USER_ID)

    def may_notify(self, address: str) -> bool:
        """Whether mails about its tickets may go to ``address``.

        Only to its own, unless it acts for others: nobody can have mails sent to strangers.
        """
        own = bool(address) and address.casefold() == self.email.casefold()
        return own or not self.roles.isdisjoint(ANY_USER_ID)

    def may_act_for(self, user_id: str) -> bool:
        """Whether a request may name ``user_id``: its own, or any for roles that act for others."""
        return user_id == self.subject or not self.roles.isdisjoint(ANY_USER_ID)


def principal_of(request: Any) -> Principal:
    """The principal of an authenticated API request."""
    principal = request.user
    assert isinstance(principal, Principal)
    return principal
