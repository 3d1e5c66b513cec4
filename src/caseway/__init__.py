"""Caseway: an open-source help desk that turns email into cases."""
