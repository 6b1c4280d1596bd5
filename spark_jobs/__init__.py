"""Spark jobs. Only the standard library and PySpark are imported: the folder ships as a zip."""
