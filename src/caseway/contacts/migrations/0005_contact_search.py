"""Walls around the new tables, and finding contacts: see docs/decisions/searching-behind-walls.md."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

from caseway.accounts.walls import policy

# The owner, in whose name `contacts_matching` works, sees every row of this one table: the rule becomes 'true', falls
# away when the query is planned, and the trigram index serves. The function names the organisation itself.
OWNER_READS = """
CREATE POLICY owner_reads ON contacts_contactsearch FOR SELECT TO CURRENT_USER USING (true);
"""

FOLD = """
CREATE FUNCTION contacts_fold(words text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp AS $$ SELECT lower(unaccent(words)) $$;
"""

WRITE = """
CREATE FUNCTION contacts_write_search(wanted bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO contacts_contactsearch (contact_id, organisation_id, text)
    SELECT c.id, c.organisation_id, contacts_fold(concat_ws(' ', '', c.name,
        (SELECT string_agg(a.email || ' ' || split_part(a.email, '@', 2), ' ')
           FROM contacts_contactaddress a WHERE a.contact_id = c.id),
        k.name, nullif(c.phone, ''), nullif(regexp_replace(c.phone, '\\D', '', 'g'), '')))
    FROM contacts_contact c LEFT JOIN contacts_customer k ON k.id = c.customer_id
    WHERE c.id = wanted AND c.merged_into_id IS NULL
    ON CONFLICT (contact_id) DO UPDATE SET text = excluded.text WHERE contacts_contactsearch.text <> excluded.text;
$$;

CREATE FUNCTION contacts_contact_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.merged_into_id IS NOT NULL THEN
        DELETE FROM contacts_contactsearch WHERE contact_id = OLD.id;
    ELSE
        PERFORM contacts_write_search(NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_of_new AFTER INSERT ON contacts_contact
    FOR EACH ROW WHEN (NEW.source <> 'email')  -- whose address follows, and writes it
    EXECUTE FUNCTION contacts_contact_changed();
CREATE TRIGGER search_of_gone AFTER DELETE ON contacts_contact
    FOR EACH ROW EXECUTE FUNCTION contacts_contact_changed();
CREATE TRIGGER search_of_changed AFTER UPDATE OF name, phone, customer_id, merged_into_id ON contacts_contact
    FOR EACH ROW WHEN ((OLD.name, OLD.phone, OLD.customer_id, OLD.merged_into_id)
        IS DISTINCT FROM (NEW.name, NEW.phone, NEW.customer_id, NEW.merged_into_id))
    EXECUTE FUNCTION contacts_contact_changed();

CREATE FUNCTION contacts_address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM contacts_write_search(OLD.contact_id); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM contacts_write_search(NEW.contact_id); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_of_address AFTER INSERT OR DELETE OR UPDATE OF email, contact_id ON contacts_contactaddress
    FOR EACH ROW EXECUTE FUNCTION contacts_address_changed();

CREATE FUNCTION contacts_customer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM contacts_write_search(id) FROM contacts_contact WHERE customer_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_of_customer AFTER UPDATE OF name ON contacts_customer
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION contacts_customer_changed();
"""

# A word of one or two letters is looked for at the beginning of words: trigrams know no shorter middle.
FIND = """
CREATE FUNCTION contacts_matching(words text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 200 AS $$
DECLARE
    scope text := coalesce(current_setting('caseway.organisation', true), '');
    wanted text := '';
    word text;
BEGIN
    FOREACH word IN ARRAY (regexp_split_to_array(btrim(contacts_fold(words)), '\\s+'))[1:8] LOOP
        CONTINUE WHEN word = '';
        word := replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_');
        wanted := wanted || format(' AND text LIKE %L',
            CASE WHEN char_length(word) < 3 THEN '% ' || word || '%' ELSE '%' || word || '%' END);
    END LOOP;
    IF wanted = '' OR scope = '' THEN RETURN; END IF;
    IF scope <> '*' THEN wanted := wanted || format(' AND organisation_id = %s', scope::bigint); END IF;
    RETURN QUERY EXECUTE 'SELECT contact_id FROM contacts_contactsearch WHERE true' || wanted || format(' LIMIT %s', most);
END $$;
"""

FILL = """
SELECT set_config('caseway.organisation', '*', true);
SELECT contacts_write_search(id) FROM contacts_contact;
"""

DROP = """
DROP TRIGGER search_of_new ON contacts_contact;
DROP TRIGGER search_of_gone ON contacts_contact;
DROP TRIGGER search_of_changed ON contacts_contact;
DROP TRIGGER search_of_address ON contacts_contactaddress;
DROP TRIGGER search_of_customer ON contacts_customer;
DROP FUNCTION contacts_matching, contacts_contact_changed, contacts_address_changed, contacts_customer_changed,
    contacts_write_search, contacts_fold;
DROP POLICY owner_reads ON contacts_contactsearch;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_contacts_app")]

    operations = [
        UnaccentExtension(),
        policy("contacts_contactsearch"),
        policy("contacts_contactimport"),
        policy("contacts_importedcontact"),
        policy("contacts_merge"),
        migrations.RunSQL(OWNER_READS + FOLD + WRITE + FIND + FILL, DROP),
    ]
