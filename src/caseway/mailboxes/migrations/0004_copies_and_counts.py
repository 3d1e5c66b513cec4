from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailboxes', '0003_rescans'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='copies_since',
            field=models.DateTimeField(blank=True, help_text='What is sent from then on is copied to the Sent folder; empty: nothing is', null=True),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='counted_at',
            field=models.DateTimeField(blank=True, help_text='Last comparison of server and ledger', null=True),
        ),
    ]
