"""The local environment: the services that stand in for Google Cloud, and the one-shot run."""
