"""Modbus servers that are not ours, each a program: ``python -m tests.parts.foreign.NAME``.

All take the image they hold (``tests.parts.modbus_image``) and where to serve it: ``tcp:PORT`` or
``rtu:PORT`` (19200 baud, 8N1). They are used as their makers show it, and what they do wrong stays.
"""
