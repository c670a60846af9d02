"""Serializer fields for the APIs of all apps."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from audit.identity.principal import SUBJECT


class SubjectField(serializers.RegexField):
    """The name of a person or a program, as in a token's ``sub``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SUBJECT, **kwargs)


class _NoSurrogates(ProhibitSurrogateCharactersValidator):
    """The framework's validator, but without its slow loop for ASCII text."""

    def __call__(self, value: Any) -> None:
        if not str(value).isascii():
            super().__call__(value)


class VisibleText(serializers.CharField):
    """Text with at least one visible character: zero-width characters alone are blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [
            _NoSurrogates()
            if isinstance(validator, ProhibitSurrogateCharactersValidator)
            else validator
            for validator in self.validators
        ]

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if not any(unicodedata.category(character)[0] not in "CZ" for character in value):
            self.fail("blank")
        return value
