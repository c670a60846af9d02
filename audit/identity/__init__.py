"""Who acts: the principal behind a token, a session or a command."""
