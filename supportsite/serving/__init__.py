"""How the site is served: by gunicorn, with deploy/gunicorn.conf.py.

gunicorn_worker.py   gunicorn's threaded worker, which drains its accept queue when it stops
preflight.py         what must be right before the site serves
supervisor.py        keeps a process running beside the web workers, for `make run`
"""
