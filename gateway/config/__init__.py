"""The files people write: a site's and the centre's, read and checked at once.

``load_site`` and ``load_centre`` return the values of ``gateway.config.site`` or raise one
``ConfigurationError`` that names every mistake with its file, line, key and what to write instead.
"""

from gateway.config.load import load_centre, load_site

__all__ = ["load_centre", "load_site"]
