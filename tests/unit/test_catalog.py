"""The structure of the database, as `holdfast check` compares it."""

from holdfast.upkeep.catalog import differences

INDEX = "index reservations.ix_start"


def test_parentheses_that_versions_of_postgresql_print_differently_are_no_difference() -> None:
    old = {INDEX: "CREATE INDEX ix_start ON reservations USING btree (((start_time AT TIME ZONE 'UTC'::text)))"}
    new = {INDEX: "CREATE INDEX ix_start ON reservations USING btree ((start_time AT TIME ZONE 'UTC'::text))"}
    assert differences(new, old) == differences(old, new) == []


def test_an_expression_that_is_grouped_otherwise_is_another() -> None:
    one = {INDEX: "CREATE INDEX ix_start ON reservations USING btree (id) WHERE ((a OR b) AND c)"}
    other = {INDEX: "CREATE INDEX ix_start ON reservations USING btree (id) WHERE (a OR (b AND c))"}
    assert len(differences(one, other)) == 1
