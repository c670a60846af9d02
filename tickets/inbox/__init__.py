"""The inbox: one page to work on tickets, at /admin/tickets/inbox/.

``queries`` selects the tickets of the list. ``thread`` reads the conversation and the facts about
the ticket. ``page_parts`` renders what reloads itself, ``forms`` validates input, ``views`` answers
requests, ``proposals`` turns a ticket into a phrasing or a draft FAQ. Every action is a form post;
the script only avoids page loads.
"""
