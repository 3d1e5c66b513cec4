"""Counting a list, and sorting a stretch of closed cases, reads its index alone; the table is cleared often enough."""

from django.db import migrations, models
from django.db.models import Q

OPEN = Q(deleted_at=None) & ~Q(status="closed")
NEWEST = ["organisation", "-modified_at", "-id"]
INDEXES = [
    models.Index(
        fields=["organisation", "assigned_employee", "-modified_at", "-id"],
        include=["is_snoozed"],
        condition=OPEN,
        name="case_my_open",
    ),
    models.Index(fields=NEWEST, include=["is_snoozed"], condition=OPEN, name="case_all_open"),
    models.Index(
        fields=NEWEST,
        include=["is_snoozed"],
        condition=Q(deleted_at=None, assigned_employee=None, assigned_team=None) & ~Q(status="closed"),
        name="case_unassigned",
    ),
    models.Index(
        fields=NEWEST, include=["is_snoozed"], condition=Q(deleted_at=None, status="waiting"), name="case_waiting"
    ),
    models.Index(
        fields=["organisation", "-created_at", "-id"],
        include=["modified_at", "merged_into"],
        condition=Q(deleted_at=None, status="closed"),
        name="case_closed_newest",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_search_steps")]

    operations = [
        *(migrations.RemoveIndex(model_name="case", name=index.name) for index in INDEXES),
        *(migrations.AddIndex(model_name="case", index=index) for index in INDEXES),
        migrations.RunSQL(
            "ALTER TABLE cases_case SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE cases_case RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        ),
    ]
