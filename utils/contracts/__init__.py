"""Contracts: what sources deliver and what the common data model holds, one file each."""
