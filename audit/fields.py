"""Fields that the API of every app reads alike."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers

from audit.principal import SUBJECT


class SubjectField(serializers.RegexField):
    """Names a person or a program, as a token's ``sub`` does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SUBJECT, **kwargs)


class VisibleText(serializers.CharField):
    """Text of which a person can see something: zero-width characters alone are blank."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if not any(unicodedata.category(character)[0] not in "CZ" for character in value):
            self.fail("blank")
        return value
