"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import create_role, policy


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        create_role(),
        policy("accounts_organisation", "id"),
        policy("accounts_apitoken"),
        policy("accounts_employee"),
        policy("accounts_team"),
        policy("accounts_teammembership"),
    ]
