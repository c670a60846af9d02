"""Other ways to ask than the API and the help page: mail, chat, and programs of your own.

Every message is an ask like any other, with its record and its ``channel``.
"""
