"""The closest FAQs of the live release.

``live_release`` knows which release is live and loads it, ``loaded_release`` is one release in
memory, ``release_words`` are its words, with which messages are read, ``matrix`` compares vectors exactly, ``chroma_candidates`` narrows a large knowledge base,
``stored_vectors`` reads and writes phrasings' vectors in Postgres.
"""
