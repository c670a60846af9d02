"""Give new records their place in the log, and sign checkpoints.

``sealer`` seals, ``seal_loop`` goes on sealing, ``heartbeat`` checks each minute that records
arrive, ``log_reader`` reads the log for verification, ``log_positions`` for consumers that read
each record once, ``table_checks`` compares its tables with the migrations, ``file_comparison``
AUDIT_FILE with the table, ``anchors`` stores checkpoints elsewhere, ``export`` writes sealed
records as JSON lines, ``record_status`` checks a single record.
"""
