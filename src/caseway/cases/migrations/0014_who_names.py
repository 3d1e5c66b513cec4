"""Which messages name an identifier is found by index behind the wall: docs/decisions/searching-behind-walls.md."""

from django.conf import settings
from django.db import migrations

ROLE = settings.CASEWAY_DATABASE_ROLE

NAMING = f"""
CREATE POLICY owner_reads ON cases_message FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION caseway_naming(identifiers text[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off ROWS 10 AS $$
-- Messages of the scope's organisation whose References hold one of the identifiers.
DECLARE
    scope text := current_setting('caseway.organisation', true);
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT id FROM cases_message
    WHERE "references" && identifiers::varchar(512)[] AND organisation_id + 0 = scope::bigint;
END $$;
REVOKE ALL ON FUNCTION caseway_naming(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caseway_naming(text[]) TO {ROLE};
"""

DROP = """
DROP FUNCTION caseway_naming(text[]);
DROP POLICY owner_reads ON cases_message;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_no_reply_all")]

    operations = [migrations.RunSQL(NAMING, DROP)]
