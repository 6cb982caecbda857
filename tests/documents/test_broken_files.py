"""Broken files: each gives all its problems at once, with line, place and remedy."""

import pytest

from pipeline.documents import InvalidDocument, Problem, load
from tests.documents.texts import BROKEN, notice, policy

Expected = list[tuple[int, str, str, str]]
"""Line, place, part of what is wrong, part of the remedy; all of them, in order."""

CASES: dict[str, Expected] = {
    "policy-many.yaml": [
        (2, "version", "is not a version", "whole number"),
        (3, "zone", "`Europe/Londn` is not a time zone", "Europe/London"),
        (4, "retention", "`retention` is not known here", "policy, version, zone"),
        (6, "default.limit", "is not finite", "P30D"),
        (9, "stores.images.lead", "no fixed length", "weeks, days, hours"),
        (10, "stores.?", "a name under `stores` is not an id", "letters, digits"),
        (14, "rules[0].match.residency[0]", "`Germany`", "did you mean `DE`?"),
        (14, "rules[0].match.residency[1]", "`ENG`", "ISO 3166"),
        (15, "rules[0].match.purpose[0]", "vocabulary", "`dpv:SearchFunctionalities`?"),
        (16, "rules[0].match.category", "is an empty list", "leave the key out"),
        (17, "rules[0].clock", "`collectd`", "did you mean `collected`?"),
        (18, "rules[0].limit", "mixes calendar units", "use one kind"),
        (19, "rules[0].citation.url", "is not a web address", "https://"),
        (20, "rules[0].mode", "`enforced`", "did you mean `enforce`?"),
        (21, "rules[1].id", "`faces` is used twice in `rules`, at lines 12 and 21", "own id"),
        (22, "rules[1].match.purposes", "is not known here", "did you mean `purpose`?"),
        (23, "rules[1].limit", "empty or zero", "P3M"),
        (24, "rules[1].limit", "is given twice, at lines 23 and 24", "keep one"),
        (26, "rules[1].citation.article", "`article` is missing", "add `article"),
        (28, "rules[1].at_most", "is not a number", "a whole number, or a share such as 2%"),
        (29, "rules[1].bound", "`minimal`", "did you mean `minimum`?"),
        (30, "rules[1].roll", "never rolled", "5(1)(e)"),
        (31, "rules[1].counting", "not counted in working days", "in days"),
        (32, "rules[1].action", "`archive`", "delete"),
        (33, "rules[2].id", "stands for the default limit", "another id"),
        (37, "rules[2].counting", "PT24H is in clock units", "leave `counting` out"),
        (40, "rules[3]", "`rules[3]` must be a mapping", "{key: value}"),
        (41, "effective_from", "`2026-01-01` has no zone", "add Z"),
    ],
    "policy-keys.yaml": [
        (4, "effective_from", "`next year` is not an instant", "2026-03-01T09:00:00Z"),
        (
            7,
            "default.citation.jurisdiction",
            "`jurisdiction`: `Britain`",
            "ISO 3166 code, EEA or EU",
        ),
        (9, "stores.images.per_minute", "is not a number", "a whole number from 1"),
        (9, "stores.images.answer_within", "no fixed length", "weeks, days, hours"),
        (10, "stores.vectors.answer_within", "empty or zero", "PT30S"),
        (11, "stores.index.per_minute", "is not a number", "digits only"),
        (11, "stores.index.answers_within", "not known here", "did you mean `answer_within`?"),
        (14, "rules[0].match.present[1]", "`present`: `ENG`", "ISO 3166"),
        (17, "rules[0].citation.jurisdiction", "is empty", "leave the key out"),
        (19, "rules[0].at_most", "is not a number", "a share such as 2%"),
        (21, "rules[1].match.present", "is an empty list", "leave the key out"),
        (24, "rules[1].citation.jurisdiction", "must be one text", "one value"),
        (25, "rules[1].mode", "a duty to keep cannot be observed only", "`mode: enforce`"),
        (27, "rules[1].at_most", "a minimum deletes nothing", "leave it out"),
        (29, "rules[2].match.present[0]", "`present`: `france`", "did you mean `FR`?"),
        (34, "rules[2].bound", "`minumum`", "did you mean `minimum`?"),
        (35, "rules[2].at_most", "is not a number", "a share such as 2%"),
        (37, "rules[3].match.purpose[0]", "`dpv:Advertizing`", "`dpv:Advertising`?"),
        (37, "rules[3].match.lawful_basis[0]", "`Consent`", "did you mean `dpv:Consent`?"),
        (39, "rules[3].limit", "is not finite", "P30D"),
        (42, "rules[3].bound", "must be one text", "one value"),
    ],
    "policy-residency.yaml": [
        (6, "residency.method", "the name of the default method", "acme/1"),
        (8, "residency.likely_from", "not above `resident_from`", "correct one of the two"),
        (9, "residency.agreeing_from", "any two groups would make a resident", "0.5"),
        (10, "residency.strictly", "is not known here", "method, resident_from, likely_from"),
        (12, "residency.signals.declared.resident", "is not a weight", "from 0 to 1"),
        (13, "residency.signals.bank_country.resident", "is not a weight", "from 0 to 1"),
        (13, "residency.signals.bank_country.lasts", "days or weeks", "P90D, or `newer`"),
        (14, "residency.signals.nationality", "vocabulary", "known are: bank_country"),
        (15, "residency.signals.phone_nummber", "vocabulary", "did you mean `phone_number`?"),
        (17, "residency.signals.gps_exif.group", "`devices`", "did you mean `device`?"),
        (18, "residency.signals.gps_exif.lasts", "`ten days` is not an ISO 8601 period", "P45D"),
        (19, "residency.signals.gps_exif.weight", "not known here", "group, resident, present"),
        (20, "residency.signals.sim_mcc", "must be a mapping", "{key: value}"),
    ],
    "policy-residency-unnamed.yaml": [
        (5, "residency.method", "`method` is missing", "add `method: …`"),
        (6, "residency.likely_from", "is not a weight", "at most three decimals"),
        (7, "residency.signals", "must be a mapping", "{key: value}"),
    ],
    "policy-residency-list.yaml": [
        (4, "zone", "`Mars/Base` is not a time zone", "Europe/London"),
        (6, "residency", "must be a mapping", "{key: value}"),
    ],
    "policy-no-default.yaml": [(2, "default", "`default` is missing", "a finite limit")],
    "notice-many.yaml": [
        (1, "notice", "is not an id", "letters, digits"),
        (2, "version", "is not a version", "from 1"),
        (3, "authority", "is empty", "give a value"),
        (4, "citation", "must be a mapping", "{key: value}"),
        (5, "state", "`appealed`", "in_force, preliminary, withdrawn"),
        (6, "match", "names nothing", "s.149(6)"),
        (7, "collected_before", "has no zone", "offset"),
        (10, "steps[0].action", "`destroy`", "delete, restrict"),
        (12, "steps[0].complete_by", "is not after `not_before`", "s.150(4)"),
        (13, "steps[1].id", "`stop` is used twice in `steps`, at lines 9 and 13", "own id"),
        (15, "steps[1].not_before", "`15 June 2022` is not an instant", "2026-03-01T09:00:00Z"),
        (17, "steps[2].id", "`id` is missing", "add `id"),
        (19, "steps[2].complete_by", "is not after `not_before`", "s.150(4)"),
    ],
    "notice-keys.yaml": [
        (4, "citation.jurisdiction", "`jurisdiction`: `UKK`", "ISO 3166 code, EEA or EU"),
        (5, "match.category[0]", "`pd:Faces` is not in the vocabulary", "did you mean"),
        (5, "match.present[0]", "`present`: `Germany`", "did you mean `DE`?"),
        (6, "unknown", "must be one text", "one value"),
        (7, "approved_by", "is not known here", "collected_before, unknown"),
    ],
    "notice-unknown.yaml": [(6, "unknown", "`restricted`", "did you mean `restrict`?")],
    "hold-nothing.yaml": [(2, "", "names nothing to hold", "`records`, `subjects` and `match`")],
    "hold-empty-lists.yaml": [
        (6, "records", "is an empty list", "at least one"),
        (7, "subjects", "is an empty list", "at least one"),
        (8, "match.residency", "is an empty list", "leave the key out"),
        (9, "subject", "is not known here", "did you mean `subjects`?"),
    ],
    "control-scope.yaml": [(1, "control", "no cause, document, simul", "cause:policy:acme")],
    "control-document.yaml": [
        (1, "control", "scope of `approve` is no cause, document", "document:policies/acme@2"),
    ],
    "control-withdraw.yaml": [
        (1, "control", "scope of `withdraw` is no simulation and", "simulation:ID"),
    ],
    "control-exclude.yaml": [
        (1, "control", "scope of `exclude` is no partition", "partition:ingestion.events/3"),
    ],
    "control-accept.yaml": [
        (1, "control", "scope of `accept` is no loss of messages", "loss:TOPIC/NUMBER@POSITION"),
    ],
    "control-pause-document.yaml": [
        (1, "control", "scope of `pause` is neither all, a store nor a rule", "store:NAME"),
    ],
    "control-pause-cause.yaml": [
        (1, "control", "neither all, a store nor a rule", "`control: store:NAME`"),
        (4, "author", "`author` is not known here", "control, version, action, reason"),
    ],
    "norway.yaml": [
        (8, "rules[0].match.residency[1]", "`off`", "ISO 3166"),
        (12, "rules[0].mode", "`yes`", "enforce, observe"),
    ],
    "not-yaml.yaml": [(5, "", "not YAML", "indentation")],
    "aliases.yaml": [(6, "", "uses an anchor", "write the value out")],
    "tagged.yaml": [(2, "", "uses a tag", "leave the tag out")],
    "two-documents.yaml": [(5, "", "a second document begins", "one document a file")],
    "two-kinds.yaml": [(1, "hold", "`policy` and `hold`", "one document a file")],
    "empty.yaml": [(1, "", "the document is empty", "begin with `policy: ID`")],
    "no-kind.yaml": [(1, "", "nothing says what kind", "begin with `policy: ID`")],
    "request.yaml": [
        (2, "", "the request names nobody and nothing", "opaque ids"),
        (4, "kind", "`kind`: `eraser`", "did you mean `erasure`?"),
        (8, "name", "`name` is not known here", "known here are"),
        (9, "extended.at", "extended after it had ended", "GDPR art 12(3)"),
    ],
}


def problems_of(name: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocument) as refusal:
        load((BROKEN / name).read_text(), name)
    return refusal.value.problems


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_gives_every_problem_with_line_place_and_remedy(name: str) -> None:
    problems = problems_of(name)

    assert [(problem.line, problem.where) for problem in problems] == [
        (line, where) for line, where, _, _ in CASES[name]
    ]
    for problem, (_, _, what, remedy) in zip(problems, CASES[name], strict=True):
        assert what in problem.what
        assert remedy in problem.remedy
        assert problem.severity == "error"


def test_every_broken_file_has_its_expectation() -> None:
    assert {path.name for path in BROKEN.glob("*.yaml")} == set(CASES)


def test_the_message_has_one_problem_a_line_with_file_line_and_remedy() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        load((BROKEN / "control-pause-cause.yaml").read_text(), "deploy/pause.yaml")

    assert str(refusal.value).splitlines() == [
        (
            "deploy/pause.yaml:1: the scope of `pause` is neither all, a store nor a rule "
            "(write `control: all`, `control: store:NAME` or `control: rule:POLICY/RULE`)"
        ),
        (
            "deploy/pause.yaml:4: `author` is not known here "
            "(known here are: control, version, action, reason)"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (policy(default="forever"), ["default.limit", "default.citation.jurisdiction"]),
        (notice(more="unknown: x\n"), ["citation.jurisdiction", "unknown"]),
        (notice(more="state: x\n"), ["citation.jurisdiction", "state"]),
    ],
    ids=["limit", "unknown", "state"],
)
def test_a_wrong_jurisdiction_is_said_beside_what_else_is_wrong(
    text: str, places: list[str]
) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        load(text.replace("5(1)(e)", "5(1)(e), jurisdiction: UKK"))

    assert sorted(problem.where for problem in refusal.value.problems) == sorted(places)
