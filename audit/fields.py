"""Fields that the API of every app reads alike."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from audit.identity.principal import SUBJECT


class SubjectField(serializers.RegexField):
    """Names a person or a program, as a token's ``sub`` does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SUBJECT, **kwargs)


class _NoSurrogates(ProhibitSurrogateCharactersValidator):
    """The framework's, which goes through a text letter by letter also where none can be one."""

    def __call__(self, value: Any) -> None:
        if not str(value).isascii():
            super().__call__(value)


class VisibleText(serializers.CharField):
    """Text of which a person can see something: zero-width characters alone are blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [
            _NoSurrogates() if isinstance(each, ProhibitSurrogateCharactersValidator) else each
            for each in self.validators
        ]

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if not any(unicodedata.category(character)[0] not in "CZ" for character in value):
            self.fail("blank")
        return value
