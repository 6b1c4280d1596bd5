"""Column lineage: which columns of the sources a column of silver or gold is made from."""
