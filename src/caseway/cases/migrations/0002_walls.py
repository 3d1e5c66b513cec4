"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        policy("cases_attachment"),
        policy("cases_case"),
        policy("cases_caseaddress"),
        policy("cases_casecounter"),
        policy("cases_event"),
        policy("cases_message"),
        policy("cases_participant"),
    ]
