"""Give new records their place in the log, and sign checkpoints.

``sealer`` seals, ``seal_loop`` goes on sealing, ``log_reader`` reads the log for verification,
``table_checks`` compares its tables with the migrations, ``anchors`` stores checkpoints elsewhere,
``export`` writes sealed records as JSON lines, ``record_status`` checks a single record.
"""
