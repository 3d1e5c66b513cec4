"""`/contacts`: the people who write to us, found, made and changed."""

from __future__ import annotations

from ninja import Query as FromQuery
from ninja import Router
from ninja.responses import Status as Answered

from caseway.api import case_json, contact_rows, found, paging, repeats
from caseway.api.authentication import ApiRequest, require_writer
from caseway.api.schemas.base import Id
from caseway.api.schemas.contacts import (
    ContactAddressAnswer,
    ContactAnswer,
    ContactChange,
    ContactInList,
    ContactList,
    ContactQuery,
    NewContact,
)
from caseway.cases import lists as case_lists
from caseway.cases.models import Case
from caseway.contacts import lists
from caseway.contacts.models import Contact

router = Router(tags=["Contacts"], by_alias=True)


@router.get("", response=ContactList, summary="List contacts", url_name="contacts")
def list_contacts(request: ApiRequest, filters: FromQuery[ContactQuery]) -> ContactList:
    """Contacts by name, 50 on a page; `search` looks in names, addresses and companies."""
    organisation = request.auth.organisation_id
    if filters.email:
        one = Contact.objects.with_address(organisation, filters.email)
        return ContactList(items=[in_list(one)] if one else [], next=None)
    key = paging.unseal(filters.after) if filters.after else ""
    if key and not key.rpartition("\n")[2].isdecimal():
        raise paging.bad_cursor()
    page = lists.page(organisation, filters.search, key, filters.size)
    return ContactList(items=[in_list(row) for row in page.rows], next=paging.seal(page.next) or None)


@router.post("", response={201: ContactAnswer}, summary="Create a contact", url_name="create-contact")
def create_contact(
    request: ApiRequest, new: NewContact, idempotency_key: repeats.KeyHeader = ""
) -> Answered[ContactAnswer]:
    """A person outside. An address that another contact has already is refused (409): it would be the same person."""
    require_writer(request)
    made = repeats.once(request, idempotency_key, new, lambda: contact_rows.create(request, new).pk)
    return Answered(201, _whole(request, made))


@router.get("/{contact_id}", response=ContactAnswer, summary="Get a contact", url_name="contact")
def get_contact(request: ApiRequest, contact_id: Id) -> ContactAnswer:
    """A contact with addresses and the latest cases."""
    return _whole(request, contact_id)


@router.patch("/{contact_id}", response=ContactAnswer, summary="Change a contact", url_name="change-contact")
def change_contact(request: ApiRequest, contact_id: Id, change: ContactChange) -> ContactAnswer:
    """Fields that are given are set; the others stay as they are. `emails` replaces all addresses."""
    require_writer(request)
    contact_rows.change(request, found.contact(request, contact_id), change)
    return _whole(request, contact_id)


def in_list(row: Contact) -> ContactInList:
    """A row of a list."""
    return ContactInList(
        id=row.pk,
        name=row.name,
        addresses=[
            ContactAddressAnswer(
                email=address.email,
                receives_mail=address.receives_mail,
                bounced_at=address.bounced_at,
                bounce_reason=address.bounce_reason,
            )
            for address in row.sorted_addresses
        ],
        customer=case_json.named(row.customer),
        job_title=row.job_title,
        phone=row.phone,
        is_blocked=row.is_blocked,
        source=row.source,
        created_at=row.created_at,
        modified_at=row.modified_at,
        last_message_at=row.last_message_at,
    )


def _whole(request: ApiRequest, contact_id: int) -> ContactAnswer:
    row = found.contact(request, contact_id)
    cases = Case.objects.visible_to(request.auth).filter(contact=row)
    return ContactAnswer(
        **in_list(row).model_dump(),
        notes=row.notes,
        cases=[case_json.in_list(case) for case in case_lists.page(cases, related=("created_by", "modified_by")).rows],
    )
