"""The local services: what starts each of them, and what stops it."""
