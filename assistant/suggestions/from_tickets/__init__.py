"""Propose FAQs from several resolved tickets with one question and nearly the same reply.

pages.py             the proposals at the desk
ticket_grouping.py   find tickets with one question, and replies that contradict each other
ticket_texts.py      question and reply of a ticket
"""
