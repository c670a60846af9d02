"""HTTP API of the knowledge base: drafts, imports, releases, ingest."""
