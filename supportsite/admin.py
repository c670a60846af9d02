"""Registers the pages of people and groups."""

from supportsite.people import admin  # noqa: F401
