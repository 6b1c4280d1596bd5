"""Orchestration: what DAGs share. The only wing that imports Airflow."""
