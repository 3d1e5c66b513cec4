"""Single keys and notices of each employee."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_walls"),
    ]

    operations = [
        migrations.AddField(
            model_name="employee",
            name="has_shortcuts",
            field=models.BooleanField(default=True, help_text="Single keys do something (WCAG 2.1.4)"),
        ),
        migrations.AddField(
            model_name="employee",
            name="notices",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="NotificationKind to the ways of telling: ['workspace', 'browser', 'email']",
            ),
        ),
    ]
