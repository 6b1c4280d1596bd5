"""Pure functions from DataFrames to DataFrames; no clock, storage or environment."""
