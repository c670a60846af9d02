"""The assistant's pages at the desk: Ask, Quality and labels.

The modules translate between requests and the other packages.
"""
