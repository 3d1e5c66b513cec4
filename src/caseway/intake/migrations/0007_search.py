"""The mail log is searched by index behind its wall: see docs/decisions/searching-behind-walls.md."""

from django.conf import settings
from django.db import migrations

ROLE = settings.CASEWAY_DATABASE_ROLE
FUNCTION = "intake_matching(text, text, bigint[], text[], bigint, text, timestamptz, timestamptz, bigint, integer)"
TEXT = "lower(left(sender || E'\\n' || delivered_to || E'\\n' || subject, 1400))"
QUOTED = TEXT.replace("'", "''")

# The owner, in whose name the function works, sees every row of this table: the function keeps to the scope by itself.
INDEX = f"""
CREATE POLICY owner_reads ON intake_inboundemail FOR SELECT TO CURRENT_USER USING (true);
CREATE INDEX inbound_words ON intake_inboundemail USING gin (({TEXT}) gin_trgm_ops);
"""

# A word that many rows have is found fastest from the newest row on, a rare one by its trigrams: the planner knows
# which by the statistics of the index's expression, because the word stands in the statement.
FIND = f"""
CREATE FUNCTION intake_matching(
    words text, identifier text, addresses bigint[], states text[], in_mailbox bigint, of_kind text,
    since timestamptz, until timestamptz, below bigint, most integer
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off ROWS 100 AS $$
DECLARE
    scope text := coalesce(current_setting('caseway.organisation', true), '');
    pattern text := replace(replace(replace(lower(words), '\\', '\\\\'), '%', '\\%'), '_', '\\_');
    asked text;
BEGIN
    IF scope !~ '^[0-9]+$' THEN
        RETURN;
    END IF;
    asked := format('SELECT id FROM intake_inboundemail WHERE organisation_id = %s AND ({QUOTED} LIKE %L'
        ' OR message_identifier = %L OR support_address_id = ANY(%L::bigint[]))',
        scope, '%' || pattern || '%', nullif(identifier, ''), addresses);
    IF cardinality(states) > 0 THEN asked := asked || format(' AND state = ANY(%L::text[])', states); END IF;
    IF in_mailbox IS NOT NULL THEN asked := asked || format(' AND mailbox_id = %s', in_mailbox); END IF;
    IF of_kind <> '' THEN asked := asked || format(' AND kind = %L', of_kind); END IF;
    IF since IS NOT NULL THEN asked := asked || format(' AND received_at >= %L', since); END IF;
    IF until IS NOT NULL THEN asked := asked || format(' AND received_at < %L', until); END IF;
    IF below IS NOT NULL THEN asked := asked || format(' AND id < %s', below); END IF;
    IF most IS NOT NULL THEN asked := asked || format(' ORDER BY id DESC LIMIT %s', most); END IF;
    RETURN QUERY EXECUTE asked;
END $$;
REVOKE ALL ON FUNCTION {FUNCTION} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {FUNCTION} TO {ROLE};
"""

DROP = f"""
DROP FUNCTION {FUNCTION};
DROP INDEX inbound_words;
DROP POLICY owner_reads ON intake_inboundemail;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0006_by_the_databases_clock"),
        ("cases", "0005_search_tables"),  # the extension pg_trgm
    ]

    operations = [migrations.RunSQL(INDEX + FIND, DROP)]
