"""Health, readiness, metrics of background jobs, JSON logs, traces."""
