"""Contacts, their addresses, and the companies they belong to."""
