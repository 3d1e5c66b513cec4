"""Settings of what cases are made of: types, tags, fields of the organisation's own, teams."""
