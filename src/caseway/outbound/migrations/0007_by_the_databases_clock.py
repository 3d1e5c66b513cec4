"""What is due is due by the database's clock, whatever the clock of the machine that writes the row says."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("outbound", "0006_workspace"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboundemail",
            name="send_at",
            field=models.DateTimeField(db_default=Now(), help_text="Not before; also the time of the next try"),
        ),
        migrations.AlterField(
            model_name="sentcopy",
            name="next_attempt_at",
            field=models.DateTimeField(db_default=Now()),
        ),
    ]
