"""Who works here: organisations, employees, teams, and the tokens that stand for an employee."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.plans import Plan


class Organisation(models.Model):
    """A company that uses Caseway. Every row belongs to one; nothing is shared between two."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    plan = models.CharField(max_length=20, choices=Plan.choices, default=Plan.ENTERPRISE)
    one_case_per_message = models.BooleanField(
        default=True, help_text="One mail to two of our addresses makes one case; off: one for each."
    )
    reopen_days = models.PositiveIntegerField(
        default=14, help_text="A reply to a case closed for longer than this opens a linked new case."
    )
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    AGENT = "agent", _("Agent")
    LIGHT_AGENT = "light_agent", _("Light agent")


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def active(self) -> Self:
        """Those who can sign in and be assigned cases."""
        return self.filter(is_active=True)


class EmployeeManager(BaseUserManager["Employee"]):
    def get_queryset(self) -> EmployeeQuerySet:
        return EmployeeQuerySet(self.model, using=self._db)

    def active(self) -> EmployeeQuerySet:
        return self.get_queryset().active()

    def get_by_natural_key(self, username: str | None) -> Employee:
        return self.get(email__iexact=username or "")

    def create_employee(
        self, organisation: Organisation, email: str, name: str, role: str, password: str | None = None
    ) -> Employee:
        """A new employee; without a password one that has to be invited before signing in."""
        employee = self.model(organisation=organisation, email=email.strip(), name=name.strip(), role=role)
        employee.set_password(password)
        employee.save(using=self._db)
        return employee


class Employee(AbstractBaseUser):
    """A person who works in the workspace. Signs in by email address and password."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="employees")
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=10, blank=True, help_text="light, dark, or empty: as the system")
    has_shortcuts = models.BooleanField(default=True, help_text="Single keys do something (WCAG 2.1.4)")
    notices: models.JSONField[Any, Any] = models.JSONField(
        default=dict, blank=True, help_text="NotificationKind to the ways of telling: ['workspace', 'browser', 'email']"
    )
    invited_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[EmployeeManager] = EmployeeManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="employee_email_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["organisation", "name"])]

    def __str__(self) -> str:
        return self.name

    @property
    def is_administrator(self) -> bool:
        return self.is_active and self.role == Role.ADMINISTRATOR

    @property
    def may_write(self) -> bool:
        """Answers customers and changes cases; a light agent reads and notes."""
        return self.is_active and self.role in {Role.ADMINISTRATOR, Role.AGENT}

    @property
    def is_invited(self) -> bool:
        """Has been invited and has not yet chosen a password."""
        return not self.has_usable_password()

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def initials(self) -> str:
        """At most two letters for the avatar."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


class Team(models.Model):
    """Employees that share work. A case is assigned to an employee or to a team."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=100)
    members = models.ManyToManyField(Employee, through="TeamMembership", related_name="teams")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("organisation", Lower("name"), name="team_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMembership(models.Model):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["team", "employee"], name="team_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.employee} in {self.team}"


class ApiToken(models.Model):
    """A bearer token that acts as one employee. Only its hash is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash_of(token: str) -> str:
        """Hex SHA-256. The tokens are long and random, so a slow hash would protect nothing more."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, employee: Employee, name: str, token: str = "") -> str:
        """Make a token for the employee and return it: the one time that it can be read."""
        token = token or "cw_" + secrets.token_urlsafe(32)
        values: dict[str, Any] = {"employee": employee, "organisation_id": employee.organisation_id, "name": name}
        cls.objects.update_or_create(hash=cls.hash_of(token), defaults=values)
        return token


class Heartbeat(models.Model):
    """A process of the installation that is alive: worker, watcher. Belongs to no organisation."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    seen_at = models.DateTimeField(default=timezone.now)
    free_bytes = models.BigIntegerField(null=True, help_text="Room on the disk where it keeps mail")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "name"], name="heartbeat_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @classmethod
    def beat(cls, kind: str, name: str, free_bytes: int | None = None) -> None:
        """Write down that this process lives; those that were killed a day ago are forgotten."""
        values = {"seen_at": Now(), "free_bytes": free_bytes}
        cls.objects.update_or_create(kind=kind, name=name, defaults=values)
        cls.objects.filter(seen_at__lt=Now() - timedelta(days=1)).delete()
