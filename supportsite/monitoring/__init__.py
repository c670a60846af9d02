"""Health, readiness, metrics of background jobs and outcomes, JSON logs, traces."""
