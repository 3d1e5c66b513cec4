"""How words are made from text, the triggers that keep them with their rows, and the functions that find them."""

from django.conf import settings
from django.db import migrations

ROLE = settings.CASEWAY_DATABASE_ROLE

# Scripts written without spaces between words: Thai and Lao, Burmese, Khmer, kana, Han, Hangul.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
UNSPACED_POINTS = (
    "point BETWEEN 3584 AND 3839 OR point BETWEEN 4096 AND 4255 OR point BETWEEN 6016 AND 6143 "
    "OR point BETWEEN 12353 AND 12543 OR point BETWEEN 13312 AND 19903 OR point BETWEEN 19968 AND 40959 "
    "OR point BETWEEN 44032 AND 55203 OR point BETWEEN 63744 AND 64255 OR point BETWEEN 131072 AND 205743"
)
# Marks that are written or left out as people please: accents, Hebrew points, Arabic vowels and tatweel.
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
PLAIN = ("øØłŁđĐðÐħĦıŧŦ", "oOlLdDdDhHitT")
# Marks that PostgreSQL's parser would make one word with their neighbours: addresses, paths, numbers with a sign.
JOINTS = "@./\\-_:+&=?#%~<>''`*"

FOLD = f"""
CREATE FUNCTION caseway_fold(given text, is_question boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
-- Text as words without accents, ready for the 'simple' parser. Runs of scripts without spaces become pairs of
-- characters that overlap; a question leaves out the last character alone, which the text has for one-character words.
DECLARE
    folded text := given;
BEGIN
    IF octet_length(folded) <> length(folded) THEN
        folded := normalize(regexp_replace(normalize(folded, NFKD), '[{MARKS}]', '', 'g'), NFKC);
        folded := translate(folded, '{PLAIN[0]}', '{PLAIN[1]}');
        folded := replace(replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe');
        IF folded ~ '[{UNSPACED}]' THEN
            SELECT string_agg(CASE
                WHEN NOT is_run THEN character || CASE WHEN next_is_run THEN ' ' ELSE '' END
                WHEN next_is_run THEN character || next_character || ' '
                WHEN is_question AND last_was_run THEN ' '
                ELSE character || ' '
            END, '' ORDER BY place)
            INTO folded
            FROM (
                SELECT character, place, is_run, lead(character) OVER w AS next_character,
                       coalesce(lead(is_run) OVER w, false) AS next_is_run,
                       coalesce(lag(is_run) OVER w, false) AS last_was_run
                FROM (
                    SELECT character, place, ({UNSPACED_POINTS}) AS is_run
                    FROM (SELECT character, place, ascii(character) AS point
                          FROM unnest(string_to_array(folded, NULL)) WITH ORDINALITY AS each(character, place)) AS points
                ) AS runs
                WINDOW w AS (ORDER BY place)
            ) AS neighbours;
        END IF;
    END IF;
    RETURN translate(folded, '{JOINTS}', '{" " * (len(JOINTS) - 1)}');
END $$;
"""

PREFIX = """
CREATE FUNCTION caseway_prefix(organisation bigint, moment timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_hex(organisation) || '.' || to_hex(greatest(0, floor(date_part('epoch', moment) / 604800))::int) || '.'
$$;
"""

# Weights: A subject, B sender, C receivers, D everything else.
WORDS = """
CREATE FUNCTION caseway_words(prefix text, subject text, sender text, receivers text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_catalog, pg_temp AS $$
DECLARE
    found tsvector;
BEGIN
    found := setweight(to_tsvector('pg_catalog.simple', caseway_fold(left(subject, 1000), false)), 'A')
          || setweight(to_tsvector('pg_catalog.simple', caseway_fold(left(sender, 1000), false)), 'B')
          || setweight(to_tsvector('pg_catalog.simple', caseway_fold(left(receivers, 4000), false)), 'C')
          || to_tsvector('pg_catalog.simple', caseway_fold(left(body, 40000), false));
    RETURN replace(' ' || found::text, ' ''', ' ''' || prefix)::tsvector;
EXCEPTION WHEN program_limit_exceeded OR string_data_right_truncation OR syntax_error THEN
    -- A mail made to break this: words of hundreds of letters go, and no mail is ever refused because of its words.
    found := to_tsvector('pg_catalog.simple',
        regexp_replace(caseway_fold(left(concat_ws(' ', subject, sender, body), 10000), false), '\\S{100,}', ' ', 'g'));
    RETURN replace(' ' || found::text, ' ''', ' ''' || prefix)::tsvector;
END $$;
"""

MESSAGE_WORDS = """
CREATE FUNCTION caseway_message_words(message cases_message) RETURNS tsvector
LANGUAGE plpgsql STABLE SET search_path = public, pg_catalog, pg_temp AS $$
DECLARE
    files text := '';
    body text := message.new_text;
BEGIN
    SELECT coalesce(string_agg(name, ' ' ORDER BY id), '') INTO files
    FROM cases_attachment WHERE message_id = message.id AND NOT is_inline;
    -- What a case begins with may quote a conversation that is nowhere else.
    IF body <> message.text AND NOT EXISTS (
        SELECT 1 FROM cases_message AS older WHERE older.case_id = message.case_id AND older.id < message.id
    ) THEN
        body := message.text;
    END IF;
    RETURN caseway_words(
        caseway_prefix(message.organisation_id, message.created_at), message.subject,
        message.from_name || ' ' || message.from_email, message."to"::text || ' ' || message.cc::text,
        files || ' ' || body);
END $$;
"""

TRIGGERS = """
CREATE FUNCTION caseway_message_added() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cases_searchdocument (id, organisation_id, case_id, moment, words)
    SELECT message.id, message.organisation_id, message.case_id, message.created_at, caseway_message_words(message)
    FROM added JOIN cases_message AS message ON message.id = added.id
    WHERE NOT (message.is_automatic AND message.direction = 'out'); -- acknowledgements repeat what they acknowledge
    RETURN NULL;
END $$;
CREATE TRIGGER search_message_added AFTER INSERT ON cases_message
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseway_message_added();

CREATE FUNCTION caseway_message_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE cases_searchdocument SET case_id = NEW.case_id, moment = NEW.created_at, words = caseway_message_words(NEW)
    WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_message_changed
    AFTER UPDATE OF case_id, subject, from_name, from_email, "to", cc, text, new_text, created_at ON cases_message
    FOR EACH ROW WHEN (
        (OLD.case_id, OLD.subject, OLD.from_name, OLD.from_email, OLD."to", OLD.cc, OLD.text, OLD.new_text,
         OLD.created_at) IS DISTINCT FROM
        (NEW.case_id, NEW.subject, NEW.from_name, NEW.from_email, NEW."to", NEW.cc, NEW.text, NEW.new_text,
         NEW.created_at)
    ) EXECUTE FUNCTION caseway_message_changed();

CREATE FUNCTION caseway_message_gone() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cases_searchdocument USING gone WHERE cases_searchdocument.id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_message_gone AFTER DELETE ON cases_message
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION caseway_message_gone();

CREATE FUNCTION caseway_attachment_added() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    UPDATE cases_searchdocument AS document SET words = document.words || caseway_words(
        caseway_prefix(document.organisation_id, document.moment), '', '', '', files.names)
    FROM (SELECT message_id, string_agg(name, ' ') AS names FROM added WHERE NOT is_inline GROUP BY message_id) AS files
    WHERE document.id = files.message_id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_attachment_added AFTER INSERT ON cases_attachment
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseway_attachment_added();

CREATE FUNCTION caseway_case_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO cases_searchdocument (id, organisation_id, case_id, moment, words)
    SELECT -NEW.id, NEW.organisation_id, NEW.id, NEW.created_at, caseway_words(
        caseway_prefix(NEW.organisation_id, NEW.created_at), NEW.subject,
        NEW.email || ' ' || coalesce((SELECT name FROM contacts_contact WHERE id = NEW.contact_id), ''), '',
        NEW.description)
    ON CONFLICT (id) DO UPDATE SET words = excluded.words, moment = excluded.moment;
    RETURN NULL;
END $$;
CREATE TRIGGER search_case_added AFTER INSERT ON cases_case
    FOR EACH ROW WHEN (NEW.source <> 'email') EXECUTE FUNCTION caseway_case_changed();
CREATE TRIGGER search_case_changed AFTER UPDATE OF subject, description ON cases_case
    FOR EACH ROW WHEN ((OLD.subject, OLD.description) IS DISTINCT FROM (NEW.subject, NEW.description))
    EXECUTE FUNCTION caseway_case_changed();

CREATE FUNCTION caseway_case_gone() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cases_searchdocument USING gone WHERE cases_searchdocument.id = -gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_case_gone AFTER DELETE ON cases_case
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION caseway_case_gone();
"""

CONTACTS = """
CREATE FUNCTION caseway_index_contact(contact bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
DECLARE
    row record;
    addresses text;
BEGIN
    SELECT one.id, one.organisation_id, one.name, coalesce(customer.name, '') AS customer INTO row
    FROM contacts_contact AS one LEFT JOIN contacts_customer AS customer ON customer.id = one.customer_id
    WHERE one.id = contact AND one.merged_into_id IS NULL;
    IF NOT FOUND THEN
        DELETE FROM cases_searchcontact WHERE id = contact;
        RETURN;
    END IF;
    SELECT coalesce(string_agg(email, ' ' ORDER BY id), '') INTO addresses
    FROM contacts_contactaddress WHERE contact_id = contact;
    INSERT INTO cases_searchcontact (id, organisation_id, words)
    VALUES (contact, row.organisation_id,
            caseway_words(to_hex(row.organisation_id) || '.c.', row.name, addresses, row.customer, ''))
    ON CONFLICT (id) DO UPDATE SET words = excluded.words;
    INSERT INTO cases_nameword (organisation_id, word)
    SELECT row.organisation_id, lexeme
    FROM unnest(to_tsvector('pg_catalog.simple',
                            caseway_fold(concat_ws(' ', row.name, row.customer, left(addresses, 2000)), false)))
    WHERE length(lexeme) BETWEEN 4 AND 60 AND lexeme ~ '^[^0-9]+$' AND lexeme NOT IN ('example', 'gmail', 'mail')
      AND NOT EXISTS (SELECT 1 FROM cases_nameword
                      WHERE organisation_id = row.organisation_id AND word = lexeme);
END $$;

CREATE FUNCTION caseway_contact_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM caseway_index_contact(NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER search_contact_added AFTER INSERT ON contacts_contact
    FOR EACH ROW EXECUTE FUNCTION caseway_contact_changed();
CREATE TRIGGER search_contact_changed AFTER UPDATE OF name, customer_id, merged_into_id ON contacts_contact
    FOR EACH ROW WHEN ((OLD.name, OLD.customer_id, OLD.merged_into_id) IS DISTINCT FROM
                       (NEW.name, NEW.customer_id, NEW.merged_into_id))
    EXECUTE FUNCTION caseway_contact_changed();

CREATE FUNCTION caseway_contact_gone() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM cases_searchcontact USING gone WHERE cases_searchcontact.id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_contact_gone AFTER DELETE ON contacts_contact
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION caseway_contact_gone();

CREATE FUNCTION caseway_contact_address_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM caseway_index_contact(OLD.contact_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.contact_id <> OLD.contact_id) THEN
        PERFORM caseway_index_contact(NEW.contact_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_contact_address AFTER INSERT OR DELETE OR UPDATE OF email, contact_id ON contacts_contactaddress
    FOR EACH ROW EXECUTE FUNCTION caseway_contact_address_changed();

CREATE FUNCTION caseway_customer_renamed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM caseway_index_contact(id) FROM contacts_contact WHERE customer_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_customer_renamed AFTER UPDATE OF name ON contacts_customer
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION caseway_customer_renamed();
"""

# terms: [{"any": ["parker", "parkr"], "weight": "" | "A" | "B" | "C", "prefix": true, "not": false}, …]
# The question is written with '~' in the place of a word's prefix, which differs from week to week.
QUESTION = """
CREATE FUNCTION caseway_question(terms jsonb, which text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_catalog, pg_temp AS $$
DECLARE
    term jsonb;
    given text;
    one text;
    choices text[];
    parts text[] := '{}';
    weight text;
BEGIN
    FOR term IN SELECT value FROM jsonb_array_elements(terms) LOOP
        CONTINUE WHEN which = 'rank' AND (term ->> 'not')::boolean;
        choices := '{}';
        weight := coalesce(term ->> 'weight', '');
        FOR given IN SELECT value FROM jsonb_array_elements_text(term -> 'any') LOOP
            one := phraseto_tsquery('pg_catalog.simple', caseway_fold(left(given, 200), true))::text;
            CONTINUE WHEN one = '';
            one := regexp_replace(one, '''([^'']*)''', '''~\\1'':' || weight, 'g');
            IF (term ->> 'prefix')::boolean THEN
                one := one || '*';
            END IF;
            one := replace(regexp_replace(one, ':$', ''), ': ', ' ');
            choices := choices || ('(' || one || ')');
        END LOOP;
        CONTINUE WHEN choices = '{}';
        parts := parts || (CASE WHEN (term ->> 'not')::boolean THEN '!' ELSE '' END
                           || '(' || array_to_string(choices, ' | ') || ')');
    END LOOP;
    RETURN array_to_string(parts, CASE WHEN which = 'rank' THEN ' | ' ELSE ' & ' END);
END $$;
"""

SEARCH = """
CREATE FUNCTION caseway_search(
    terms jsonb, upto timestamptz, upto_id bigint, most integer, only_cases bigint[]
) RETURNS TABLE (document bigint, case_id bigint, moment timestamptz, rank real)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- The newest documents of the scope's organisation that have all terms, before (upto, upto_id) where that is given;
-- then without those of cases that had one after it. Looks through one week, then four, then sixteen at once.
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
        step := least(step * 4, 64);
    END LOOP;
END $$;

CREATE FUNCTION caseway_search_seen(terms jsonb, upto timestamptz, upto_id bigint, cases bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp SET enable_seqscan = off AS $$
-- Which of the cases have a document that fits at or after (upto, upto_id): they were on an earlier page.
DECLARE
    scope text := current_setting('caseway.organisation', true);
    question text := caseway_question(terms, 'all');
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' OR question = '' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT DISTINCT d.case_id FROM cases_searchdocument AS d
    WHERE d.case_id = ANY(cases) AND d.organisation_id + 0 = scope::bigint AND (d.moment, d.id) >= (upto, upto_id)
      AND d.words @@ replace(question, '~', caseway_prefix(scope::bigint, d.moment))::tsquery;
END $$;

CREATE FUNCTION caseway_search_contacts(terms jsonb, most integer) RETURNS TABLE (contact bigint, rank real)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    scope text := current_setting('caseway.organisation', true);
    asked tsquery;
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' THEN
        RETURN;
    END IF;
    asked := nullif(replace(caseway_question(terms, 'all'), '~', to_hex(scope::bigint) || '.c.'), '')::tsquery;
    RETURN QUERY
    SELECT found.id, ts_rank('{0.1, 0.2, 0.6, 1.0}', found.words, asked)
    FROM (
        SELECT d.id, d.words FROM cases_searchcontact AS d
        WHERE d.words @@ asked AND d.organisation_id + 0 = scope::bigint LIMIT 2000
    ) AS found
    ORDER BY 2 DESC, 1 DESC LIMIT most;
END $$;

CREATE FUNCTION caseway_close_words(given text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_catalog, pg_temp SET enable_seqscan = off
SET pg_trgm.similarity_threshold = 0.25 AS $$
-- Words of names that are written much like this one, the likest first.
DECLARE
    scope text := current_setting('caseway.organisation', true);
    asked text := lower(trim(caseway_fold(left(given, 60), true)));
BEGIN
    IF scope IS NULL OR scope !~ '^[0-9]+$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT found.word::text FROM (
        SELECT DISTINCT n.word, similarity(n.word, asked) AS likeness FROM cases_nameword AS n
        WHERE n.word % asked AND n.organisation_id + 0 = scope::bigint
          AND length(n.word) BETWEEN length(asked) - 2 AND length(asked) + 2
    ) AS found ORDER BY found.likeness DESC LIMIT 40;
END $$;
"""

FOR_APPLICATION = (
    "caseway_search(jsonb, timestamptz, bigint, integer, bigint[])",
    "caseway_search_seen(jsonb, timestamptz, bigint, bigint[])",
    "caseway_search_contacts(jsonb, integer)",
    "caseway_close_words(text)",
)
GRANTS = "\n".join(
    f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO {ROLE};"
    for name in FOR_APPLICATION
)

# An installation that has mail already: its words, in the owner's scope of all organisations.
FILL = """
ALTER TABLE cases_searchdocument SET (toast_tuple_target = 128);
SELECT set_config('caseway.organisation', '*', true);
INSERT INTO cases_searchdocument (id, organisation_id, case_id, moment, words)
    SELECT message.id, message.organisation_id, message.case_id, message.created_at, caseway_message_words(message)
    FROM cases_message AS message WHERE NOT (message.is_automatic AND message.direction = 'out');
INSERT INTO cases_searchdocument (id, organisation_id, case_id, moment, words)
    SELECT -one.id, one.organisation_id, one.id, one.created_at, caseway_words(
        caseway_prefix(one.organisation_id, one.created_at), one.subject,
        one.email || ' ' || coalesce((SELECT name FROM contacts_contact WHERE id = one.contact_id), ''), '',
        one.description)
    FROM cases_case AS one WHERE one.source <> 'email';
SELECT count(caseway_index_contact(id)) FROM contacts_contact;
SELECT set_config('caseway.organisation', '', true);

"""

REMOVE = """
DROP TRIGGER search_message_added ON cases_message;
DROP TRIGGER search_message_changed ON cases_message;
DROP TRIGGER search_message_gone ON cases_message;
DROP TRIGGER search_attachment_added ON cases_attachment;
DROP TRIGGER search_case_added ON cases_case;
DROP TRIGGER search_case_changed ON cases_case;
DROP TRIGGER search_case_gone ON cases_case;
DROP TRIGGER search_contact_added ON contacts_contact;
DROP TRIGGER search_contact_changed ON contacts_contact;
DROP TRIGGER search_contact_gone ON contacts_contact;
DROP TRIGGER search_contact_address ON contacts_contactaddress;
DROP TRIGGER search_customer_renamed ON contacts_customer;
DROP FUNCTION caseway_search, caseway_search_seen, caseway_search_contacts, caseway_close_words, caseway_question,
    caseway_message_added, caseway_message_changed, caseway_message_gone, caseway_attachment_added,
    caseway_case_changed, caseway_case_gone, caseway_contact_changed, caseway_contact_gone,
    caseway_contact_address_changed, caseway_customer_renamed, caseway_index_contact, caseway_message_words,
    caseway_words, caseway_prefix, caseway_fold;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_search_tables"), ("contacts", "0003_workspace")]

    operations = [
        migrations.RunSQL(
            FOLD + PREFIX + WORDS + MESSAGE_WORDS + TRIGGERS + CONTACTS + QUESTION + SEARCH + GRANTS + FILL, REMOVE
        ),
    ]
