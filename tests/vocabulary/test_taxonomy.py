"""The taxonomies of DPV: their hierarchy and the words they take."""

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from pipeline.vocabulary.taxonomy import load
from tests.vocabulary.tables import AXES, FIDESLANG, TABLES

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


def test_a_taxonomy_cannot_be_changed_and_survives_pickling() -> None:
    with pytest.raises(AttributeError):
        PURPOSE_TAXONOMY.terms = frozenset()  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(CATEGORY_TAXONOMY))
    assert again.covers("pd:Biometric", "pd:FacialPrint")


def test_loading_is_fast() -> None:
    def seconds() -> float:
        start = time.thread_time()
        load("purposes", axis="purpose")
        load("categories", axis="category")
        load("lawful_bases")
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.030
