"""Landing: what a source says, written once to bronze as immutable Parquet loads."""
