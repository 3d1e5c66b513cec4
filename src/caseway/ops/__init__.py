"""Runs the house: command line, processes, health, embedded services, sample data."""
