"""The words of consent, as rows and forms write them."""

MARKETING, PROFILING, WEB_TRACKING, THIRD_PARTIES = "Marketing", "Profiling", "Web Tracking", "Third Parties"
PURPOSES = (MARKETING, PROFILING, WEB_TRACKING, THIRD_PARTIES)
CHANNELS = ("", "E-mail", "SMS", "Phone", "Post", "App", "WeChat", "Web")
GIVEN, WITHDRAWN, OBJECTED = "Given", "Withdrawn", "Objected"
STATES = (GIVEN, WITHDRAWN, OBJECTED)
CUSTOMER, GUARDIAN = "Customer", "Guardian"
IMPORT, MERGE, ERASURE, LINK = "Import", "Merge", "Erasure", "Withdrawal Link"
SOURCES = (
	"Desk",
	"Till",
	"Portal",
	"Web Site",
	LINK,
	"Phone Call",
	"Letter",
	IMPORT,
	"API",
	"Privacy Request",
	MERGE,
	ERASURE,
)
LEGAL_BASES = ("Consent", "Contract", "Legal Obligation", "Legitimate Interest")
AGE_OF_CONSENT = 14
"""Below this age a guardian answers (PIPL, article 31)."""
ERASED_PREFIX = "erased-"
"""How the names of erased customers begin."""
