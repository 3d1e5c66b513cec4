"""What is still to be done with originals on the server."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0005_trusted_authserv"),
    ]

    operations = [
        migrations.AddField(
            model_name="foldercursor",
            name="unsettled",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                default=list,
                help_text="UIDs that were kept and whose originals are still to be marked, moved or deleted",
                size=None,
            ),
        ),
    ]
