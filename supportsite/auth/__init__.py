"""API callers: a JWT becomes a principal with roles; a view names the roles it allows."""
