"""Identifiers made comparable, masked and indexed: whatever people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.identity import keys, kinds, masks, normalise
from ccms_app.identity.normalise import card, email, email_root, machine, phone, phones, social, wechat


@pytest.mark.parametrize(
	"typed",
	[
		"13800138000",
		"138-0013-8000",
		"138 0013 8000",
		"+86 138 0013 8000",
		"+86-13800138000",
		"0086 13800138000",
		"86 138 0013 8000",
		"１３８００１３８０００",
		"（＋８６）１３８００１３８０００",
		"١٣٨٠٠١٣٨٠٠٠",
		"\u202e13800138000\u202c",
		"\u200f138\u200b00138000",
		" 138\u00a00013\u30008000 ",
		"138–0013—8000",
		13800138000,
	],
)
def test_a_chinese_mobile_is_one_number_however_it_is_typed(typed):
	assert phone(typed, "CN") == "+8613800138000"


@pytest.mark.parametrize(
	("typed", "region", "number"),
	[
		("(010) 6552-9988", "CN", "+861065529988"),
		("010-65529988转1234", "CN", "+861065529988"),
		("021-50501234 分机 8", "CN", "+862150501234"),
		("+1 (212) 555-2368 x12", "CN", "+12125552368"),
		("+49 30 901820", "", "+4930901820"),
		("030 901820", "DE", "+4930901820"),
		("030 901820", "de", "+4930901820"),
	],
)
def test_phones_of_other_kinds_and_countries(typed, region, number):
	assert phone(typed, region) == number


@pytest.mark.parametrize(
	"typed",
	[
		"",
		None,
		[],
		True,
		1.5,
		"12345",
		"13800138000",  # of no country
		"+86 138 0013",
		"call me 13800138000",
		"<script>13800138000</script>",
		"13800138000' or 1=1",
		"13800138000\x00",
		"1-800-FLOWERS",
		"9" * 41,
		"1" * 100_000,
	],
)
def test_what_is_no_phone(typed):
	assert phone(typed, "") is None


def test_a_field_with_several_phones():
	both = ["+8613800138000", "+8613900139000"]
	for typed in (
		"13800138000/13900139000",
		"13800138000；13900139000",
		"13800138000 或 13900139000",
		"13800138000, 139 0013 9000, 13800138000",
	):
		assert phones(typed, "CN") == both
	assert phones("13800138000 / ask Mr Li", "CN") == both[:1]
	assert phones("ask Mr Li", "CN") == []


@pytest.mark.parametrize(
	("typed", "address"),
	[
		("Foo.Bar@Example.COM", "foo.bar@example.com"),
		("foo+shop@example.com", "foo+shop@example.com"),
		("ＦＯＯ＠ＢＡＲ．ｃｏｍ", "foo@bar.com"),
		("王芳@例子.中国", "王芳@xn--fsqu00a.xn--fiqs8s"),
		("x@münchen.de", "x@xn--mnchen-3ya.de"),
		("x@XN--MNCHEN-3YA.de", "x@xn--mnchen-3ya.de"),
		("a@x.com.", "a@x.com"),
		("mailto:a@x.com", "a@x.com"),
		("\u202ea@x.com\u202c", "a@x.com"),
	],
)
def test_mail_addresses(typed, address):
	assert email(typed) == address


@pytest.mark.parametrize(
	"typed",
	[
		"",
		None,
		"a@b",
		"@x.com",
		"a@",
		"a b@x.com",
		"a@x..com",
		"a..b@x.com",
		".a@x.com",
		"a@-x.com",
		"a\x00b@x.com",
		"<script>@x.com",
		"a@x.com, b@x.com",
		"Wang Fang <a@x.com>",
		"a" * 65 + "@x.com",
		"a@" + "x" * 64 + ".com",
		"a@" + "x." * 140 + "com",
	],
)
def test_what_is_no_mail_address(typed):
	assert email(typed) is None


def test_the_mailbox_behind_an_address():
	assert email_root("f.a.n.g+shop@googlemail.com") == "fang@gmail.com"
	assert email_root("f.a+shop@example.com") == "f.a@example.com"


def test_cards_accounts_and_machines():
	assert card(" 8600-1234 ") == card("８６００ １２３４") == "86001234"
	assert card("ab12") == "AB12"
	assert card("12") is card("x" * 65) is card("<b>1234</b>") is None
	assert wechat("WangFang_88") == "wangfang_88"
	assert wechat("oABC-def_1234567890123456789") == "oABC-def_1234567890123456789"
	assert wechat("12345") is wechat("王芳") is None
	assert social("Weibo", "@Fang") == social("weibo", "https://weibo.com/u/fang?x=1") == "weibo:fang"
	assert social("", "fang") is social("weibo", "") is social("weibo", "<b>") is None
	assert normalise.normalise("Social", "weibo:@Fang") == "weibo:fang"
	assert machine("3f2a1b4c-AA") == "3f2a1b4c-AA"
	assert machine("short") is machine("has blank in it") is machine(5) is None


ANY_TEXT = st.text(max_size=400) | st.from_regex(r"[+0-9 ()\-/]{1,30}") | st.emails()


@given(st.sampled_from(kinds.KINDS), ANY_TEXT, st.sampled_from(["", "CN", "US", "XX"]))
def test_any_text_is_normalised_once_and_for_all(kind, text, region):
	value = normalise.normalise(kind, text, region)
	if value is not None:
		assert normalise.normalise(kind, value, region) == value
		assert normalise.is_normal(kind, value)
		assert "\0" not in value
		assert len(masks.mask(kind, value)) <= 140


@pytest.mark.parametrize("name", ["王\u3000芳", "O'Neil & Söhne", "\u202eevil", "x" * 140])
def test_names_of_customers_stay_as_they_are(name):
	assert normalise.normalise("Customer", name) == name
	assert normalise.is_normal("Customer", name)


@given(st.sampled_from(kinds.TYPED), st.text(max_size=30))
def test_a_mask_hides_most(kind, text):
	value = normalise.normalise(kind, text, "CN")
	if value is not None:
		shown = masks.mask(kind, value)
		assert masks.DOTS in shown
		assert value not in shown


def test_masks():
	assert masks.mask("Phone", "+8613800131234") == "+86 ··· ··· 1234"
	assert masks.mask("Phone", "+12125552368") == "+1 ··· ··· 2368"
	assert masks.mask("Email", "fang.wang@example.com") == "f···@example.com"
	assert masks.mask("Email", "f@example.com") == "···@example.com"
	assert masks.mask("Card", "86001234") == "··· 1234"
	assert masks.mask("Card", "8600") == "···"
	assert masks.mask("WeChat", "wangfang_88") == "wa···"
	assert masks.mask("Social", "weibo:fangwang") == "weibo: fa···"
	assert masks.mask("Customer", "Wang Fang") == "···"


def test_an_index_needs_the_key_and_knows_the_kind():
	one = keys.index(b"k" * 32, "Card", "1234")
	assert one == keys.index(b"k" * 32, "Card", "1234")
	assert len({one, keys.index(b"j" * 32, "Card", "1234"), keys.index(b"k" * 32, "WeChat", "1234")}) == 3
	assert keys.name("Card", one) == f"card-{one[:32]}"
