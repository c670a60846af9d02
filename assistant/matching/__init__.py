"""The closest FAQs of the live release.

``live_release`` knows which release is live and loads it, ``loaded_release`` is one release in
memory, ``release_words`` reads messages with its words, ``matrix`` compares vectors exactly,
``chroma_candidates`` narrows a large knowledge base, ``second_language`` compares questions in
other languages, ``stored_vectors`` reads and writes phrasings' vectors in Postgres.
"""
