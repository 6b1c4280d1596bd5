"""Silver: plans a batch for Spark, stages what it wrote and publishes it."""
