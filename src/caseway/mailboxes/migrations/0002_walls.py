"""Walls between organisations around every table of this room."""

from django.db import migrations

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0001_initial")]

    operations = [
        policy("mailboxes_diagnosis"),
        policy("mailboxes_foldercursor"),
        policy("mailboxes_mailbox"),
        policy("mailboxes_rawemail"),
        policy("mailboxes_supportaddress"),
        # compressed by us already, so PostgreSQL need not try
        migrations.RunSQL(
            "ALTER TABLE mailboxes_rawemail ALTER COLUMN compressed SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
    ]
