"""Django's Postgres backend with time limits for web processes: a settings' ENGINE."""
