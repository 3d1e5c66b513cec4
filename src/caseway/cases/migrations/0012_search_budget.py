"""Search stops when its time is over and says where it goes on; many cases are compared as a set, not one by one."""

from django.conf import settings
from django.db import migrations

ROLE = settings.CASEWAY_DATABASE_ROLE

SEARCH = """
DROP FUNCTION caseway_search(jsonb, timestamptz, bigint, integer, bigint[]);
CREATE FUNCTION caseway_search(
    terms jsonb, upto timestamptz, upto_id bigint, most integer, only_cases bigint[], budget integer
) RETURNS TABLE (document bigint, case_id bigint, moment timestamptz, rank real)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan AS $$
-- The newest documents of the scope's organisation that have all terms, before (upto, upto_id) where that is given.
-- With only_cases all of these cases' documents. Otherwise one week is looked through, then as many at once as will
-- hold what is missing, going by those before; four times as many where nothing was found. After `budget`
-- milliseconds a last row without a document has the moment before which nothing was looked at yet.
DECLARE
    scope text := current_setting('caseway.organisation', true);
    organisation bigint;
    question text := caseway_question(terms, 'all');
    ranking text := caseway_question(terms, 'rank');
    oldest timestamptz;
    newest timestamptz;
    week interval := interval '7 days';
    step integer := 1;
    looked_at integer;
    missing integer := most;
    asked tsquery;
    got integer;
    is_first boolean := true;
    began timestamptz := clock_timestamp();
    step_began timestamptz;
    left_over float;
    step_took float;
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' OR question = '' OR ranking = '' THEN
        RETURN;
    END IF;
    organisation := scope::bigint;
    IF only_cases IS NOT NULL THEN
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
        step_began := clock_timestamp();
        SELECT string_agg('(' || replace(question, '~', caseway_prefix(organisation, newest - n * week)) || ')', ' | ')
        INTO asked FROM generate_series(0, step - 1) AS n;
        RETURN QUERY
        WITH matched AS MATERIALIZED (
            SELECT d.id, d.case_id, d.moment FROM cases_searchdocument AS d
            WHERE d.words @@ asked AND d.organisation_id + 0 = organisation
              AND (upto IS NULL OR (d.moment, d.id) < (upto, upto_id))
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
        looked_at := step;
        newest := newest - looked_at * week;
        EXIT WHEN newest < oldest - week;
        left_over := budget - 1000 * extract(epoch FROM clock_timestamp() - began);
        step_took := 1000 * extract(epoch FROM clock_timestamp() - step_began);
        IF missing > 0 AND left_over <= 0 THEN
            document := NULL;
            case_id := NULL;
            rank := NULL;
            moment := to_timestamp((floor(extract(epoch FROM newest) / 604800) + 1) * 604800)
                      - interval '1 microsecond'; -- the week of `newest` is the first that was not looked through
            RETURN NEXT;
            EXIT;
        END IF;
        step := CASE
            WHEN got = 0 THEN least(looked_at * 4, 64)
            WHEN is_first THEN 1  -- this week has only begun
            ELSE least(looked_at * 4, 64, ceil(1.2 * missing * looked_at / got)::integer)
        END;
        step := greatest(1, least(step, floor(looked_at * left_over / greatest(step_took, 0.1))::bigint));
        is_first := false;
    END LOOP;
END $$;
"""
NAME = "caseway_search(jsonb, timestamptz, bigint, integer, bigint[], integer)"
GRANT = f"REVOKE ALL ON FUNCTION {NAME} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {NAME} TO {ROLE};"


class Migration(migrations.Migration):
    dependencies = [("cases", "0011_list_counts")]

    operations = [migrations.RunSQL(SEARCH + GRANT, migrations.RunSQL.noop)]
