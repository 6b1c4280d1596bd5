"""Maintenance: compares keys with the sources, replays quarantine, sweeps the lake."""
