"""Processes: the gunicorn worker, the supervised background process, start-up checks."""
