"""Cursor pagination: each page names the row to continue after."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def first_page(rows: models.QuerySet[Row], limit: int) -> tuple[list[Row], Row | None]:
    """The first ``limit`` rows in order, and the last of them; None if no more follow."""
    page = list(rows[: limit + 1])
    has_more = len(page) > limit
    return page[:limit], page[limit - 1] if has_more else None
