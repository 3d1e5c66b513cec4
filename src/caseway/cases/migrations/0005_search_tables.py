"""Tables that search looks into. Their walls do not bind their owner, whose functions read them by index."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from caseway.accounts.walls import policy_but_for_owner


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_workspace"),
        ("cases", "0004_workspace"),
    ]

    operations = [
        migrations.CreateModel(
            name="NameWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=60)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "word"], name="name_word"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("word", name="gin_trgm_ops"), name="name_word_like"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchContact",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["words"], name="search_contact_words")],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("case_id", models.BigIntegerField(db_index=True)),
                (
                    "moment",
                    models.DateTimeField(help_text="When the message came: the newest are looked through first"),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "moment"], name="search_document_moment"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], gin_pending_list_limit=256, name="search_document_words"
                    ),
                ],
            },
        ),
        policy_but_for_owner("cases_nameword"),
        policy_but_for_owner("cases_searchcontact"),
        policy_but_for_owner("cases_searchdocument"),
    ]
