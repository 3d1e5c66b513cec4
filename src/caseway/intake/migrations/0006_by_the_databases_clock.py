"""What is due is due by the database's clock, whatever the clock of the machine that writes the row says."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0005_decisions_and_sender_rules"),
    ]

    operations = [
        migrations.AlterField(
            model_name="historyimport",
            name="lease_until",
            field=models.DateTimeField(
                db_default=Now(), help_text="Not taken up by another worker, nor tried again, before"
            ),
        ),
        migrations.AlterField(
            model_name="inboundemail",
            name="next_attempt_at",
            field=models.DateTimeField(db_default=Now()),
        ),
        migrations.AlterField(
            model_name="remainder",
            name="lease_until",
            field=models.DateTimeField(db_default=Now()),
        ),
    ]
