"""Airflow's process for one-shot runs."""
