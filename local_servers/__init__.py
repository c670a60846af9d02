"""Servers that this site runs on this machine for itself, such as Postgres and Chroma.

    shared_server.py   one server, many processes: started for the first, stopped after the last

It stands below all apps, since two of them use it.
"""
