"""Who acts: the principal of a token, a session or a command."""
