"""Django's Postgres backend with time limits in web processes, for ``ENGINE`` in the settings."""
