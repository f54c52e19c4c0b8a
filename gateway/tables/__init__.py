"""Tables people write, in TOML and CSV: read, checked against frozen dataclasses, complained about.

``document`` reads a file and knows the line of every key (``lines``); ``shape`` checks a table and
gathers what is wrong with it (``complaints``); ``words`` are the field types the contracts name.
Profiles and site files are both read with these.
"""
