"""What the DAGs are made of, a wing for each duty; docs/architecture.md shows them."""
