"""The operations centre: what arrives is stored and shown here."""
