"""The one adapter of Chroma: ``index`` implements ``interfaces.Index``.

``client`` is the connection, ``faq_search`` a search without chromadb, ``entries`` the form of the
data, ``heartbeat`` a check that the server answers, ``server`` the Chroma process that ``make run``
starts. Everything in Chroma can be rebuilt from Postgres with ``manage.py reindex``.
"""
