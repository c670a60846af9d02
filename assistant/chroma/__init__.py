"""The one adapter of Chroma: ``index`` implements ``interfaces.Index``.

``client`` is the connection, ``server`` the Chroma process that ``make run`` starts. Everything in
Chroma can be rebuilt from Postgres with ``manage.py reindex``.
"""
