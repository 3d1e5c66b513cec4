"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [("outbound", "0001_initial")]

    operations = [
        policy("outbound_acknowledgementcount"),
        policy("outbound_outboundemail"),
    ]
