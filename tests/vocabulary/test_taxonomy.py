"""The taxonomies of DPV: their hierarchy, the words they take, and the tables they refuse."""

import csv
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.vocabulary as vocabulary
from pipeline.errors import InvalidInput
from pipeline.vocabulary import (
    CATEGORIES,
    CATEGORY_TAXONOMY,
    LAWFUL_BASES,
    LAWFUL_BASIS_TAXONOMY,
    PURPOSE_TAXONOMY,
    PURPOSES,
    Taxonomy,
)
from pipeline.vocabulary.taxonomy import NAMESPACES, build, iri, load, read_keys, read_parents

FOLDER = Path(vocabulary.__file__).parent
TABLES = {
    "purposes": PURPOSE_TAXONOMY,
    "categories": CATEGORY_TAXONOMY,
    "lawful_bases": LAWFUL_BASIS_TAXONOMY,
}
ROOTS = {"purposes": "dpv:Purpose", "categories": "dpv:Data", "lawful_bases": "dpv:LegalBasis"}
AXES = {"purpose": PURPOSE_TAXONOMY, "category": CATEGORY_TAXONOMY}

FORMER_PURPOSES = """
    AcademicResearch AccountManagement Advertising CommercialResearch CommunicationManagement
    CounterMoneyLaundering CustomerCare CustomerManagement DirectMarketing EnforceSecurity
    FraudPreventionAndDetection HumanResourceManagement IdentityAuthentication IdentityVerification
    LegalCompliance Marketing OrganisationGovernance PaymentManagement Personalisation
    PersonalisedAdvertising PersonnelManagement ProtectionOfPublicSecurity RecordManagement
    RequestedServiceProvision ResearchAndDevelopment RightsFulfilment ScientificResearch
    SearchFunctionalities SellDataToThirdParties SellProducts ServiceOptimisation ServiceProvision
    ServicePersonalisation ServiceUsageAnalytics TargetedAdvertising TechnicalServiceProvision
    """.split()
FORMER_CATEGORIES = """
    Age BankAccount Behavioral Biometric BirthDate Contact Country DNACode EmailAddress Financial
    Fingerprint FacialPrint GPSCoordinate HealthRecord Identifying IPAddress Language Location
    MedicalHealth Name OfficialID PersonalDocuments PhoneNumber PhysicalAddress PhysicalTrait
    Picture Retina SocialMedia TelephoneNumber Transactional UID Username VoiceMail
    """.split()
FORMER_LAWFUL_BASES = """
    Consent Contract ContractPerformance EnterIntoContract LegalObligation LegitimateInterest
    OfficialAuthorityOfController PublicInterest VitalInterest
    """.split()


def rows(table: str) -> list[list[str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


FIDESLANG = [(axis, key, term) for axis, key, term in rows("fideslang")]


def small(text: str) -> Taxonomy:
    return build("small.csv", read_parents("small.csv", f"term,parents\n{text}"), {})


class TestHierarchy:
    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ("pd:Biometric", "pd:FacialPrint"),
            ("pd:Biometric", "pd:Fingerprint"),
            ("pd:Biometric", "pd:Retina"),
            ("pd:Identifying", "pd:FacialPrint"),
            ("pd:Identifying", "pd:Picture"),
            ("pd:Location", "pd:GPSCoordinate"),
            ("pd:DeviceBased", "pd:IPAddress"),
            ("dpv:SpecialCategoryPersonalData", "pd:FacialPrint"),
            ("dpv:SpecialCategoryPersonalData", "pd:DNACode"),
            ("dpv:SpecialCategoryPersonalData", "pd:HealthRecord"),
            ("dpv:SpecialCategoryPersonalData", "pd:ReligiousBelief"),
            ("dpv:SpecialCategoryPersonalData", "pd:TradeUnionMembership"),
            ("dpv:PersonalData", "pd:Picture"),
        ],
    )
    def test_a_category_covers(self, wide: str, narrow: str) -> None:
        assert CATEGORY_TAXONOMY.covers(wide, narrow)
        assert not CATEGORY_TAXONOMY.covers(narrow, wide)

    def test_a_photo_is_neither_biometric_nor_special(self) -> None:
        assert not CATEGORY_TAXONOMY.covers("pd:Biometric", "pd:Picture")
        assert not CATEGORY_TAXONOMY.covers("dpv:SpecialCategoryPersonalData", "pd:Picture")

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ("dpv:Marketing", "dpv:Advertising"),
            ("dpv:Marketing", "dpv:DirectMarketing"),
            ("dpv:Advertising", "dpv:PersonalisedAdvertising"),
            ("dpv:PersonalisedAdvertising", "dpv:TargetedAdvertising"),
            ("dpv:Marketing", "dpv:TargetedAdvertising"),
            ("dpv:Personalisation", "dpv:TargetedAdvertising"),
            ("dpv:ServiceProvision", "dpv:SearchFunctionalities"),
            ("dpv:SellProducts", "dpv:SellDataToThirdParties"),
            ("dpv:EnforceSecurity", "dpv:CounterMoneyLaundering"),
            ("dpv:FulfilmentOfObligation", "dpv:LegalCompliance"),
            ("dpv:PublicBenefit", "dpv:ProtectionOfPublicSecurity"),
        ],
    )
    def test_a_purpose_covers(self, wide: str, narrow: str) -> None:
        assert PURPOSE_TAXONOMY.covers(wide, narrow)
        assert not PURPOSE_TAXONOMY.covers(narrow, wide)

    def test_search_is_not_marketing(self) -> None:
        assert not PURPOSE_TAXONOMY.covers("dpv:Marketing", "dpv:SearchFunctionalities")

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ("dpv:Consent", "eu-gdpr:A6-1-a"),
            ("dpv:Contract", "eu-gdpr:A6-1-b"),
            ("dpv:LegalObligation", "eu-gdpr:A6-1-c"),
            ("dpv:VitalInterest", "eu-gdpr:A6-1-d"),
            ("dpv:PublicInterest", "eu-gdpr:A6-1-e"),
            ("dpv:OfficialAuthorityOfController", "eu-gdpr:A6-1-e"),
            ("dpv:LegitimateInterest", "eu-gdpr:A6-1-f"),
            ("dpv:ExplicitlyExpressedConsent", "eu-gdpr:A9-2-a"),
            ("dpv:Consent", "eu-gdpr:A9-2-a"),
            ("dpv:PublicInterest", "eu-gdpr:A9-2-j"),
            ("dpv:Contract", "dpv:ContractPerformance"),
            ("dpv:VitalInterest", "dpv:VitalInterestOfDataSubject"),
        ],
    )
    def test_a_lawful_basis_covers(self, wide: str, narrow: str) -> None:
        assert LAWFUL_BASIS_TAXONOMY.covers(wide, narrow)
        assert not LAWFUL_BASIS_TAXONOMY.covers(narrow, wide)

    def test_all_points_of_both_articles_are_there(self) -> None:
        points = {f"eu-gdpr:A6-1-{point}" for point in "abcdef"}
        points |= {f"eu-gdpr:A9-2-{point}" for point in "abcdefghij"}
        assert points <= LAWFUL_BASES

    def test_ordinary_consent_is_not_explicit(self) -> None:
        explicit = "dpv:ExplicitlyExpressedConsent"
        assert not LAWFUL_BASIS_TAXONOMY.covers(explicit, "eu-gdpr:A6-1-a")


@pytest.mark.parametrize("table", TABLES)
class TestTables:
    def test_sorted_and_without_blemish(self, table: str) -> None:
        terms = [term for term, _ in rows(table)]
        assert terms == sorted(set(terms))
        for term, parents in rows(table):
            assert parents == " ".join(sorted(set(parents.split())))
            assert term not in parents.split()

    def test_every_parent_is_known_and_above(self, table: str) -> None:
        for term, parents in rows(table):
            assert set(parents.split()) <= TABLES[table].ancestors(term)

    def test_one_root_covers_all_and_no_term_is_above_itself(self, table: str) -> None:
        taxonomy = TABLES[table]
        assert [term for term, parents in rows(table) if not parents] == [ROOTS[table]]
        for term in taxonomy.terms:
            assert taxonomy.covers(ROOTS[table], term)
            for above in taxonomy.ancestors(term) - {term}:
                assert term not in taxonomy.ancestors(above)

    def test_ancestors_are_reflexive_and_transitive(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            above = taxonomy.ancestors(term)
            assert term in above
            assert above == frozenset().union(*map(taxonomy.ancestors, above))

    def test_covers_agrees_with_ancestors(self, table: str) -> None:
        taxonomy = TABLES[table]
        for narrow in taxonomy.terms:
            covering = {wide for wide in taxonomy.terms if taxonomy.covers(wide, narrow)}
            assert covering == taxonomy.ancestors(narrow)

    def test_terms_and_their_iris_are_normalised(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            assert taxonomy.normal(term) == term
            assert taxonomy.normal(iri(term)) == term

    def test_other_spellings_are_unknown(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            prefix, _, name = term.partition(":")
            full = NAMESPACES[prefix]
            for word in (name, f":{name}", term.lower(), term.upper(), f" {term}", f"{term} "):
                assert taxonomy.normal(word) is None
            for word in (full + name.lower(), full[:-1] + "/" + name, full.upper() + name, full):
                assert taxonomy.normal(word) is None


class TestWords:
    def test_the_frozensets_are_the_terms(self) -> None:
        assert PURPOSE_TAXONOMY.terms == PURPOSES
        assert CATEGORY_TAXONOMY.terms == CATEGORIES
        assert LAWFUL_BASIS_TAXONOMY.terms == LAWFUL_BASES

    @pytest.mark.parametrize(
        ("taxonomy", "full", "term"),
        [
            (PURPOSE_TAXONOMY, "https://w3id.org/dpv#Marketing", "dpv:Marketing"),
            (CATEGORY_TAXONOMY, "https://w3id.org/dpv/pd#Picture", "pd:Picture"),
            (
                LAWFUL_BASIS_TAXONOMY,
                "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
                "eu-gdpr:A6-1-a",
            ),
        ],
    )
    def test_full_iris(self, taxonomy: Taxonomy, full: str, term: str) -> None:
        assert taxonomy.normal(full) == term

    @pytest.mark.parametrize(
        ("taxonomy", "prefix", "names"),
        [
            (PURPOSE_TAXONOMY, "dpv", FORMER_PURPOSES),
            (CATEGORY_TAXONOMY, "pd", FORMER_CATEGORIES),
            (LAWFUL_BASIS_TAXONOMY, "dpv", FORMER_LAWFUL_BASES),
        ],
    )
    def test_former_words_are_accepted(
        self, taxonomy: Taxonomy, prefix: str, names: list[str]
    ) -> None:
        aliases = {"pd:Behavioral": "pd:Behavioural", "pd:PhoneNumber": "pd:TelephoneNumber"}
        for name in names:
            word = f"{prefix}:{name}"
            assert taxonomy.normal(word) == aliases.get(word, word)

    def test_an_alias_is_no_term(self) -> None:
        assert {"pd:Behavioral", "pd:PhoneNumber"}.isdisjoint(CATEGORIES)
        assert CATEGORY_TAXONOMY.normal("https://w3id.org/dpv/pd#Behavioral") is None

    @pytest.mark.parametrize("word", ["", ":", "dpv:", "dpv:Foo", "foo", "pd:FacialImage", "\0"])
    def test_unknown_words(self, word: str) -> None:
        assert all(taxonomy.normal(word) is None for taxonomy in TABLES.values())

    def test_words_of_another_axis_are_unknown(self) -> None:
        assert PURPOSE_TAXONOMY.normal("pd:Picture") is None
        assert PURPOSE_TAXONOMY.normal("user.biometric") is None
        assert PURPOSE_TAXONOMY.normal("dpv:Consent") is None
        assert CATEGORY_TAXONOMY.normal("marketing") is None
        assert LAWFUL_BASIS_TAXONOMY.normal("marketing") is None

    @given(st.text())
    def test_any_text_is_a_known_word_or_none(self, word: str) -> None:
        for taxonomy in TABLES.values():
            assert taxonomy.normal(word) is None or word in taxonomy.names

    @pytest.mark.parametrize("term", ["Marketing", "dpv:Foo", "marketing", "pd:Behavioral"])
    def test_only_terms_have_ancestors(self, term: str) -> None:
        with pytest.raises(InvalidInput, match=f"`{term}` is no term"):
            CATEGORY_TAXONOMY.ancestors(term)
        with pytest.raises(InvalidInput, match=f"`{term}` is no term"):
            CATEGORY_TAXONOMY.covers("pd:Picture", term)
        with pytest.raises(InvalidInput, match=f"`{term}` is no term"):
            CATEGORY_TAXONOMY.covers(term, "pd:Picture")


class TestFideslang:
    def test_sorted_and_without_repetition(self) -> None:
        assert sorted(set(FIDESLANG)) == FIDESLANG
        assert len({(axis, key) for axis, key, _ in FIDESLANG}) == len(FIDESLANG)

    @pytest.mark.parametrize(("axis", "key", "term"), FIDESLANG)
    def test_every_key_is_normalised(self, axis: str, key: str, term: str) -> None:
        assert AXES[axis].normal(key) == term
        assert AXES[axis].normal(key.upper()) is None
        assert AXES[axis].normal(f"{key}.") is None

    @pytest.mark.parametrize(
        ("axis", "key", "term"),
        [
            ("category", "user.biometric", "pd:Biometric"),
            ("category", "user.content.self_image", "pd:Picture"),
            ("category", "user.authorization.biometric", "pd:Biometric"),
            ("category", "user.device.ip_address", "pd:IPAddress"),
            ("category", "user", "dpv:PersonalData"),
            ("purpose", "marketing.advertising.first_party.targeted", "dpv:TargetedAdvertising"),
            ("purpose", "essential.fraud_detection", "dpv:MisusePreventionAndDetection"),
        ],
    )
    def test_keys_mean(self, axis: str, key: str, term: str) -> None:
        assert AXES[axis].normal(key) == term

    def test_a_key_covers_its_sub_keys(self) -> None:
        for axis, key, term in FIDESLANG:
            for other_axis, narrower, narrow_term in FIDESLANG:
                if axis == other_axis and narrower.startswith(f"{key}."):
                    assert AXES[axis].covers(term, narrow_term), (key, narrower)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("dpv:A,dpv:B\n", "`small.csv`: `dpv:B`, the parent of `dpv:A`, is no term of it"),
            ("dpv:A,dpv:A\n", "`small.csv`: parents go round in a circle: `dpv:A` < `dpv:A`"),
            ("dpv:A,\ndpv:A,\n", "`small.csv` line 3: `dpv:A` is there twice"),
            ("dpv:A\n", "`small.csv` line 2: 1 columns instead of 2"),
            ("dpv:A,,\n", "`small.csv` line 2: 3 columns instead of 2"),
            ("\n", "`small.csv` line 2: 0 columns instead of 2"),
            ("A,\n", "`small.csv` line 2: `A` does not begin with `dpv:`, `pd:`, `eu-gdpr:`"),
            ("dpv:,\n", "`small.csv` line 2: `dpv:` does not begin with"),
            ("owl:A,\n", "`small.csv` line 2: `owl:A` does not begin with"),
        ],
    )
    def test_a_broken_table(self, text: str, complaint: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            small(text)
        assert str(refusal.value).startswith(complaint)

    def test_a_circle_names_who_is_in_it(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            small("dpv:A,dpv:B\ndpv:B,dpv:C\ndpv:C,dpv:A\ndpv:D,\ndpv:E,dpv:A dpv:D\n")
        assert "round in a circle" in str(refusal.value)
        assert all(f"`dpv:{name}`" in str(refusal.value) for name in "ABC")
        assert not any(f"`dpv:{name}`" in str(refusal.value) for name in "DE")

    @pytest.mark.parametrize("text", ["", "term\n", "term,parent\n", "parents,term\n"])
    def test_another_heading(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="line 1: the heading must be `term,parents`"):
            read_parents("small.csv", text)

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("key,term\n", "line 1: the heading must be `axis,key,term`"),
            ("axis,key,term\npurpose,a,dpv:A\npurpose,a,dpv:B\n", "line 3: `a` is there twice"),
            ("axis,key,term\nplace,a,dpv:A\n", "line 2: `place` is not one of category, purpose"),
        ],
    )
    def test_broken_keys(self, text: str, complaint: str) -> None:
        with pytest.raises(InvalidInput, match=complaint):
            read_keys("keys.csv", text, "purpose")

    def test_a_word_for_no_term_or_that_is_a_term(self) -> None:
        with pytest.raises(InvalidInput, match="`dpv:B`, which `b` stands for, is no term"):
            build("small.csv", {"dpv:A": ()}, {"b": "dpv:B"})
        with pytest.raises(InvalidInput, match="`dpv:A` is a term and cannot stand for `dpv:B`"):
            build("small.csv", {"dpv:A": (), "dpv:B": ()}, {"dpv:A": "dpv:B"})

    @given(
        st.dictionaries(
            st.integers(0, 12), st.frozensets(st.integers(0, 12), max_size=4), max_size=13
        )
    )
    def test_any_table_is_refused_or_sound(self, drawn: dict[int, frozenset[int]]) -> None:
        wider = {
            f"dpv:T{term}": tuple(f"dpv:T{parent}" for parent in sorted(above & drawn.keys()))
            for term, above in drawn.items()
        }
        reach = {term: {term, *above} for term, above in wider.items()}
        for _ in wider:
            reach = {t: set().union(*(reach[above] for above in seen)) for t, seen in reach.items()}
        loops = any(
            term in above or any(term in reach[parent] for parent in above)
            for term, above in wider.items()
        )
        if loops:
            with pytest.raises(InvalidInput, match="circle"):
                build("drawn.csv", wider, {})
        else:
            assert build("drawn.csv", wider, {}).above == reach


def test_a_taxonomy_cannot_be_changed_and_survives_pickling() -> None:
    with pytest.raises(AttributeError):
        PURPOSE_TAXONOMY.terms = frozenset()  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(CATEGORY_TAXONOMY))
    assert again.covers("pd:Biometric", "pd:FacialPrint")


def test_loading_is_fast() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        load("purposes", axis="purpose")
        load("categories", axis="category")
        load("lawful_bases")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.030
