"""How the desk writes instants: never broken over two lines, and never in doubt about the zone."""

DATETIME_FORMAT = "j\u00a0M\u00a0Y,\u00a0H:i\u00a0T"
