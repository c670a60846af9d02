"""People at the desk: password, lockout, second factor, single sign-on (OIDC)."""
