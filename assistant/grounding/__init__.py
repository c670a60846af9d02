"""Checks what a model wrote, before it is shown (pure): ``replies`` a whole reply and its
citations, ``sentences`` each sentence against one of an FAQ, ``redacting`` personal data.
"""
