"""What the DAGs are made of: configuration, landing, publishing, audit. Imports no Airflow."""
