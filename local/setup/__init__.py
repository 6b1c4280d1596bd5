"""Installs what the project needs into `.local/venvs`, with the standard library alone."""
