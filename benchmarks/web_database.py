"""A database as a company has it after three years: made in minutes, kept in a folder, used again by the next run.

A million cases and five million messages come from INSERT … SELECT with words drawn as in a language (the n-th word
about 1/n as often as the first). The triggers and indexes of search are left out meanwhile; the same functions of the
database make the words afterwards, in two processes, and the indexes are built last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.web_words import FIRST, surnames, vocabulary

VERSION = 1
PROCESSES = 2
MESSAGES_PER_CASE = 5
SENTENCES = 300_000
SERVING = {
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "4GB",
}
"""What docs/operations.md advises for a database of this size."""
LOADING = {
    **SERVING,
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "16GB",
    "max_parallel_maintenance_workers": "2",
}


class Database:
    """The server with the made-up company, below `folder`."""

    def __init__(self, folder: Path, cases: int) -> None:
        from caseway.ops.embedded_postgres import EmbeddedPostgres

        self.folder = folder
        self.cases = cases
        self.mark = folder / "made.json"
        self.loading = EmbeddedPostgres(folder / "postgres", LOADING)
        self.serving = EmbeddedPostgres(folder / "postgres", SERVING)

    def prepare(self) -> dict[str, Any]:
        """Make it unless it is there, migrate it, start it for serving. Returns what was written down of it."""
        facts = self._facts()
        if facts is None:
            facts = self._make()
        self.serving.start()
        self._migrate()
        return facts

    def _facts(self) -> dict[str, Any] | None:
        if not self.mark.exists():
            return None
        facts: dict[str, Any] = json.loads(self.mark.read_text())
        return facts if (facts["version"], facts["cases"]) == (VERSION, self.cases) else None

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.serving.dsn,
            "CASEWAY_DATA": str(self.folder / "data"),
            "DJANGO_SETTINGS_MODULE": "caseway.ops.settings",
        }

    def _migrate(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "caseway.ops", "migrate"],
            env={**os.environ, **self.environment()}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _make(self) -> dict[str, Any]:
        print(
            f"making {self.cases:,} cases and {self.cases * MESSAGES_PER_CASE:,} messages in {self.folder}", flush=True
        )
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        (self.folder / "data").mkdir(exist_ok=True)
        self.mark.unlink(missing_ok=True)
        self.loading.remove()
        self.loading.start()
        self._migrate()
        os.environ.update(self.environment())
        import django

        django.setup()
        Maker(self.loading.dsn, self.cases).make()
        self.loading.stop()
        facts = {"version": VERSION, "cases": self.cases, "seconds": round(time.monotonic() - began)}
        self.mark.write_text(json.dumps(facts))
        return facts


class Maker:
    """Fills the empty database."""

    def __init__(self, dsn: str, cases: int) -> None:
        self.dsn = dsn
        self.cases = cases
        self.messages = cases * MESSAGES_PER_CASE
        self.contacts = max(100, cases * 3 // 20)
        self.customers = max(20, cases // 50)

    def make(self) -> None:
        with self._step("words"):
            self._words()
        with self._step("people"):
            self._company()
            self._contacts()
        with self._without_indexes("cases_case", "cases_message", "cases_event", "cases_participant",
                                   "cases_caseaddress", "cases_attachment", "cases_seen", "cases_searchdocument",
                                   "cases_searchcontact", "cases_nameword"):  # fmt: skip
            with self._step("cases"):
                self._cases()
            with self._step("messages"):
                self._each_range("bench_message", self._messages)
            with self._step("attachments, events, participants"):
                self._around()
            with self._step("words of messages, as the triggers make them"):
                self._each_range("cases_message", self._documents)
                self._search_contacts()
            began = time.monotonic()
        print(f"  {time.monotonic() - began:6.0f} s  indexes", flush=True)
        with self._step("VACUUM ANALYZE"):
            self._run("VACUUM ANALYZE", autocommit=True)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        print(f"  {time.monotonic() - began:6.0f} s  {name}", flush=True)

    def _run(self, *statements: str, autocommit: bool = False) -> None:
        with psycopg.connect(self.dsn, autocommit=autocommit) as connection:
            connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
            connection.execute("SET work_mem = '512MB'")
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    @contextmanager
    def _without_indexes(self, *tables: str) -> Iterator[None]:
        """Drop the indexes that belong to no constraint, and build them again at the end."""
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS ("
                "SELECT 1 FROM pg_constraint WHERE conname = indexname)",
                [list(tables)],
            ).fetchall()
            for name, _definition in found:
                connection.execute(f'DROP INDEX "{name}"')  # type: ignore[arg-type]
        yield
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(self._run, [definition for _name, definition in found]))

    def _each_range(self, table: str, statement: Any) -> None:
        """Run `statement(low, high)` for ranges of ids, some at once."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # type: ignore[arg-type]
        last = (row and row[0]) or 0
        size = max(1, min(500_000, last // (PROCESSES * 4) + 1))
        ranges = [(low, min(last, low + size - 1)) for low in range(1, last + 1, size)]
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(lambda bounds: self._run(*statement(*bounds)), ranges))

    def _words(self) -> None:
        words = vocabulary(60_000)
        with psycopg.connect(self.dsn) as connection:
            for table, values in (("word", words), ("first", FIRST), ("last", surnames(8_000))):
                connection.execute(f"CREATE UNLOGGED TABLE bench_{table} (id int PRIMARY KEY, word text)")  # type: ignore[arg-type]
                with connection.cursor() as cursor, cursor.copy(f"COPY bench_{table} FROM STDIN") as copy:  # type: ignore[arg-type]
                    for number, word in enumerate(values):
                        copy.write_row((number, word))
        count = min(SENTENCES, max(2_000, self.messages // 4))
        zipf = f"floor(exp(random() * ln({len(words)})))::int - 1"
        self._run(
            f"""CREATE UNLOGGED TABLE bench_sentence AS
                SELECT place / 9 AS id, upper(left(string_agg(word, ' '), 1)) || substr(string_agg(word, ' '), 2) || '.'
                    AS text
                FROM (SELECT place, {zipf} AS wanted FROM generate_series(0, {count} * 9 - 1) AS place) AS drawn
                JOIN bench_word ON bench_word.id = wanted GROUP BY place / 9""",
            "CREATE UNIQUE INDEX ON bench_sentence (id)",
            "ANALYZE bench_sentence",
            f"""CREATE UNLOGGED TABLE bench_subject AS
                SELECT place / 5 AS id, upper(left(string_agg(word, ' '), 1)) || substr(string_agg(word, ' '), 2) AS text
                FROM (SELECT place, {zipf.replace("random()", "(0.35 + 0.65 * random())")} AS wanted
                      FROM generate_series(0, 50000 * 5 - 1) AS place) AS drawn
                JOIN bench_word ON bench_word.id = wanted GROUP BY place / 5""",
            "CREATE UNIQUE INDEX ON bench_subject (id)",
        )
        self.sentences = count

    def _company(self) -> None:
        from caseway.accounts.models import Employee, Organisation, Role, Team
        from caseway.accounts.scope import every_organisation
        from caseway.cases.models import CaseType, SavedView, Tag
        from caseway.mailboxes.models import Mailbox, SupportAddress

        with every_organisation():
            organisation = Organisation.objects.create(name="Bench", slug="bench")
            for number in range(40):
                name = f"{FIRST[number]} {surnames(60)[number + 12]}"
                role = Role.ADMINISTRATOR if number == 12 else Role.AGENT
                Employee.objects.create_employee(organisation, f"agent{number}@bench.example", name, role, None)
            for name in ("Returns", "Billing", "Guides", "Wholesale", "Repairs"):
                Team.objects.create(organisation=organisation, name=name)
            for name in ("Question", "Refund", "Complaint", "Order", "Repair", "Other"):
                CaseType.objects.create(organisation=organisation, name=name)
            for number in range(40):
                Tag.objects.create(organisation=organisation, name=f"tag-{number}")
            mailbox = Mailbox.objects.create(
                organisation=organisation, address="support@bench.example", login="support@bench.example",
                imap_host="imap.bench.example",
            )  # fmt: skip
            for local in ("support", "billing", "orders"):
                SupportAddress.objects.create(
                    organisation=organisation, mailbox=mailbox, address=f"{local}@bench.example",
                    is_default=local == "support", from_email_id=True,
                )  # fmt: skip
            SavedView.objects.create(
                organisation=organisation, employee=Employee.objects.order_by("pk")[0], name="Urgent refunds",
                is_shared=True, filters={"status": ["new", "open"], "priority": ["urgent", "high"], "type": ["Refund"]},
            )  # fmt: skip
            self.organisation = organisation.pk
            self.employees = list(Employee.objects.order_by("pk").values_list("pk", flat=True))
            self.teams = list(Team.objects.order_by("pk").values_list("pk", flat=True))

    def _contacts(self) -> None:
        organisation = self.organisation
        name = (
            "(SELECT word FROM bench_first WHERE id = (hashint4(n) & 1023) % (SELECT count(*) FROM bench_first)) || ' '"
            " || (SELECT word FROM bench_last WHERE id = floor(exp((hashint4(n + 7) & 65535) / 65536.0 * ln(8000)))::int - 1)"
        )
        with psycopg.connect(self.dsn) as connection:
            number = "n"
            connection.execute("SET session_replication_role = replica")
            self._insert(connection, "contacts_customer", {
                "id": number, "organisation_id": organisation,
                "name": "initcap((SELECT word FROM bench_word WHERE id = 300 + n % 50000)) || ' ' || "
                        "(ARRAY['Guides','Rentals','Outdoor','Tours','Sports','Travel'])[1 + n % 6]",
                "domain": "(SELECT word FROM bench_word WHERE id = 300 + n % 50000) || n || '.example'",
            }, f"generate_series(1, {self.customers}) AS n")  # fmt: skip
            connection.execute(f"CREATE UNLOGGED TABLE bench_contact AS SELECT n AS id, {name} AS name, "  # type: ignore[arg-type]
                               f"CASE WHEN n % 2 = 0 THEN 1 + n % {self.customers} END AS customer_id "
                               f"FROM generate_series(1, {self.contacts}) AS n")  # fmt: skip
            connection.execute("ALTER TABLE bench_contact ADD COLUMN email text")
            connection.execute("UPDATE bench_contact SET email = lower(replace(name, ' ', '.')) || id || '@' || "
                               "coalesce((SELECT domain FROM contacts_customer c WHERE c.id = customer_id), 'mail.example')")  # fmt: skip
            connection.execute("CREATE UNIQUE INDEX ON bench_contact (id)")
            self._insert(connection, "contacts_contact", {
                "id": "c.id", "organisation_id": organisation, "name": "c.name", "customer_id": "c.customer_id",
                "last_message_at": "now() - random() * interval '1000 days'",
            }, "bench_contact AS c")  # fmt: skip
            self._insert(connection, "contacts_contactaddress", {
                "id": "c.id", "organisation_id": organisation, "contact_id": "c.id", "email": "c.email",
                "key": "c.email", "receives_mail": "true",
            }, "bench_contact AS c")  # fmt: skip

    def _cases(self) -> None:
        n = self.cases
        age = f"(1 - (n - random()) / {n}.0) * 1095"  # days; the latest case is of today
        people = f"(ARRAY{self.employees})[1 + floor(exp(random() * ln({len(self.employees)})))::int % {len(self.employees)}]"
        teams = f"(ARRAY{self.teams})[1 + n % {len(self.teams)}]"
        self._run(
            f"""CREATE UNLOGGED TABLE bench_case AS
                SELECT n AS id, now() - age * interval '1 day' AS created_at, age,
                    CASE WHEN random() < exp(-age / 12) + 0.002 THEN
                        (ARRAY['new','open','open','waiting'])[1 + floor(random() * 4)::int] ELSE 'closed' END AS status,
                    1 + floor({self.contacts} * power(random(), 2))::int AS contact_id,
                    floor(random() * 50000)::int AS subject_id,
                    CASE WHEN n % {max(1, n // 40)} = 3 AND age > 2 THEN 200
                         ELSE 1 + floor(-ln(1 - random() * 0.999) * 4.5)::int END AS messages,
                    random() AS dice
                FROM (SELECT n, greatest(0.01, {age}) AS age FROM generate_series(1, {n}) AS n) AS aged""",
            "ANALYZE bench_case",
        )
        with psycopg.connect(self.dsn) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET work_mem = '512MB'")
            self._insert(connection, "cases_case", {
                "id": "n.id", "organisation_id": self.organisation, "number": "n.id", "subject": "s.text",
                "description": "s.text", "status": "n.status",
                "priority": "(ARRAY['normal','normal','normal','normal','normal','normal','low','high','high','urgent'])"
                            "[1 + floor(n.dice * 10)::int]",
                "type": "(ARRAY['Question','Refund','Complaint','Order','Repair',''])[1 + n.id % 6]",
                "source": "'email'",
                "tags": "CASE WHEN n.dice < 0.4 THEN ARRAY['tag-' || (n.id % 40), 'tag-' || (n.id / 7 % 13)] ELSE '{}' END",
                "assigned_employee_id": f"CASE WHEN n.dice < 0.88 THEN {people.replace('1 + n %', '1 + n.id %')} END",
                "assigned_team_id": f"CASE WHEN n.dice BETWEEN 0.88 AND 0.95 THEN {teams.replace('n %', 'n.id %')} END",
                "contact_id": "n.contact_id", "customer_id": "c.customer_id", "email": "c.email",
                "preview": "s.text || ' ' || t.text", "has_attachment": "n.id % 9 = 0",
                "need_by": "CASE WHEN n.id % 23 = 0 THEN (n.created_at + interval '5 days')::date END",
                "is_snoozed": "n.status <> 'closed' AND n.id % 31 = 0",
                "snoozed_until": "CASE WHEN n.status <> 'closed' AND n.id % 31 = 0 THEN now() + interval '3 days' END",
                "received_at": "n.created_at", "created_at": "n.created_at",
                "modified_at": "least(now(), n.created_at + n.dice * n.messages * interval '8 hours')",
                "closed_at": "CASE WHEN n.status = 'closed' THEN n.created_at + interval '2 days' END",
                "deleted_at": "CASE WHEN n.id % 97 = 0 THEN n.created_at + interval '3 days' END",
            }, "bench_case AS n JOIN bench_contact AS c ON c.id = n.contact_id "
               "JOIN bench_subject AS s ON s.id = n.subject_id "
               f"JOIN bench_sentence AS t ON t.id = n.id % {self.sentences}")  # fmt: skip
        self._run(
            f"INSERT INTO cases_casecounter (organisation_id, next) VALUES ({self.organisation}, {n + 1})",
            f"SELECT setval(pg_get_serial_sequence('cases_case', 'id'), {n + 1})",
            """CREATE UNLOGGED TABLE bench_message AS
               SELECT row_number() OVER (ORDER BY created_at) AS id, * FROM (
                   SELECT n.id AS case_id, place, n.contact_id, n.subject_id,
                       CASE WHEN place = 1 THEN 'in' WHEN random() < 0.1 THEN 'note'
                            WHEN place % 2 = 0 THEN 'out' ELSE 'in' END AS direction,
                       least(now() - random() * interval '1 hour',
                             n.created_at + (place - 1) * (0.5 + random()) * interval '8 hours') AS created_at
                   FROM bench_case AS n, generate_series(1, n.messages) AS place) AS drawn""",
            "CREATE UNIQUE INDEX ON bench_message (id)",
            "ANALYZE bench_message",
        )

    def _messages(self, low: int, high: int) -> list[str]:
        people = f"(ARRAY{self.employees})[1 + m.case_id % {len(self.employees)}]"
        text = (
            "'Hello,' || chr(10) || chr(10) || a.text || ' ' || b.text || chr(10) || 'Order ' || (10000 + m.case_id * 7 % 900000)"
            " || ', ' || w.word || '. ' || d.text || CASE WHEN m.id % 3 = 0 THEN ' ' || e.text ELSE '' END || chr(10) || chr(10) || split_part(c.name, ' ', 1)"
        )
        count = self.sentences
        source = (
            "bench_message AS m JOIN bench_contact AS c ON c.id = m.contact_id "
            "JOIN bench_subject AS s ON s.id = m.subject_id "
            f"JOIN bench_sentence AS a ON a.id = m.id * 31 % {count} JOIN bench_sentence AS b ON b.id = m.id * 17 / 3 % {count} "
            f"JOIN bench_sentence AS d ON d.id = m.id * 13 / 7 % {count} JOIN bench_sentence AS e ON e.id = m.id * 11 / 5 % {count} "
            "JOIN bench_word AS w ON w.id = 20000 + (m.id * 37 % 40000) "
            f"WHERE m.id BETWEEN {low} AND {high} ORDER BY m.id"
        )
        ours = '\'[["Support", "support@bench.example"]]\'::jsonb'
        theirs = "jsonb_build_array(jsonb_build_array(c.name, c.email))"
        is_in = "m.direction = 'in'"
        return [self._statement("cases_message", {
            "id": "m.id", "organisation_id": self.organisation, "case_id": "m.case_id", "direction": "m.direction",
            "contact_id": f"CASE WHEN {is_in} THEN m.contact_id END",
            "employee_id": f"CASE WHEN NOT {is_in} THEN {people} END",
            "from_name": f"CASE WHEN {is_in} THEN c.name ELSE 'Support' END",
            "from_email": f"CASE WHEN {is_in} THEN c.email ELSE 'support@bench.example' END",
            "to": f"CASE WHEN m.direction = 'note' THEN '[]'::jsonb WHEN {is_in} THEN {ours} ELSE {theirs} END",
            "subject": "CASE WHEN m.place > 1 THEN 'Re: ' ELSE '' END || s.text",
            "message_identifier": "CASE WHEN m.direction = 'note' THEN '' ELSE 'm' || m.id || '@bench.example' END",
            "references": "CASE WHEN m.place > 1 THEN ARRAY['m' || m.case_id || '.0@bench.example'] ELSE '{}' END",
            "text": text, "new_text": text, "sent_at": "m.created_at", "created_at": "m.created_at",
        }, source)]  # fmt: skip

    def _around(self) -> None:
        organisation = self.organisation
        with psycopg.connect(self.dsn) as connection:
            connection.execute("SET session_replication_role = replica")
            self._insert(connection, "cases_attachment", {
                "organisation_id": organisation, "message_id": "m.id", "part": "2",
                "name": "w.word || '-' || m.id || (ARRAY['.pdf','.jpg','.png','.docx'])[1 + m.id % 4]",
                "content_type": "'application/pdf'", "size": "10000 + m.id % 100000",
            }, "bench_message AS m JOIN bench_word AS w ON w.id = m.id % 5000 WHERE m.place = 1 AND m.case_id % 9 = 0")  # fmt: skip
            for kind, data, condition in (
                ("created", '{"by": "email", "through": "support@bench.example"}', "true"),
                ("assigned", '{"employee": "Maya", "team": ""}', "true"),
                ("status", '{"before": "open", "after": "closed"}', "n.status = 'closed'"),
            ):
                self._insert(connection, "cases_event", {
                    "organisation_id": organisation, "case_id": "n.id", "kind": f"'{kind}'",
                    "data": f"'{data}'::jsonb", "created_at": "n.created_at",
                }, f"bench_case AS n WHERE {condition}")  # fmt: skip
            self._insert(connection, "cases_participant", {
                "organisation_id": organisation, "case_id": "n.id", "key": "c.email", "email": "c.email",
                "name": "c.name",
            }, "bench_case AS n JOIN bench_contact AS c ON c.id = n.contact_id")  # fmt: skip
            self._insert(connection, "cases_caseaddress", {
                "organisation_id": organisation, "case_id": "n.id",
                "support_address_id": "(SELECT min(id) FROM mailboxes_supportaddress) + n.id % 3",
            }, "bench_case AS n")  # fmt: skip
            self._insert(connection, "cases_seen", {
                "organisation_id": organisation, "case_id": "n.id", "employee_id": "e.id",
                "seen_at": "n.created_at + interval '3 hours'",
            }, "bench_case AS n JOIN accounts_employee AS e ON e.id % 10 = n.id % 10 "
               "WHERE n.age < 200 AND n.dice < 0.8")  # fmt: skip
            connection.execute(
                "SELECT setval(pg_get_serial_sequence('cases_message', 'id'), (SELECT max(id) FROM cases_message))"
            )

    def _documents(self, low: int, high: int) -> list[str]:
        return [
            f"""INSERT INTO cases_searchdocument (id, organisation_id, case_id, moment, words)
            SELECT m.id, m.organisation_id, m.case_id, m.created_at, caseway_words(
                caseway_prefix(m.organisation_id, m.created_at), m.subject, m.from_name || ' ' || m.from_email,
                m."to"::text || ' ' || m.cc::text, coalesce(a.name, '') || ' ' || m.new_text)
            FROM cases_message AS m LEFT JOIN cases_attachment AS a ON a.message_id = m.id
            WHERE m.id BETWEEN {low} AND {high} ORDER BY m.id"""
        ]

    def _search_contacts(self) -> None:
        self._run(
            """INSERT INTO cases_searchcontact (id, organisation_id, words)
               SELECT one.id, one.organisation_id, caseway_words(to_hex(one.organisation_id) || '.c.', one.name, b.email,
                   coalesce(customer.name, ''), '')
               FROM contacts_contact AS one JOIN bench_contact AS b ON b.id = one.id
               LEFT JOIN contacts_customer AS customer ON customer.id = one.customer_id""",
            f"""INSERT INTO cases_nameword (organisation_id, word)
               SELECT DISTINCT {self.organisation}, word FROM (
                   SELECT regexp_split_to_table(lower(name), '\\W+') AS word FROM contacts_contact
                   UNION SELECT regexp_split_to_table(lower(name), '\\W+') FROM contacts_customer) AS words
               WHERE length(word) BETWEEN 4 AND 60""",
        )

    def _insert(self, connection: psycopg.Connection[Any], table: str, values: dict[str, Any], source: str) -> None:
        connection.execute(self._statement(table, values, source))  # type: ignore[arg-type]

    def _statement(self, table: str, values: dict[str, Any], source: str) -> str:
        """INSERT … SELECT; columns that are not named get what their model says."""
        from django.apps import apps

        model = next(model for model in apps.get_models() if model._meta.db_table == table)
        columns = {column: str(expression) for column, expression in values.items()}
        for field in model._meta.concrete_fields:
            if field.column in columns or field.null or field.primary_key:
                continue
            columns[field.column] = _literal(field)
        names = ", ".join(f'"{column}"' for column in columns)
        return f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} FROM {source}"


def _literal(field: Any) -> str:
    """A field's default as SQL."""
    default = field.get_default()
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return "now()"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int):
        return str(default)
    if kind == "ArrayField":
        return "'{}'"
    if kind == "JSONField":
        return f"'{json.dumps(default)}'::jsonb"
    return "''" if default in (None, "") else "'" + str(default).replace("'", "''") + "'"
