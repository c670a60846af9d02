"""The error of the embedded Postgres."""


class EmbeddedPostgresError(Exception):
    """One line: what is wrong, and what to do."""
