"""Purposes, categories and lawful bases: terms of the W3C Data Privacy Vocabulary (DPV 2.3).

Written with the prefixes `dpv:` and `pd:` (https://w3id.org/dpv).
"""

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
