"""What all schemas share: which fields may come in, and the values that stand in several of them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

LARGEST_ID = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST_ID, examples=[7])]


class Answer(BaseModel):
    """What goes out. Made by a function that names every field, never from a row as it stands."""


class Input(BaseModel):
    """What comes in: the fields named in the schema and no others."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def refuse_what_cannot_be_stored(cls, data: Any) -> Any:
        """PostgreSQL keeps neither NUL nor half a surrogate pair; better said here than failed there."""
        if place := _unstorable(data):
            raise ValueError(f"{place} holds a NUL or a lone surrogate character; remove it.")
        return data


class Query(Input):
    """Filters of a list. A misspelt filter is refused, for ignoring it would answer another question."""

    after: str = Field("", max_length=500, description="`next` of the page before", examples=[""])
    size: int = Field(50, ge=1, le=200, description="Rows on a page", examples=[50])

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown_filters(cls, data: Any, info: ValidationInfo) -> Any:
        """The framework hands on the fields it knows, so the request itself has to be asked."""
        request = (info.context or {}).get("request")
        unknown = sorted(set(request.GET) - set(cls.model_fields)) if request is not None else []
        if unknown:
            raise ValueError(f"There is no filter {', '.join(unknown)}. Filters: {', '.join(cls.model_fields)}.")
        return data


class AddressAnswer(Answer):
    """One address of an email header."""

    name: str = Field(examples=["Parker Ehlers"])
    email: str = Field(examples=["parker@ehlers.example"])

    @classmethod
    def of_pairs(cls, pairs: list[list[str]]) -> list[Self]:
        return [cls(name=name, email=email) for name, email in pairs]


class Named(Answer):
    """Something with an id and a name."""

    id: int = Field(examples=[7])
    name: str = Field(examples=["Parker Ehlers"])


def _unstorable(data: Any, place: str = "The request") -> str:
    """Where the first text lies that PostgreSQL cannot keep; '' when there is none."""
    waiting: list[tuple[str, Any]] = [(place, data)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, str) and not _is_storable(value):
            return where
        if isinstance(value, dict):
            waiting.extend((str(key), child) for key, child in value.items())
        elif isinstance(value, list):
            waiting.extend((where, child) for child in value)
    return ""


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
