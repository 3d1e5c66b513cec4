"""Organisations, plans, employees, teams, roles and sign-in; the walls between organisations."""
