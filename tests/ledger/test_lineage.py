"""What means a photo means what was derived from it; what that is told, and when, is in others."""

import pytest

from pipeline.documents import enveloped
from pipeline.ledger.parts import Part
from pipeline.records import LATE
from tests.ledger.kin import OTHER, PHOTO, deliver, derived, family, gone, kept, notice
from tests.ledger.looks import LONG, found, publish
from tests.support.build import control, event, hold, policy, request, rule

CAUSE = "notice:ico-1/delete"
MODELS = "SOURCE+TEMPLATES+MODELS"
OWN = derived("own", "other", residency="FR")
"""A template that no document means, by itself or by its parent."""
MODEL = derived("model", kind="model", store="weights")


# -- notices, requests, holds --------------------------------------------------------------------


def test_what_a_notice_orders_of_a_photo_it_orders_of_its_template() -> None:
    drive = family(LONG, notice(), events=(PHOTO, derived(), OTHER, OWN), until=9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}
    assert gone(drive, "RESTRICT") == dict.fromkeys(("photo", "template"), "notice:ico-1/stop")
    assert {one.store for one in drive.deletions} == {"images", "index"}


def test_a_request_of_one_person_reaches_what_was_derived_from_the_photo() -> None:
    asked = request(subjects=("s-photo",))
    drive = family(LONG, asked, events=(PHOTO, derived(), OTHER, OWN, MODEL), until=9_000)
    cause = "request:dsr-1/erasure"
    assert gone(drive) == {"photo": cause, "template": cause}
    assert gone(drive, "REVIEW_MODEL") == {}  # nobody asked to unlearn


def test_a_hold_on_a_photo_saves_its_template_until_it_is_released() -> None:
    limit = policy(rule(limit="PT10S"), default="P1D")
    drive = family(limit, hold(records=("photo",)), events=(PHOTO, derived(), OTHER, OWN))
    drive.until(30_000)
    assert gone(drive) == {}
    assert gone(drive, "RESTRICT") == dict.fromkeys(("photo", "template"), "hold:h1")
    released = hold(records=("photo",), version=2, state="released")
    assert publish(drive, released, until=31_000) == ["DELETE", "DELETE"]
    assert gone(drive) == dict.fromkeys(("photo", "template"), "policy:acme/gb-search")


def test_a_request_for_access_to_a_photo_keeps_its_template_too() -> None:
    access = request("access", subjects=("s-photo",))
    drive = family(policy(rule(limit="PT10S")), access, until=30_000)
    assert gone(drive) == {}
    assert "HELD_PAST_LIMIT" in found(drive)


@pytest.mark.parametrize("parents", [("photo", "other"), ("other", "photo")])
def test_one_of_two_parents_is_enough(parents: tuple[str, str]) -> None:
    drive = family(LONG, notice(), events=(PHOTO, OTHER, derived("template", *parents)))
    drive.until(9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}


def test_a_template_with_evidence_of_its_own_is_meant_by_its_photo_all_the_same() -> None:
    drive = family(LONG, notice(), events=(PHOTO, derived(residency="FR")), until=9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}


def test_a_template_of_somebody_elsewhere_whom_a_notice_may_mean_by_its_own_words_stays() -> None:
    """Its parents say whom it is about, where every one is known."""
    drive = family(events=(OTHER, derived("template", "other")))
    publish(drive, notice(), until=9_000)
    assert (gone(drive), gone(drive, "RESTRICT")) == ({}, {})
    assert "UNKNOWN_RESIDENCY" not in found(drive)


def test_what_is_derived_while_a_notice_is_in_force_is_restricted_until_its_photo_has_said() -> (
    None
):
    drive = family(LONG, notice(), events=(OTHER,), until=8_000)
    drive.posts = False
    drive.give(Part(events=(derived("template", "other", at=8_000),)))
    assert set(gone(drive, "RESTRICT")) == {"template"}
    deliver(drive)
    assert set(gone(drive, "RELEASE")) == {"template"}
    assert gone(drive) == {}


def test_a_template_of_a_photo_that_nobody_knows_may_be_meant_and_is_restricted() -> None:
    drive = family(LONG, notice(), events=(derived("template", "missing"),), until=9_000)
    assert set(gone(drive, "RESTRICT")) == {"template"}
    assert gone(drive) == {}
    assert "UNKNOWN_RESIDENCY" in found(drive)


def test_one_parent_that_nobody_knows_leaves_it_open_whom_a_template_is_about() -> None:
    made = derived("template", "photo", "missing")
    drive = family(LONG, notice(), events=(PHOTO, made), until=9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}
    plan = drive.ledger.planner.plan(kept(drive))
    assert [gap.kind for gap in plan.gaps] == ["UNKNOWN_RESIDENCY"]


@pytest.mark.parametrize("state", ["accepted", "received"])
def test_a_request_reaches_what_is_derived_after_it_came_from_data_that_it_means(
    state: str,
) -> None:
    drive = family(LONG, events=(PHOTO,), until=1_500)
    drive.give(Part(envelopes=(request(state=state, subjects=("s-photo",)),)))
    drive.until(2_500)
    drive.give(Part(events=(derived(at=3_000),)))
    publish(drive, request(version=2, subjects=("s-photo",)), until=12_000)
    assert set(gone(drive)) == {"photo", "template"}


def test_a_photo_that_is_only_likely_meant_gives_its_template_as_much_time() -> None:
    """A deletion under a notice that means somebody likely waits for its deadline."""
    unsure = event("photo", at=1_000, residency=None)
    drive = family(LONG, notice(), events=(unsure, derived()), until=9_000)
    assert set(gone(drive, "RESTRICT")) == {"photo", "template"}
    assert gone(drive) == {}


# -- how far a notice reaches --------------------------------------------------------------------


def test_a_notice_that_reaches_sources_stops_at_the_template() -> None:
    drive = family(LONG, notice(reach="SOURCE"), until=9_000)
    assert gone(drive) == {"photo": CAUSE}
    assert set(gone(drive, "RESTRICT")) == {"photo"}


CHAIN = (PHOTO, derived(), derived("model", "template", kind="model", store="weights"))


def test_by_default_a_notice_stops_at_models() -> None:
    drive = family(LONG, notice(), events=CHAIN, until=9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}
    assert gone(drive, "REVIEW_MODEL") == {}


def test_a_notice_reaches_through_a_template_to_the_model_which_a_person_reviews() -> None:
    drive = family(LONG, notice(reach=MODELS), events=CHAIN, until=9_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}
    assert gone(drive, "REVIEW_MODEL") == {"model": CAUSE}
    drive.answer_all("COMPLETED", at=9_000)
    publish(drive, control("approve", "model:another"), until=10_000)
    assert "model" not in gone(drive)
    publish(drive, control("approve", "model:model"), until=11_000)
    assert gone(drive)["model"] == CAUSE
    assert [one.issued_at for one in drive.deletions if one.record_id == "model"] == [10_000]


def test_a_model_that_nobody_decides_over_is_told_of_at_the_deadline() -> None:
    drive = family(LONG, notice(reach=MODELS), events=CHAIN, until=9_000)
    drive.answer_all("COMPLETED", at=9_000)
    drive.until(89_999)
    assert "MODEL_UNDECIDED" not in {one.kind for one in drive.findings}
    drive.until(91_000)
    [told] = [one for one in drive.findings if one.kind == "MODEL_UNDECIDED"]
    assert told.subject == f"{CAUSE} of model"


def test_an_approval_of_a_model_may_be_withdrawn() -> None:
    drive = family(LONG, notice(reach=MODELS), events=CHAIN, until=9_000)
    publish(drive, control("approve", "model:model"), until=9_500)
    publish(drive, control("withdraw", "model:model", version=2), until=10_000)
    assert "model" in gone(drive, "CANCEL")


def test_the_review_of_a_model_is_taken_back_with_the_notice() -> None:
    drive = family(LONG, notice(reach=MODELS), events=CHAIN, until=9_000)
    withdrawn = notice(reach=MODELS, version=2, state="withdrawn")  # type: ignore[arg-type]
    publish(drive, withdrawn, until=10_000)
    assert set(gone(drive, "CANCEL")) == {"photo", "template", "model"}
    publish(drive, control("approve", "model:model"), until=11_000)
    assert "model" not in gone(drive)


def test_a_hold_on_a_photo_saves_the_model_too() -> None:
    limit = policy(rule(limit="PT10S"), default="P1D")
    drive = family(limit, hold(records=("photo",)), events=CHAIN, until=30_000)
    assert gone(drive) == {}
    assert set(gone(drive, "RESTRICT")) == {"photo", "template", "model"}


def test_what_a_notice_that_is_only_observed_would_delete_is_noted_of_the_template_too() -> None:
    text = notice().text.replace("authority:", "mode: observe\nauthority:")
    drive = family(LONG, enveloped("notices", text, "counsel"), until=9_000)
    assert drive.commands == []
    assert [(one.kind, one.cause) for one in kept(drive).issued] == [("OBSERVED", CAUSE)]


def test_a_notice_reaches_through_a_template_that_it_does_not_mean_by_kind() -> None:
    """What is said of a parent goes on to its children, whatever kinds are meant."""
    drive = family(LONG, notice(reach="SOURCE"), events=(PHOTO, derived()), until=4_000)
    drive.give(Part(events=(derived("copy", "template", kind="source", store="images"),)))
    drive.until(9_000)
    assert gone(drive) == {"photo": CAUSE, "copy": CAUSE}


@pytest.mark.parametrize(("before", "meant"), [(1_050, {"photo", "template"}), (1_000, set())])
def test_whether_it_was_collected_in_time_is_decided_by_the_photo(
    before: int, meant: set[str]
) -> None:
    drive = family(LONG, notice(before=before), until=9_000)
    assert set(gone(drive)) == meant


# -- in which order things come ------------------------------------------------------------------


def test_a_template_is_released_once_its_photo_comes_and_is_of_somebody_elsewhere() -> None:
    drive = family(LONG, notice(), events=(derived("template", "other"),), until=9_000)
    assert set(gone(drive, "RESTRICT")) == {"template"}
    drive.give(Part(events=(OTHER,)))
    drive.until(20_000)
    assert set(gone(drive, "RELEASE")) == {"template"}
    assert gone(drive) == {}


def test_a_template_that_is_told_of_before_its_photo_is_meant_once_the_photo_comes() -> None:
    drive = family(LONG, notice(), events=(derived(),), until=20_000)
    assert gone(drive) == {}
    drive.give(Part(events=(PHOTO,)))
    drive.until(21_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}


@pytest.mark.parametrize("after", [10_000, 20_000 + LATE])
def test_what_is_derived_from_a_photo_after_its_deletion_goes_under_the_same_cause(
    after: int,
) -> None:
    """That the photo is forgotten in the meantime, but for what was done, changes nothing."""
    drive = family(LONG, notice(), events=(PHOTO,), until=9_000)
    drive.answer_all("COMPLETED", at=9_500)
    drive.until(after)
    assert not kept(drive, "photo").alive
    drive.give(Part(events=(derived(at=after),)))
    drive.until(after + 5_000)
    assert gone(drive) == {"photo": CAUSE, "template": CAUSE}
    assert gone(drive, "RESTRICT")["template"] == "notice:ico-1/stop"


def test_what_meant_a_photo_that_went_under_another_cause_still_means_its_template() -> None:
    """The limit of the photo ends before the notice is in force."""
    short = policy(rule("images", "{category: [pd:Picture], residency: [GB]}", limit="PT3S"))
    drive = family(short, notice(), events=(PHOTO, derived(residency="FR")), until=4_500)
    assert gone(drive) == {"photo": "policy:acme/images"}
    drive.answer_all("COMPLETED", at=4_600)
    drive.until(9_000)
    assert gone(drive)["template"] == CAUSE


# -- what is taken back --------------------------------------------------------------------------


def test_a_notice_that_is_withdrawn_lets_the_template_go_too() -> None:
    drive = family(LONG, notice(delete=80_000), until=9_000)
    assert set(gone(drive, "RESTRICT")) == {"photo", "template"}
    publish(drive, notice(delete=80_000, version=2, state="withdrawn"), until=10_000)  # type: ignore[arg-type]
    assert set(gone(drive, "RELEASE")) == {"photo", "template"}
    drive.until(89_000)
    assert gone(drive) == {}


def test_a_deletion_that_no_store_has_answered_is_taken_back_with_the_notice() -> None:
    drive = family(LONG, notice(), until=9_000)
    assert set(gone(drive)) == {"photo", "template"}
    served = (
        'served: "1970-01-01T00:00:02Z"\nlife: [{happened: quashed, at: "1970-01-01T00:00:09Z"}]'
    )
    quashed = notice().text.replace("version: 1", f"version: 2\n{served}")
    quashed = quashed.replace("GB-ICO", "US-FTC")  # whose orders wait for no appeal
    publish(drive, enveloped("notices", quashed, "counsel"), until=10_000)
    assert set(gone(drive, "CANCEL")) == {"photo", "template"}


def test_a_hold_that_comes_between_the_command_and_its_answer_takes_both_back() -> None:
    drive = family(LONG, notice(), until=9_000)
    publish(drive, hold(records=("photo",)), until=10_000)
    assert set(gone(drive, "CANCEL")) == {"photo", "template"}
