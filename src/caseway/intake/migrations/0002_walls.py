"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]

    operations = [
        policy("intake_inboundemail"),
    ]
