"""The words that events, policies and commands may use; what is not listed here is refused.

Vocabularies that will grow are strings checked here, not Avro enums, so that a new word needs no
new schema and an unknown one fails closed into quarantine. Purposes, categories and lawful bases
are terms of the W3C Data Privacy Vocabulary (DPV 2.3, https://w3id.org/dpv), written with the
prefixes `dpv:` and `pd:`.
"""

from enum import StrEnum
from functools import cache

import pycountry

from pipeline.errors import InvalidInput


class Happening(StrEnum):
    """What an ingestion event says happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DERIVED = "derived"
    ACCESSED = "accessed"
    PURPOSE_ENDED = "purpose_ended"
    RELATIONSHIP_ENDED = "relationship_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DISCLOSED = "disclosed"
    INFORMED = "informed"
    DELETED = "deleted"


class RecordKind(StrEnum):
    """What a record is: as collected, a template derived from it, or a model trained on it."""

    SOURCE = "source"
    TEMPLATE = "template"
    MODEL = "model"


class CommandKind(StrEnum):
    """What a store, recipient or person is told to do."""

    DELETE = "DELETE"
    RESTRICT = "RESTRICT"
    RELEASE = "RELEASE"
    CANCEL = "CANCEL"
    NOTIFY_RECIPIENT = "NOTIFY_RECIPIENT"
    REVIEW_MODEL = "REVIEW_MODEL"
    STOP_COLLECTION = "STOP_COLLECTION"
    ATTEST = "ATTEST"


class ReceiptStatus(StrEnum):
    """What a store answers, from least to most final: of two answers the later in this list holds.

    Receipts may arrive in any order and more than once; taking the greatest makes the outcome the
    same whatever the order.
    """

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED_BY_HOLD = "BLOCKED_BY_HOLD"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    CANCELLED = "CANCELLED"
    NOT_FOUND = "NOT_FOUND"
    COMPLETED = "COMPLETED"


RECEIPT_RANK = {status.value: rank for rank, status in enumerate(ReceiptStatus)}
SETTLED = frozenset({ReceiptStatus.COMPLETED.value, ReceiptStatus.NOT_FOUND.value})
"""Answers after which the data is gone from the store."""


class Anchor(StrEnum):
    """The event that starts a rule's clock."""

    COLLECTED = "collected"
    LAST_INTERACTION = "last_interaction"
    PURPOSE_ENDED = "purpose_ended"
    RELATIONSHIP_ENDED = "relationship_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"


class FindingKind(StrEnum):
    """What a person must decide or repair."""

    NO_RULE = "NO_RULE"
    INVALID_DOCUMENT = "INVALID_DOCUMENT"
    UNSUPPORTED_DOCUMENT = "UNSUPPORTED_DOCUMENT"
    UNKNOWN_COMMAND = "UNKNOWN_COMMAND"
    HELD_PAST_LIMIT = "HELD_PAST_LIMIT"
    NO_STORE = "NO_STORE"
    UNKNOWN_STORE = "UNKNOWN_STORE"
    OVERDUE = "OVERDUE"
    REFUSED_BY_STORE = "REFUSED_BY_STORE"
    WITHHELD = "WITHHELD"
    CLOCK_DIFFERENCE = "CLOCK_DIFFERENCE"
    FUTURE_EVENT = "FUTURE_EVENT"


UNKNOWN = "UNKNOWN"
"""Residency of a record without usable evidence. It is matched by every rule: fail closed."""

PURPOSES = frozenset(
    f"dpv:{term}"
    for term in """
    AcademicResearch AccountManagement Advertising CommercialResearch CommunicationManagement
    CounterMoneyLaundering CustomerCare CustomerManagement DirectMarketing EnforceSecurity
    FraudPreventionAndDetection HumanResourceManagement IdentityAuthentication IdentityVerification
    LegalCompliance Marketing OrganisationGovernance PaymentManagement Personalisation
    PersonalisedAdvertising PersonnelManagement ProtectionOfPublicSecurity RecordManagement
    RequestedServiceProvision ResearchAndDevelopment RightsFulfilment ScientificResearch
    SearchFunctionalities SellDataToThirdParties SellProducts ServiceOptimisation ServiceProvision
    ServicePersonalisation ServiceUsageAnalytics TargetedAdvertising TechnicalServiceProvision
    """.split()
)
"""Purposes of processing: subclasses of `dpv:Purpose`."""

CATEGORIES = frozenset(
    f"pd:{term}"
    for term in """
    Age BankAccount Behavioral Biometric BirthDate Contact Country DNACode EmailAddress Financial
    Fingerprint FacialPrint GPSCoordinate HealthRecord Identifying IPAddress Language Location
    MedicalHealth Name OfficialID PersonalDocuments PhoneNumber PhysicalAddress PhysicalTrait
    Picture Retina SocialMedia TelephoneNumber Transactional UID Username VoiceMail
    """.split()
)
"""Categories of personal data. A face photo is `pd:Picture`, its template `pd:FacialPrint`."""

LAWFUL_BASES = frozenset(
    f"dpv:{term}"
    for term in """
    Consent Contract ContractPerformance EnterIntoContract LegalObligation LegitimateInterest
    OfficialAuthorityOfController PublicInterest VitalInterest
    """.split()
)
"""Lawful bases: GDPR art. 6(1) in DPV's words."""

SIGNALS = frozenset(
    """
    declared verified_address regulator_list billing_address bank_country gps_exif phone_number
    sim_mcc ip_geolocation profile_location page_cctld page_language
    """.split()
)
"""Kinds of residency evidence that may be kept."""

PROHIBITED_SIGNALS = frozenset({"nationality", "name", "appearance", "ethnicity"})
"""Refused: irrelevant in law (GDPR recital 14) and an inference of special-category data."""

_TERRITORY_ALIASES = {"UK": "GB", "EL": "GR"}


@cache
def _territories() -> frozenset[str]:
    countries = {country.alpha_2 for country in pycountry.countries}
    return frozenset(countries | {division.code for division in pycountry.subdivisions})


def territory(code: str) -> str:
    """Normalise an ISO 3166-1 alpha-2 or 3166-2 code: `UK` to `GB`, `EL` to `GR`.

    Raises:
        InvalidInput: there is no such code. `JE`, `GG`, `IM` and `GI` are codes of their own.
    """
    normal = _TERRITORY_ALIASES.get(code, code)
    if normal not in _territories():
        message = (
            f"`{code[:12]}` is not an ISO 3166 territory; write e.g. GB, FR or US-CA, "
            "or leave the evidence out"
        )
        raise InvalidInput(message)
    return normal
