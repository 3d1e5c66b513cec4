"""Tags. A case holds the names of its tags, so renaming or merging a tag changes its cases."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models import Tag
from caseway.cases.setup.rights import SetupError, clean_name, rename_in_views, require_administrator, require_free

LONGEST = 60
HUES = range(12)


def tags_of(organisation: Organisation | int, *, with_retired: bool = False) -> list[Tag]:
    """By the alphabet; retired ones, when asked for, at the end."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    rows = Tag.objects.filter(organisation_id=number)
    return list((rows if with_retired else rows.filter(is_active=True)).order_by("-is_active", Lower("name")))


def hues_of(organisation: Organisation | int) -> dict[str, int]:
    """The hue of each tag that has one, by name: one query for a page full of tags."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    rows = Tag.objects.filter(organisation_id=number, hue__isnull=False)
    return {name: hue for name, hue in rows.values_list("name", "hue") if hue is not None}


def add_tag(organisation: Organisation, name: str, *, hue: int | None = None, by: Employee) -> Tag:
    """SetupError when there is one of that name, or when the name holds a comma, which separates tags."""
    require_administrator(by)
    name = _clean(name)
    require_free(Tag.objects.filter(organisation=organisation), name)
    return Tag.objects.create(organisation=organisation, name=name, hue=_hue(hue))


def change_tag(row: Tag, *, name: str, hue: int | None, by: Employee) -> int:
    """Name and hue, also on its cases and in saved views. Returns how many cases it was renamed on."""
    require_administrator(by)
    name = _clean(name)
    require_free(Tag.objects.filter(organisation_id=row.organisation_id).exclude(pk=row.pk), name)
    before, row.name, row.hue = row.name, name, _hue(hue)
    with transaction.atomic():
        row.save(update_fields=["name", "hue"])
        return 0 if before == name else _replace(row.organisation_id, before, name)


def merge_tags(row: Tag, into: Tag, *, by: Employee) -> int:
    """Cases that have `row` have `into` instead, and `row` is gone. Returns how many cases it was on."""
    require_administrator(by)
    if row.pk == into.pk or row.organisation_id != into.organisation_id:
        raise SetupError(_("Choose another tag to merge it into."))
    with transaction.atomic():
        changed = _replace(row.organisation_id, row.name, into.name)
        row.delete()
        return changed


def retire_tag(row: Tag, *, by: Employee, is_active: bool = False) -> None:
    """Offered no more, or with `is_active` offered again."""
    require_administrator(by)
    row.is_active = is_active
    row.save(update_fields=["is_active"])


def _clean(text: str) -> str:
    name = clean_name(text, LONGEST)
    if "," in name:
        raise SetupError(_("A tag cannot hold a comma, which separates tags. Leave it out."))
    return name


def _hue(hue: int | None) -> int | None:
    if hue is not None and hue not in HUES:
        raise SetupError(_("This colour does not exist. Choose one of the list."))
    return hue


def _replace(organisation_id: int, before: str, after: str) -> int:
    """On every case, in one statement; a case that has both keeps one."""
    rename_in_views(organisation_id, "tag", before, after)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET tags = CASE WHEN %s = ANY(tags) THEN array_remove(tags, %s)"
            " ELSE array_replace(tags, %s, %s) END WHERE organisation_id = %s AND tags @> ARRAY[%s]::varchar[]",
            [after, before, before, after, organisation_id, before],
        )
        return int(cursor.rowcount)
