"""Fields of a record: what of it goes before the rest, as planned and as explained."""

import msgspec

from pipeline.documents import Envelope
from pipeline.events import Field
from pipeline.identifiers import Cause, CommandId, EventId, StoreName
from pipeline.instants import DAY, MAX_INSTANT, Instant
from pipeline.records import (
    MAX_VALUES,
    FieldCategory,
    Issued,
    Record,
    applied,
    categories_by_field,
    pruned,
)
from pipeline.rules import Plan
from tests.ledger.looks import known
from tests.support.build import event, planner_of, policy, rule

FILE = msgspec.structs.replace(
    event(at=1_000), fields=(Field("passport", ("pd:Passport",)), Field("photo", ("pd:Picture",)))
)


def minimum(name: str, category: str, limit: str = "PT1H", clock: str = "collected") -> str:
    made = rule(name, f"{{category: [{category}]}}", clock=clock, limit=limit)
    return made + "    bound: minimum\n"


def planned(record: Record, *documents: Envelope) -> Plan:
    return planner_of(*documents).plan(record)


def erased(plan: Plan) -> list[tuple[tuple[str, ...], int, str]]:
    """Return the fields that go before the rest, from when on, and which duty ends then."""
    return [(s.fields, s.kept_until, s.kept_by) for s in plan.steps if s.kind == "REDACT"]


def test_what_fields_hold_counts_for_the_record() -> None:
    assert known(FILE).categories == ("pd:Passport", "pd:Picture")
    assert categories_by_field(known(FILE).fields) == {
        "passport": ("pd:Passport",),
        "photo": ("pd:Picture",),
    }


def test_a_field_is_erased_as_the_whole_would_have_been() -> None:
    plan = planned(known(FILE), policy(rule(), minimum("aml", "pd:Passport")))
    whole, part = plan.steps
    assert (whole.kind, part.kind, part.fields) == ("DELETE", "REDACT", ("photo",))
    same = ("cause", "cause_version", "citation", "not_before", "complete_by", "at_once")
    assert [getattr(whole, name) for name in same] == [getattr(part, name) for name in same]
    assert (whole.kept_until, part.kept_until) == (3_601_000, 0)
    assert plan.due_by == 3_601_000


def test_each_field_waits_for_the_duties_that_mean_it() -> None:
    duties = (minimum("aml", "pd:Passport"), minimum("tax", "pd:Picture", "PT30M"))
    plan = planned(known(FILE), policy(rule(), *duties))
    assert erased(plan) == [(("photo",), 1_801_000, "policy:acme/tax")]


def test_a_word_covers_what_lies_below_it() -> None:
    plan = planned(known(FILE), policy(rule(), minimum("aml", "pd:OfficialID")))
    assert erased(plan) == [(("photo",), 0, "")]


def test_a_duty_whose_clock_has_not_started_keeps_what_it_means_and_no_more() -> None:
    duty = minimum("aml", "pd:Passport", clock="relationship_ended")
    plan = planned(known(FILE), policy(rule(), duty))
    assert plan.steps[0].kept_until == MAX_INSTANT
    assert erased(plan) == [(("photo",), 0, "")]


def test_without_a_duty_nothing_goes_before_the_rest() -> None:
    assert erased(planned(known(FILE), policy())) == []


def test_of_a_record_that_names_too_many_fields_none_is_erased() -> None:
    names = [f"f{number:04}" for number in range(MAX_VALUES)]
    several = [Field(name, ("pd:Picture",)) for name in names]
    record = known(FILE)
    for item in (several[:500], several[500:]):
        record = applied(record, msgspec.structs.replace(FILE, fields=tuple(item)))
    assert len(record.fields) == MAX_VALUES
    assert FieldCategory("passport", "pd:Passport") not in record.fields
    assert erased(planned(record, policy(rule(), minimum("aml", "pd:Passport")))) == []


def test_the_reasons_name_the_fields_and_until_when_they_were_kept() -> None:
    duties = (minimum("aml", "pd:Passport"), minimum("tax", "pd:Picture", "PT30M"))
    reasons = planner_of(policy(rule(), *duties)).reasons(known(FILE))
    text = "fields photo: no duty to keep means them from 1970-01-01T00:30:01Z on"
    assert text in reasons
    many = tuple(Field(f"f{number:02}", ("pd:Picture",)) for number in range(12))
    file = known(msgspec.structs.replace(FILE, fields=(*FILE.fields, *many)))
    reasons = planner_of(policy(rule(), minimum("aml", "pd:Passport"))).reasons(file)
    assert any("f09 and 3 more: no duty to keep means them" in line for line in reasons)


def test_nor_when_those_of_a_life_before_left_no_room_for_what_a_field_holds() -> None:
    """Which of 1,000 values a life has is seen only after the others were cut off."""
    names = tuple([Field(f"a{number:04}", ("pd:Name",)) for number in range(MAX_VALUES - 1)])
    scan = (Field("scan", ("pd:Name", "pd:Passport")),)
    record = known(
        msgspec.structs.replace(FILE, fields=names),
        event(at=2_000, what="deleted"),
        msgspec.structs.replace(event(at=3_000), fields=scan),
    )
    assert record.of_life(record.cut).fields == (FieldCategory("scan", "pd:Name"),)
    plan = planner_of(policy(rule(), minimum("aml", "pd:Passport"))).plan(record, record.cut)
    assert plan.steps[0].kept_by == "policy:acme/aml"
    assert erased(plan) == []


def test_that_something_was_cut_off_is_not_forgotten_while_there_is_data() -> None:
    """The last of two stores to erase a life before leaves only what is said of the present."""
    names = tuple([Field(f"a{number:04}", ("pd:Name",)) for number in range(MAX_VALUES - 1)])
    scan = (Field("scan", ("pd:Name", "pd:Passport")),)
    record = known(
        msgspec.structs.replace(event(at=1_000, stores=("images", "index")), fields=names),
        msgspec.structs.replace(event(at=50 * DAY, stores=("images",)), fields=scan),
    )
    erased_at = Instant(40 * DAY)
    done = tuple([_done(store, erased_at) for store in record.stores])
    left = pruned(msgspec.structs.replace(record, issued=done))
    assert left.lives() == {erased_at: ["images"]}
    plan = planner_of(policy(rule(), minimum("aml", "pd:Passport"))).plan(left, erased_at)
    assert plan.steps[0].kept_by == "policy:acme/aml"
    assert erased(plan) == []
    gone = msgspec.structs.replace(record, issued=done, cut=Instant(90 * DAY))
    assert pruned(gone).fields == ()


def _done(store: StoreName, at: Instant) -> Issued:
    return Issued(
        CommandId(f"c-{store}"), "DELETE", store, Cause("policy:acme/gb-search"), "", EventId("e"),
        at, at, at, at, at, "COMPLETED", at,
    )  # fmt: skip
