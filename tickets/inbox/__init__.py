"""The inbox: one page to work on tickets, at /admin/tickets/inbox/.

``queries`` selects the tickets at the left. ``thread`` reads the conversation in the middle and the
facts beside it. ``forms`` validates input, ``views`` answers requests. Every action is a form post;
the script only saves page loads.
"""
