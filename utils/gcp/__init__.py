"""Google Cloud: BigQuery and Cloud Storage calls; knows nothing of hospitals."""
