"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [
        policy("contacts_contact"),
        policy("contacts_contactaddress"),
        policy("contacts_customer"),
    ]
