"""How the site is served: by gunicorn, with deploy/gunicorn.conf.py.

bounded_socket.py    a client socket with a deadline for the whole request
gunicorn_worker.py   gunicorn's threaded worker, which drains its accept queue when it stops
index_watchdog.py    restarts a Chroma server that has died, for `make run`
preflight.py         what is checked and loaded before the site serves
supervisor.py        keeps a process running beside the web workers, for `make run`
"""
