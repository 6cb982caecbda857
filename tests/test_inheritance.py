"""What a record inherits of its parents, and when its own words are enough."""

import msgspec
import pytest

from pipeline.coverage import Ordered, ordered_of
from pipeline.documents import Envelope, InForce, Reach, enveloped
from pipeline.documents.policy import Mode
from pipeline.inheritance import Inherited
from pipeline.instants import Instant
from pipeline.records import Taint
from pipeline.tags import Judge
from tests.ledger.kin import derived
from tests.ledger.kin import notice as in_force_notice
from tests.ledger.looks import LONG, known, order
from tests.support.build import event, hold, planner_of, request

ICO, CNIL, GONE = "notice:ico-1", "notice:cnil-1", "notice:gone"
TEMPLATE = known(derived())
EVERYTHING = in_force_notice(), in_force_notice(name="cnil-1")


def taint(name: str, reach: Reach = Reach.CERTAIN, deleted_at: int = 0) -> Taint:
    return Taint(name, reach, Instant(deleted_at))


def documents(*more: Envelope) -> InForce:
    return planner_of(LONG, *(more or EVERYTHING), now=6_000).in_force


def own(in_force: InForce, name: str, reach: Reach, before: int | None = None) -> Ordered:
    made = ordered_of(in_force.notices_by_name[name], reach)
    return made._replace(before=None if before is None else Instant(before))


def notices(
    found: Inherited,
    in_force: InForce,
    *ordered: Ordered,
    record: object = TEMPLATE,
    mode: Mode = "enforce",
) -> list[tuple[str, Reach]]:
    assert isinstance(record, type(TEMPLATE))
    judged = Judge(in_force.method).judge(record.subjects)
    said = found.notices(ordered, record, judged, mode, in_force)
    return [(one.notice_id, one.reach) for one in said]


def heard(*taints: Taint, decides: bool = False) -> Inherited:
    return Inherited(taints, (), decides)


def test_what_means_a_parent_means_it_as_surely_and_unknown_names_hide_no_other() -> None:
    found = heard(taint(GONE), taint(ICO, Reach.LIKELY), taint(CNIL))
    assert notices(found, documents()) == [(ICO, Reach.LIKELY), (CNIL, Reach.CERTAIN)]


def test_a_notice_of_another_mode_or_one_that_orders_nothing_yet_is_passed_over() -> None:
    observed = enveloped("notices", f"{EVERYTHING[0].text}\nmode: observe\n", "counsel")
    found = heard(taint(ICO), taint(CNIL))
    in_force = documents(observed, EVERYTHING[1])
    assert notices(found, in_force) == [(CNIL, Reach.CERTAIN)]
    assert notices(found, in_force, mode="observe") == [(ICO, Reach.CERTAIN)]


@pytest.mark.parametrize(
    ("kind", "expected"), [("template", [CNIL]), ("source", [ICO, CNIL]), ("model", [])]
)
def test_a_notice_that_does_not_reach_its_kind_hides_no_other(
    kind: str, expected: list[str]
) -> None:
    in_force = documents(in_force_notice(reach="SOURCE"), EVERYTHING[1])
    record = known(derived(kind=kind))
    found = notices(heard(taint(ICO), taint(CNIL)), in_force, record=record)
    assert [name for name, _ in found] == expected


@pytest.mark.parametrize(
    ("reach", "before", "expected"),
    [
        (Reach.CERTAIN, None, [Reach.CERTAIN]),
        (Reach.LIKELY, None, [Reach.LIKELY, Reach.CERTAIN]),
        # What means only what was collected early enough leaves the rest to its parents.
        (Reach.CERTAIN, 5_000, [Reach.CERTAIN, Reach.CERTAIN]),
    ],
)
def test_its_own_words_are_enough_only_if_they_are_as_sure(
    reach: Reach, before: int | None, expected: list[Reach]
) -> None:
    in_force = documents()
    found = notices(heard(taint(ICO)), in_force, own(in_force, ICO, reach, before))
    assert found == [(ICO, one) for one in expected]


def test_its_own_words_for_one_notice_do_not_answer_for_another_that_is_only_possible() -> None:
    in_force = documents()
    mine = own(in_force, CNIL, Reach.CERTAIN)
    for sure in (Reach.POSSIBLE, Reach.NO):
        found = notices(heard(taint(ICO, sure)), in_force, mine)
        assert found == [(CNIL, Reach.CERTAIN), (ICO, sure)]


def test_where_parents_decide_a_mere_possibility_of_its_own_does_not_count() -> None:
    in_force = documents()
    mine = [own(in_force, ICO, Reach.POSSIBLE), own(in_force, CNIL, Reach.LIKELY)]
    assert notices(heard(), in_force, *mine) == [(ICO, Reach.POSSIBLE), (CNIL, Reach.LIKELY)]
    assert notices(heard(decides=True), in_force, *mine) == [(CNIL, Reach.LIKELY)]


def test_of_data_that_came_back_its_own_collection_counts_of_derived_data_its_parents() -> None:
    text = order().text
    early = enveloped("notices", f'{text}collected_before: "1970-01-01T00:00:09Z"\n', "counsel")
    in_force = documents(early)
    record = known(derived(residency="GB"))
    judged = Judge(in_force.method).judge(record.subjects)
    for found, before in (
        (Inherited((taint(ICO),), (), decides=False), None),
        (Inherited((), (taint(ICO),), decides=False), 9_000),
    ):
        [said] = found.notices((), record, judged, "enforce", in_force)
        assert said.before == before


def test_data_that_came_back_of_somebody_who_is_certainly_not_meant_is_not() -> None:
    in_force = documents()
    abroad = known(event("other", at=1_000, residency="FR"))
    back = Inherited((), (taint(ICO, deleted_at=500),), decides=False)
    assert notices(back, in_force, record=abroad) == []
    assert notices(back, in_force, record=known()) == [(ICO, Reach.CERTAIN)]


def test_requests_of_a_natural_key_are_not_those_of_other_people_and_reach_no_model() -> None:
    in_force = documents(request(), request(request_id="dsr-2"))
    found = Inherited((taint("request:dsr-1"),), (taint("request:dsr-2"),), decides=False)

    def names(
        kind: str = "template", *, people: bool = False, derived_only: bool = False
    ) -> list[str]:
        record = known(derived(kind=kind, residency="GB"))
        record = record if people else msgspec.structs.replace(record, subjects=())
        said = found.requests(record, in_force, derived=derived_only)
        return [one.document_id for one in said]

    assert names() == ["dsr-1", "dsr-2"]
    assert names(people=True) == ["dsr-1"]
    assert names(derived_only=True) == ["dsr-1"]
    assert names("model") == []


def test_only_holds_that_are_active_hold() -> None:
    in_force = documents(hold(records=("photo",)))
    found = heard(taint("hold:h1"), taint("hold:h2"), taint(ICO))
    assert found.holds(in_force) == ("h1",)
