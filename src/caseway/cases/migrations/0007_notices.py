"""How a notification is told, decided when it is made, and an index of what is to be mailed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_search_functions"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="is_listed",
            field=models.BooleanField(default=True, help_text="Shown in the workspace; else told by other ways only"),
        ),
        migrations.AddField(
            model_name="notification",
            name="to_mail",
            field=models.BooleanField(default=False, help_text="Told by email too, unless it is read before that"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("mailed_at", None), ("read_at", None), ("to_mail", True)),
                fields=["created_at"],
                name="notification_to_mail",
            ),
        ),
    ]
