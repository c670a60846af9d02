"""Benchmarks of the site's speed and quality; see README.md."""
