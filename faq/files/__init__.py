"""Read, validate, preview and import files of FAQs.

``tables``, ``xlsx_files`` and ``json_files`` turn bytes into rows, ``row`` parses one row,
``reader`` turns rows into FAQs (pure); ``import_drafts`` writes them as drafts.
"""
