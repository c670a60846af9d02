"""What a person reads in place of ``noun.verbed``."""

import pytest

from audit.action_labels import action_label


@pytest.mark.parametrize(
    ("action", "label"),
    [
        ("ticket.claimed", "Ticket claimed"),
        ("faq.phrasings_added", "FAQ phrasings added"),
        ("user.sign_in_refused", "User sign in refused"),
        ("All", "All"),
    ],
)
def test_an_action_is_shown_in_words(action, label):
    assert action_label(action) == label
