"""Evaluate a release on labelled questions, and compare evaluations."""
