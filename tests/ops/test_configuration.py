"""Settings are read as what they are, and a mistake is named."""

import pytest

from caseway.ops.configuration import ACKNOWLEDGEMENTS_PER_HOUR, ConfigurationError


def test_limits_that_are_left_out_keep_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR", "mailbox=2000, domain=50")
    assert ACKNOWLEDGEMENTS_PER_HOUR.numbers() == {"address": 10, "domain": 50, "mailbox": 2000}


@pytest.mark.parametrize("text", ["10", "sender=10", "address=ten", "address=-1", "address="])
def test_a_limit_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR", text)
    with pytest.raises(ConfigurationError, match="CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR must look like"):
        ACKNOWLEDGEMENTS_PER_HOUR.numbers()
