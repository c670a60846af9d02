"""What the embedded Postgres says when it cannot serve."""


class EmbeddedPostgresError(Exception):
    """One line: what is wrong, and the cure."""
