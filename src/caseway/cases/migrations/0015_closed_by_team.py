"""The closed cases of one team are found without a look at the others'."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_who_names")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("assigned_team__isnull", False), ("deleted_at", None), ("status", "closed")),
                fields=["organisation", "assigned_team", "-modified_at", "-id"],
                name="case_closed_team",
            ),
        ),
    ]
