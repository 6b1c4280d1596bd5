"""What developers run: the bundle, the dictionary, the lineage and the kill test."""
