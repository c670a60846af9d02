"""FAQ files: read, check, preview, import.

``tables``, ``xlsx_files`` and ``json_files`` turn bytes into rows, ``row`` reads one row,
``reader`` turns rows into FAQs (pure); ``import_drafts`` writes them as drafts.
"""
