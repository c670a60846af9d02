"""The knowledge base over HTTP: drafts, imports, releases, ingest."""
