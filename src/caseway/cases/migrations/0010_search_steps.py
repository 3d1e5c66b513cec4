"""Search takes no more weeks at once than it needs."""

from django.db import migrations

SEARCH = """
CREATE OR REPLACE FUNCTION caseway_search(
    terms jsonb, upto timestamptz, upto_id bigint, most integer, only_cases bigint[]
) RETURNS TABLE (document bigint, case_id bigint, moment timestamptz, rank real)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- The newest documents of the scope's organisation that have all terms, before (upto, upto_id) where that is given;
-- then without those of cases that had one after it. Looks through one week, then through
-- as many at once as will hold what is missing, going by those before; four times as many where nothing was found.
DECLARE
    scope text := current_setting('caseway.organisation', true);
    organisation bigint;
    question text := caseway_question(terms, 'all');
    ranking text := caseway_question(terms, 'rank');
    oldest timestamptz;
    newest timestamptz;
    week interval := interval '7 days';
    step integer := 1;
    missing integer := most;
    asked tsquery;
    got integer;
    is_first boolean := true;
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' OR question = '' OR ranking = '' THEN
        RETURN;
    END IF;
    organisation := scope::bigint;
    IF cardinality(only_cases) <= 300 THEN
        RETURN QUERY
        SELECT one.id, one.case_id, one.moment,
               ts_rank('{0.1, 0.3, 0.6, 1.0}', one.words,
                       replace(ranking, '~', caseway_prefix(organisation, one.moment))::tsquery)
        FROM cases_searchdocument AS one
        WHERE one.case_id = ANY(only_cases) AND one.organisation_id + 0 = organisation
          AND (upto IS NULL OR (one.moment, one.id) < (upto, upto_id))
          AND one.words @@ replace(question, '~', caseway_prefix(organisation, one.moment))::tsquery
        ORDER BY one.moment DESC, one.id DESC LIMIT most;
        RETURN;
    END IF;
    SELECT min(d.moment), max(d.moment) INTO oldest, newest
    FROM cases_searchdocument AS d WHERE d.organisation_id = organisation;
    newest := least(newest, upto);
    WHILE newest IS NOT NULL AND missing > 0 LOOP
        SELECT string_agg('(' || replace(question, '~', caseway_prefix(organisation, newest - n * week)) || ')', ' | ')
        INTO asked FROM generate_series(0, step - 1) AS n;
        RETURN QUERY
        WITH matched AS MATERIALIZED (
            SELECT d.id, d.case_id, d.moment FROM cases_searchdocument AS d
            WHERE d.words @@ asked AND d.organisation_id + 0 = organisation
              AND (upto IS NULL OR (d.moment, d.id) < (upto, upto_id))
              AND (only_cases IS NULL OR d.case_id = ANY(only_cases))
        ), latest AS MATERIALIZED (
            SELECT * FROM matched ORDER BY matched.moment DESC, matched.id DESC LIMIT missing
        )
        SELECT latest.id, latest.case_id, latest.moment,
               ts_rank('{0.1, 0.3, 0.6, 1.0}', d.words,
                       replace(ranking, '~', caseway_prefix(organisation, latest.moment))::tsquery)
        FROM latest JOIN cases_searchdocument AS d ON d.id = latest.id
        ORDER BY latest.moment DESC, latest.id DESC;
        GET DIAGNOSTICS got = ROW_COUNT;
        missing := missing - got;
        EXIT WHEN newest - step * week < oldest - week;
        newest := newest - step * week;
        step := CASE
            WHEN got = 0 THEN least(step * 4, 64)
            WHEN is_first THEN 1  -- this week has only begun
            ELSE least(step * 4, 64, ceil(1.2 * missing * step / got)::integer)
        END;
        is_first := false;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_search_close_words")]

    operations = [migrations.RunSQL(SEARCH, migrations.RunSQL.noop)]
