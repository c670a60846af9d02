"""Background tasks about people at the desk."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(
    name="supportsite.send_invitation",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
def send_invitation(user_id: int) -> None:
    """Tries again after 4 s, 16 s and so on, for about six hours in all."""
    from supportsite.people import invitations

    invitations.send(user_id)
