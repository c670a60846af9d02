"""Whether two answers to one question contradict each other."""

from __future__ import annotations

import pytest

from assistant.meaning.contradiction import contradiction

WINDOW = "You can return it within 30 days. Use the label in the parcel."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes, we deliver on Saturdays.", "No, we only deliver on weekdays."),
        ("You can pay by cheque.", "You cannot pay by cheque."),
        ("We do not ship to Norway.", "We ship to Norway, it takes a week."),
        (WINDOW, "You can return it within 14 days. Use the label in the parcel."),
        ("Orders over 20 euros are free.", "Orders over 50 euros are free."),
        ("The lamp is sold with a bulb.", "The lamp is sold without a bulb."),
        ("Unfortunately we have none left.", "Sure, there are some left."),
    ],
)
def test_opposite_replies_contradict_each_other(one, other):
    assert contradiction(one, other)
    assert contradiction(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (WINDOW, "Within 30 days you can send it back with the label that is in the parcel."),
        ("Yes, we deliver on Saturdays.", "Yes, on Saturdays too."),
        ("You cannot pay by cheque.", "Paying by cheque is not possible; you cannot do that."),
        ("Your order 48213 is on its way.", "Your order 99120 is on its way."),
        ("You don't need a receipt. Just bring the item.", "No receipt is needed, bring the item."),
        ("It takes 3 days, or 5 to the islands.", "It takes 3 days."),
        ("", "Yes."),
    ],
)
def test_replies_that_say_the_same_do_not(one, other):
    assert contradiction(one, other) is None
    assert contradiction(other, one) is None
