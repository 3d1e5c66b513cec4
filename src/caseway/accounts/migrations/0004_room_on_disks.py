"""How much room is left where a process keeps mail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_workspace"),
    ]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="free_bytes",
            field=models.BigIntegerField(help_text="Room on the disk where it keeps mail", null=True),
        ),
    ]
