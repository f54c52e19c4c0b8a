"""What nobody should be able to doubt: the Modbus core, proved with a million inputs each.

``python -m tests.proof [NAME…]`` runs the long forms and writes docs/proofs.md; the tests run the
same functions for a few seconds. Everything is made from seeds that are printed, so that a failure
can be had again; one found becomes a named case in ``tests/unit/drivers/test_modbus_proofs.py``.
"""
