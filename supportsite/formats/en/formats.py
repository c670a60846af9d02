"""Dates in the desk: on one line, with the time zone."""

DATETIME_FORMAT = "j\u00a0M\u00a0Y,\u00a0H:i\u00a0T"
