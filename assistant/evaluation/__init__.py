"""How good a release answers labelled questions, and what a change would change."""
