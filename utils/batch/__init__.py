"""Batch: what Spark and the DAGs both know of a silver batch. Ships with Spark's code.

Only the standard library is imported.
"""
