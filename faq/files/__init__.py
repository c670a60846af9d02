"""Read, validate, preview and import files of FAQs.

``csv_files``, ``xlsx_files`` and ``json_files`` turn bytes into rows of ``tables``, ``row`` parses
one row, ``reader`` turns rows into FAQs (pure); ``import_drafts`` writes them as drafts.
"""
