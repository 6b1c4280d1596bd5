"""Audit: records of runs, loads, files, checks and publications, and the writers' lease."""
