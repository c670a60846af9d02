"""Middleware, problem documents and security headers of every response."""
