"""Call a model through Agno. The only package that imports Agno, and only when a model is set.

agno_client.py       one call of the model, with its search function
counted_invoke.py    counts and reports the requests of a call, and reads their failures
failures.py          what kind of failure an SDK's exception is
run_http_client.py   an HTTP client that stops with the run
sdk.py               the class of a provider's models
"""
