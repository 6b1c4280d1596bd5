"""Gold: reads the models of `sql/gold/`, builds, checks and publishes them."""
