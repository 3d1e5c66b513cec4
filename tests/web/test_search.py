"""The page of results and the palette's suggestions, as the server makes them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from caseway.accounts.models import Heartbeat
from caseway.cases.models import SavedView
from caseway.intake.models import InboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


@pytest.fixture
def maya(company: Company, arrive: Arrive) -> Client:
    arrive(mail(subject="<b>Tent</b> pole snapped", text='A <script>alert("x")</script> pole & rope'))
    arrive(mail(sender="Ana Duarte <ana@duarte.example>", subject="Charged twice"))
    client = Client()
    client.force_login(company.maya)
    return client


def test_results_are_marked_and_escaped(maya: Client) -> None:
    page = maya.get("/search", {"q": "pole"}).content.decode()
    assert "&lt;b&gt;Tent&lt;/b&gt; <mark>pole</mark> snapped" in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; <mark>pole</mark> &amp; rope" in page
    assert "<script>alert" not in page
    assert "#message-" in page


def test_operators_become_chips_that_can_be_taken_away(maya: Client) -> None:
    page = maya.get("/search", {"q": "pole status:new assignee:me"}).content.decode()
    assert "Search without Status: New" in page
    assert 'href="/search?q=pole%20assignee%3Ame"' in page
    assert "CW-1" in page


def test_what_is_not_understood_is_said_in_a_sentence(maya: Client) -> None:
    page = maya.get("/search", {"q": "pole colour:red before:soon"}).content.decode()
    assert "“colour:” is not something that can be filtered by." in page
    assert "“soon” is not a date." in page


def test_contacts_are_offered_too(maya: Client) -> None:
    page = maya.get("/search", {"q": "duarte"}).content.decode()
    assert 'class="personchip"' in page
    assert "Ana Duarte" in page


@pytest.mark.parametrize("q", ["", "nothinglikethis", "'", "%", "in:trash", "x" * 5000, "\0", "status:", "-", '"'])
def test_every_search_has_a_page(maya: Client, q: str) -> None:
    assert maya.get("/search", {"q": q}).status_code == 200
    assert maya.get("/search/suggestions", {"q": q}).status_code == 200


def test_nothing_found_says_what_to_do(maya: Client) -> None:
    page = maya.get("/search", {"q": "nothinglikethis"}).content.decode()
    assert "No case matches “nothinglikethis”" in page
    assert "Search the trash" in page


def test_suggestions_are_options(maya: Client, company: Company) -> None:
    SavedView.objects.create(organisation=company.organisation, employee=company.dana, name="Poles", is_shared=True)
    SavedView.objects.create(organisation=company.organisation, employee=company.dana, name="Poles of Dana")
    page = maya.get("/search/suggestions", {"q": "po"}).content.decode()
    assert page.count('role="option"') == 3
    assert 'data-href="/cases/1#message-' in page
    assert "Poles" in page and "Poles of Dana" not in page
    page = maya.get("/search/suggestions", {"q": "ana"}).content.decode()
    assert "<mark>Ana</mark> Duarte</bdi></span><small>Contact" in page


def test_strangers_are_sent_to_sign_in(maya: Client) -> None:
    for path in ("/search", "/search/suggestions"):
        assert Client().get(path, {"q": "pole"}).status_code == 302


@pytest.mark.parametrize("path", ["/search", "/search/suggestions"])
@pytest.mark.parametrize(
    "q", ["pole", "parkr", "assignee:dana team:x tag:y type:z pole", "status:new", "CW-1", "a@b.example", "-tag:x pole"]
)
def test_a_search_asks_at_most_twelve_queries(
    maya: Client, path: str, q: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Heartbeat.objects.create(kind="worker", name="one", seen_at=timezone.now())  # as in every installation that runs
    with django_assert_max_num_queries(12):
        maya.get(path, {"q": q})
