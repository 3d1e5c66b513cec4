"""Walls between organisations: the plain database role and the row-level security policies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations import RunSQL


def policy(table: str, column: str = "organisation_id") -> RunSQL:
    """A migration step that puts a wall around `table`: its rows exist in their organisation's scope only."""
    rule = (
        f"current_setting('caseway.organisation', true) = '*' "
        f"OR {column} = nullif(nullif(current_setting('caseway.organisation', true), ''), '*')::bigint"
    )
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY organisation_wall ON {table} USING ({rule}) WITH CHECK ({rule});",
        f"DROP POLICY organisation_wall ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def policy_but_for_owner(table: str, column: str = "organisation_id") -> RunSQL:
    """The same wall for everybody but the table's owner.

    For what functions of the owner read through indexes that PostgreSQL does not use behind a wall. Such a function
    (SECURITY DEFINER) has to keep to the organisation of the scope by itself.
    """
    wall = policy(table, column)
    return RunSQL(f"{wall.sql}\nALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;", wall.reverse_sql)


CREATE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
        GRANT {role} TO current_user;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
"""


def create_role() -> RunSQL:
    """A migration step that makes the application's role where it is missing; databases share a server's roles."""
    return RunSQL(CREATE_ROLE.format(role=settings.CASEWAY_DATABASE_ROLE), RunSQL.noop)


def grant_to_application(using: str, **_: Any) -> None:
    """After a migration: the application's role may use every table and sequence, and change no structure."""
    connection = connections[using]
    role = settings.CASEWAY_DATABASE_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (role,):
            return  # a test's flush ends here too, without the owner's rights
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone():
            cursor.execute(
                f"GRANT USAGE ON SCHEMA public TO {role};"
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
                f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};"
            )
