"""What people do with cases all day: drafts, views, tags, followers, mentions, presence."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from caseway.accounts.walls import policy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_workspace"),
        ("cases", "0003_unknown_address"),
        ("contacts", "0003_workspace"),
        ("mailboxes", "0005_trusted_authserv"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="CaseType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("position", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="CustomField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(help_text="Never changes, in the API and in exports", max_length=60)),
                ("label", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("choice", "One of several"),
                            ("checkbox", "Yes or no"),
                        ],
                        default="text",
                        max_length=10,
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                ("help", models.CharField(blank=True, max_length=200)),
                ("is_active", models.BooleanField(default=True)),
                ("position", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("content_type", models.CharField(default="application/octet-stream", max_length=255)),
                ("size", models.BigIntegerField()),
                (
                    "content_id",
                    models.CharField(blank=True, help_text="Set for an image inside the text", max_length=200),
                ),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Follower",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "done_at",
                    models.DateTimeField(blank=True, help_text="When the employee opened the case after it", null=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("assigned", "A case was assigned to me"),
                            ("replied", "A customer answered a case of mine"),
                            ("mentioned", "A colleague mentioned me"),
                            ("followed", "Something happened in a case that I follow"),
                            ("failed", "A mail of mine was not delivered"),
                            ("woken", "A snoozed case came back"),
                        ],
                        max_length=20,
                    ),
                ),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("is_shared", models.BooleanField(default=False)),
                ("filters", models.JSONField(default=dict, help_text="As cases.lists reads them")),
                ("sort", models.CharField(blank=True, max_length=30)),
                ("grouping", models.CharField(blank=True, max_length=30)),
                ("position", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Seen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("hue", models.PositiveSmallIntegerField(blank=True, help_text="0 to 11, or none", null=True)),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Viewing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tab",
                    models.CharField(help_text="Made by the page: one person may have several open", max_length=40),
                ),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("typed_at", models.DateTimeField(blank=True, help_text="The last keystroke in an answer", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="WrittenDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reply", "Reply"),
                            ("reply_all", "Reply all"),
                            ("forward", "Forward"),
                            ("note", "Note"),
                            ("new", "New case"),
                        ],
                        default="reply",
                        max_length=10,
                    ),
                ),
                ("to", models.TextField(blank=True, help_text="As typed")),
                ("cc", models.TextField(blank=True)),
                ("bcc", models.TextField(blank=True)),
                ("subject", models.CharField(blank=True, max_length=500)),
                ("text", models.TextField(blank=True)),
                (
                    "html",
                    models.TextField(
                        blank=True, help_text="As the editor has it, UNTRUSTED until it was cleaned for sending"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "version",
                    models.PositiveIntegerField(
                        default=1, help_text="Grows with each keeping: an older tab is refused"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="custom",
            field=models.JSONField(
                blank=True, default=dict, help_text="Values of the organisation's own fields by CustomField.key"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="is_snoozed",
            field=models.BooleanField(default=False, help_text="Out of the lists of open cases for now"),
        ),
        migrations.AddField(
            model_name="case",
            name="received_at",
            field=models.DateTimeField(blank=True, help_text="When the latest mail from outside came", null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="snoozed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="snoozed_until",
            field=models.DateTimeField(blank=True, help_text="Empty while snoozed: until a reply", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="moved_from",
            field=models.ForeignKey(
                blank=True,
                help_text="The case that it came to",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="cases.case",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("created", "Created"),
                    ("assigned", "Assigned"),
                    ("status", "Status"),
                    ("priority", "Priority"),
                    ("type", "Type"),
                    ("tags", "Tags"),
                    ("need_by", "Need By"),
                    ("acknowledged", "Acknowledged"),
                    ("not_acknowledged", "Not Acknowledged"),
                    ("reopened", "Reopened"),
                    ("automatic_mail", "Automatic Mail"),
                    ("bounced", "Bounced"),
                    ("deleted", "Deleted"),
                    ("restored", "Restored"),
                    ("related", "Related"),
                    ("joined", "Joined"),
                    ("verified", "Verified"),
                    ("snoozed", "Snoozed"),
                    ("woken", "Woken"),
                    ("merged", "Merged"),
                    ("unmerged", "Unmerged"),
                    ("split", "Split"),
                    ("moved", "Moved"),
                    ("linked", "Linked"),
                    ("unlinked", "Unlinked"),
                    ("followed", "Followed"),
                    ("unfollowed", "Unfollowed"),
                    ("contact", "Contact"),
                    ("field", "Field"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("is_snoozed", True)),
                fields=["snoozed_until"],
                name="case_to_wake",
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="links", to="cases.case"),
        ),
        migrations.AddField(
            model_name="caselink",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="linked_from", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="casetype",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="customfield",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="draftfile",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="follower",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="followers", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="follower",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="followed", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="follower",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="mentions", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="mentions", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="mentions", to="cases.message"
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="message",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.message"
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="seen",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="seen", to="cases.case"),
        ),
        migrations.AddField(
            model_name="seen",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="seen", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="seen",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="viewing",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="viewings", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="viewing",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="viewing",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="writtendraft",
            name="answered",
            field=models.ForeignKey(
                blank=True,
                help_text="The message that is answered or forwarded; none: the latest",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="cases.message",
            ),
        ),
        migrations.AddField(
            model_name="writtendraft",
            name="case",
            field=models.ForeignKey(
                blank=True,
                help_text="None: a new case",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to="cases.case",
            ),
        ),
        migrations.AddField(
            model_name="writtendraft",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="writtendraft",
            name="from_address",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="mailboxes.supportaddress",
            ),
        ),
        migrations.AddField(
            model_name="writtendraft",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="draftfile",
            name="draft",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="files", to="cases.writtendraft"
            ),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.UniqueConstraint(fields=("case", "other"), name="case_link_once"),
        ),
        migrations.AddConstraint(
            model_name="casetype",
            constraint=models.UniqueConstraint(
                models.F("organisation"), django.db.models.functions.text.Lower("name"), name="case_type_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(fields=("organisation", "key"), name="custom_field_once"),
        ),
        migrations.AddConstraint(
            model_name="follower",
            constraint=models.UniqueConstraint(fields=("case", "employee"), name="follower_once"),
        ),
        migrations.AddIndex(
            model_name="mention",
            index=models.Index(fields=["employee", "-created_at"], name="mention_list"),
        ),
        migrations.AddConstraint(
            model_name="mention",
            constraint=models.UniqueConstraint(fields=("message", "employee"), name="mention_once"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["employee", "-id"], name="notification_list"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(condition=models.Q(("read_at", None)), fields=["employee"], name="notification_unread"),
        ),
        migrations.AddIndex(
            model_name="savedview",
            index=models.Index(fields=["organisation", "position", "id"], name="saved_view_list"),
        ),
        migrations.AddConstraint(
            model_name="seen",
            constraint=models.UniqueConstraint(fields=("employee", "case"), name="seen_once"),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(
                models.F("organisation"), django.db.models.functions.text.Lower("name"), name="tag_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="viewing",
            constraint=models.UniqueConstraint(fields=("case", "employee", "tab"), name="viewing_once"),
        ),
        migrations.AddIndex(
            model_name="writtendraft",
            index=models.Index(fields=["employee", "-modified_at"], name="draft_list"),
        ),
        migrations.AddConstraint(
            model_name="writtendraft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("case__isnull", False)), fields=("case", "employee", "kind"), name="draft_once"
            ),
        ),
        policy("cases_follower"),
        policy("cases_seen"),
        policy("cases_mention"),
        policy("cases_viewing"),
        policy("cases_notification"),
        policy("cases_writtendraft"),
        policy("cases_draftfile"),
        policy("cases_casetype"),
        policy("cases_tag"),
        policy("cases_customfield"),
        policy("cases_savedview"),
        policy("cases_caselink"),
    ]
