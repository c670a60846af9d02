"""Vectors of questions, each encrypted under its person's key.

A vector says nearly as much as its text, so erasing a person makes it unreadable too.
"""

from __future__ import annotations

import numpy as np
from django.db import models

from audit.people.pseudonyms import Pseudonym

STORED_TYPE = np.dtype("<f2")
"""Two bytes a number: an error of .001, of similarities that only select what is decided about."""


class AskVector(models.Model):
    """The vector of one ask."""

    record_id = models.BigIntegerField(primary_key=True, help_text="The audit record of the ask.")
    at = models.DateTimeField(db_index=True)
    embedder = models.CharField(max_length=300)
    person = Pseudonym(db_column="person", help_text="The owner of the key.")
    encrypted = models.BinaryField(help_text="float16, little-endian; empty: it is no question.")

    def __str__(self) -> str:
        return str(self.record_id)
