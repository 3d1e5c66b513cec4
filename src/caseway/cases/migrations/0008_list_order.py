"""Indexes for the orders that lists of cases stand in, and for lists that had none."""

import datetime

import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_workspace"),
        ("cases", "0007_notices"),
        ("contacts", "0003_workspace"),
        ("mailboxes", "0005_trusted_authserv"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("status", "waiting")),
                fields=["organisation", "-modified_at", "-id"],
                name="case_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("is_snoozed", True)),
                fields=["organisation", "-modified_at", "-id"],
                name="case_snoozed",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["organisation", "-modified_at", "-id"],
                name="case_trash",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at", None), models.Q(("status", "closed"), _negated=True)),
                fields=["organisation", "-created_at", "-id"],
                name="case_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("status", "closed")),
                fields=["organisation", "-created_at", "-id"],
                name="case_closed_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("organisation"),
                django.db.models.functions.comparison.Coalesce(
                    "received_at", "created_at", output_field=models.DateTimeField()
                ),
                models.F("id"),
                condition=models.Q(("deleted_at", None), models.Q(("status", "closed"), _negated=True)),
                name="case_waiting_longest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("organisation"),
                django.db.models.functions.comparison.Coalesce(
                    "need_by",
                    models.Value(datetime.date(9999, 12, 31), output_field=models.DateField()),
                    output_field=models.DateField(),
                ),
                models.F("id"),
                condition=models.Q(("deleted_at", None), models.Q(("status", "closed"), _negated=True)),
                name="case_due",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("organisation"),
                models.OrderBy(
                    models.Case(
                        models.When(priority="low", then=models.Value(0)),
                        models.When(priority="normal", then=models.Value(1)),
                        models.When(priority="high", then=models.Value(2)),
                        models.When(priority="urgent", then=models.Value(3)),
                        default=models.Value(4),
                        output_field=models.IntegerField(),
                    ),
                    descending=True,
                ),
                models.OrderBy(models.F("modified_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), models.Q(("status", "closed"), _negated=True)),
                name="case_priority",
            ),
        ),
    ]
