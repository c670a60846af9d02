"""How the site is served: by gunicorn, with deploy/gunicorn.conf.py.

bounded_socket.py    a client's connection that has to send its request in time
gunicorn_worker.py   gunicorn's threaded worker, which drains its accept queue when it stops
index_keeper.py      starts a Chroma that died again, for `make run`
preflight.py         what must be right before the site serves
supervisor.py        keeps a process running beside the web workers, for `make run`
"""
