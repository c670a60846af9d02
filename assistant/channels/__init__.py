"""Other ways to ask than the API and the help page: mail, chat, and programs of your own.

Every message is an ask like any other, with its record and its ``channel``. ``channel`` is the row
that the desk edits (``admin``). ``views`` takes what is sent to ``/channels/NAME``; ``signed``,
``slack`` and ``telegram`` read and write the documents of each kind, as an ``inbound`` message and
``replies``. ``messages`` stores each message once, ``answering`` asks it in the worker, and
``sending`` sends the reply by the outbox, in the channel's markup (``rendering``). ``mail`` answers
mails.
"""
