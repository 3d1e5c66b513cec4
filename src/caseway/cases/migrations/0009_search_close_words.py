"""Close words without a setting on the function: a plain owner may not set what an extension brings, on restoring."""

from django.conf import settings
from django.db import migrations

ROLE = settings.CASEWAY_DATABASE_ROLE

CLOSE_WORDS = """
CREATE OR REPLACE FUNCTION caseway_close_words(given text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp SET enable_seqscan = off AS $$
-- Words of names that are written much like this one, the likest first.
DECLARE
    scope text := current_setting('caseway.organisation', true);
    asked text := lower(trim(caseway_fold(left(given, 60), true)));
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' THEN
        RETURN;
    END IF;
    PERFORM similarity('', ''), set_config('pg_trgm.similarity_threshold', '0.25', true);
    RETURN QUERY
    SELECT found.word::text FROM (
        SELECT DISTINCT n.word, similarity(n.word, asked) AS likeness FROM cases_nameword AS n
        WHERE n.word % asked AND n.organisation_id + 0 = scope::bigint
          AND length(n.word) BETWEEN length(asked) - 2 AND length(asked) + 2
    ) AS found ORDER BY found.likeness DESC LIMIT 40;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0008_list_order")]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION caseway_close_words(text);" + CLOSE_WORDS
            + "REVOKE ALL ON FUNCTION caseway_close_words(text) FROM PUBLIC;"
            + f"GRANT EXECUTE ON FUNCTION caseway_close_words(text) TO {ROLE};",
            migrations.RunSQL.noop,
        ),
    ]
