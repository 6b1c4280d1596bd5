"""The BigQuery emulator, with replacements for the steps that took most of its time.

It runs in an environment of its own (Python 3.13): `python -m local.bigquery` takes the emulator's
arguments. Each replacement gives what it stands for: `table.py` lists them, their modules say how.
"""
