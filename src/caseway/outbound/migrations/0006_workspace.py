"""Canned replies and signatures."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_workspace"),
        ("mailboxes", "0005_trusted_authserv"),
        ("outbound", "0005_pauses_and_schedules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CannedReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=100)),
                ("shortcut", models.CharField(blank=True, help_text="Typed after '/' in an answer", max_length=40)),
                ("text", models.TextField(help_text="Liquid; cleaned HTML or plain text as `is_html` says")),
                ("is_html", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "used",
                    models.PositiveIntegerField(
                        default=0, help_text="How often it was put into an answer: for the order"
                    ),
                ),
                ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "modified_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="canned_replies",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("shortcut", ""), _negated=True),
                        fields=("organisation", "shortcut"),
                        name="canned_shortcut_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("html", models.TextField(blank=True, help_text="Liquid inside cleaned HTML: {{ employee.name }}")),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: all",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signatures",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "support_address",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: all",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signatures",
                        to="mailboxes.supportaddress",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "employee", "support_address"),
                        name="signature_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        policy("outbound_cannedreply"),
        policy("outbound_signature"),
    ]
