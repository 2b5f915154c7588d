"""Which records the engine takes for one person, one case at a time among a few hundred other customers."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import people
from ccms_app.identity.matching import engine
from ccms_app.identity.matching.model import CERTAIN, LIKELY, POSSIBLE
from ccms_app.identity.matching.names import parse
from ccms_app.identity.matching.prepare import prepare

PHONE, OTHER_PHONE = "+8613800138000", "+8613900139111"
CROWD = people.make(600, seed=11)


def pair(one: dict, other: dict, crowd=CROWD) -> pd.Series | None:
	"""What the engine says of two records among a crowd; identities stand in the records as kind → value."""
	rows, values = [], []
	for name, record in (("A", one), ("B", other)):
		record = {"type": "Individual", **record}
		for kind in ("Phone", "Email", "Card", "WeChat"):
			for value in np.atleast_1d(record.pop(kind, [])):
				values.append((name, kind, value, record.get("verified", False)))
		record.pop("verified", None)
		rows.append({"id": name, **record})
	identities = pd.DataFrame(values, columns=["id", "kind", "value", "verified"])
	if crowd:
		rows = pd.concat([pd.DataFrame(rows), crowd.records])
		identities = pd.concat([identities, crowd.identities])
	found = engine.match(pd.DataFrame(rows), identities)
	found = found[(found["a"].isin(["A", "B"])) & (found["b"].isin(["A", "B"]))]
	return found.iloc[0] if len(found) else None


def certainty(one: dict, other: dict, **more) -> str:
	found = pair(one, other, **more)
	return "" if found is None else found["certainty"]


ZHANG = {"name": "张伟明", "Phone": PHONE, "birth_date": "1984-03-09"}


@pytest.mark.parametrize(
	"written",
	["张伟明", "張偉明", "Zhang Weiming", "Weiming Zhang", "ZHANG WEI MING", "zhangweiming", "张伟明先生"],
)
def test_a_chinese_name_is_known_in_either_script_and_in_pinyin_in_either_order(written):
	assert certainty(ZHANG, {**ZHANG, "name": written}) == CERTAIN


def test_another_character_of_the_same_sound_is_a_slip_of_the_input_method():
	found = pair(ZHANG, {**ZHANG, "name": "张玮明"})
	assert found["certainty"] == CERTAIN
	assert ("given", "sound") in [item[:2] for item in engine.evidence(found["levels"], found["bits"])]


@pytest.mark.parametrize(
	"one, other",
	[
		("Katherine Morrison", "Morrison, Katherine"),
		("Katherine Morrison", "Katherine Morrisson"),
		("Katherine Morrison", "Kahterine Morrison"),
		("Morrison Katherine", "Katherine Morrison"),
		("José García", "Jose Garcia"),
	],
)
def test_a_latin_name_is_known_with_a_typo_in_either_order_and_without_accents(one, other):
	shared = {"Phone": PHONE, "birth_date": "1984-03-09"}
	assert certainty({"name": one, **shared}, {"name": other, **shared}) == CERTAIN


@pytest.mark.parametrize("born", ["1984-09-03", "1984-03-19", "1974-03-09", "1984-30-09"])
def test_a_birth_date_with_day_and_month_swapped_or_one_wrong_digit_agrees_nearly(born):
	found = pair(ZHANG, {**ZHANG, "birth_date": born})
	assert found["certainty"] in (CERTAIN, LIKELY)
	levels = dict((field, level) for field, level, _bits in engine.evidence(found["levels"], found["bits"]))
	assert levels["birth_date"] == "near"


def test_a_family_with_one_phone_and_one_address_is_not_one_person():
	home = {"Phone": PHONE, "street": "人民路12号", "city": "上海", "postcode": "200000"}
	assert certainty({"name": "王建国", **home}, {"name": "王小芳", **home}) in ("", POSSIBLE)
	assert certainty({"name": "王建国", **home}, {"name": "李秀英", **home}) in ("", POSSIBLE)


def test_twins_are_never_certain():
	home = {"Phone": PHONE, "street": "人民路12号", "city": "上海", "birth_date": "1984-03-09"}
	assert certainty({"name": "王小明", **home}, {"name": "王小芳", **home}) != CERTAIN


@pytest.mark.parametrize(
	"kind, value", [("Phone", PHONE), ("Email", "front.desk@hotel.cn"), ("Card", "860012345678")]
)
def test_a_shared_identity_alone_proposes_nothing(kind, value):
	assert certainty({"name": "王建国", kind: value}, {"name": "Peter Novak", kind: value}) == ""


def test_two_kinds_of_identity_propose_even_under_another_name():
	shared = {"Phone": PHONE, "Email": "wu1984@163.com", "WeChat": "wuxiaohong84"}
	assert certainty({"name": "吴小红", **shared}, {"name": "Lucky Store", **shared}) in (POSSIBLE, LIKELY)


def test_a_recycled_number_does_not_make_its_new_owner_the_old_one():
	before = {
		"name": "赵丽",
		"Phone": PHONE,
		"birth_date": "1950-01-20",
		"city": "北京",
		"street": "和平路3号",
	}
	after = {
		"name": "Robert Green",
		"Phone": PHONE,
		"birth_date": "1991-08-02",
		"city": "上海",
		"street": "人民路9号",
	}
	assert certainty(before, after) == ""


def test_namesakes_are_at_most_possible():
	assert certainty({"name": "张伟", "Phone": PHONE}, {"name": "张伟", "Phone": OTHER_PHONE}) in (
		"",
		POSSIBLE,
	)


@pytest.mark.parametrize(
	"field, one, other",
	[
		("birth_date", "1984-03-09", "1991-11-27"),
		("gender", "Male", "Female"),
		("tax_id", "91310000A", "52440300Z"),
	],
)
def test_a_contradiction_keeps_a_pair_from_being_certain(field, one, other):
	known = {"name": "欧阳晓雪", "Phone": PHONE, "Email": "ouyang@163.com", "verified": True}
	assert pair(known, known)["merges_alone"]
	found = pair({**known, field: one}, {**known, field: other})
	assert found["certainty"] != CERTAIN
	assert found["contradicts"] and not found["merges_alone"]


def test_merging_without_a_person_needs_two_identities_verified_on_both_sides():
	known = {"name": "欧阳晓雪", "Phone": PHONE, "Email": "ouyang@163.com"}
	assert not pair({**known, "verified": True}, known)["merges_alone"]
	one_kind = {
		"name": "欧阳晓雪",
		"Phone": [PHONE, OTHER_PHONE],
		"birth_date": "1984-03-09",
		"verified": True,
	}
	assert not pair(one_kind, one_kind)["merges_alone"]


def test_a_rare_name_says_more_than_a_common_one():
	common = pair({"name": "张伟", "birth_date": "1984-03-09"}, {"name": "张伟", "birth_date": "1984-03-09"})
	rare = pair(
		{"name": "令狐惠", "birth_date": "1984-03-09"}, {"name": "令狐惠", "birth_date": "1984-03-09"}
	)
	assert rare["chance"] > common["chance"]


def test_a_firm_is_known_without_its_legal_form():
	tea = {"type": "Company", "tax_id": "91310000MA1K"}
	assert certainty({"name": "上海清茶有限公司", **tea}, {"name": "上海清茶", **tea}) == CERTAIN
	assert certainty({"name": "Blue Tea Co., Ltd.", **tea}, {"name": "BLUE TEA LIMITED", **tea}) == CERTAIN


def test_two_records_alone_on_a_site_are_compared_as_well():
	assert certainty(ZHANG, {**ZHANG, "name": "Zhang Weiming"}, crowd=None) == CERTAIN


def test_nothing_to_compare_finds_nothing():
	empty = pd.DataFrame({"id": [], "name": []})
	assert engine.match(empty).empty
	assert list(engine.match(empty).columns) == list(engine.COLUMNS)
	assert engine.match(pd.DataFrame({"id": ["A"], "name": ["张伟"]})).empty


def test_odd_texts_are_compared_without_falling_over():
	odd = ["", " ", "\0", "…", "12345", "Ольга Иванова", "‮", "a" * 500, "张", "李·艾合买提", "🙂"]
	records = pd.DataFrame({"id": [f"R{at}" for at in range(2 * len(odd))], "name": odd * 2})
	records["birth_date"], records["street"], records["city"] = "1990-13-45", "1", "x"
	found = engine.match(records)
	assert set(found["certainty"]) <= {CERTAIN, LIKELY, POSSIBLE}


def test_newcomers_find_what_everybody_with_everybody_finds():
	world = people.make(3_000, seed=6)
	new = world.records["id"] >= "C002900"
	whole = engine.match(world.records, world.identities)
	whole = whole[(whole["a"] >= "C002900") | (whole["b"] >= "C002900")]
	matcher = engine.Matcher(prepare(world.records[~new], world.identities))
	found = matcher.new(prepare(world.records[new], world.identities))
	sets = [
		{frozenset(pair) for pair in zip(each["a"], each["b"], strict=True)}
		for each in (whole[whole["certainty"] != POSSIBLE], found)
	]
	assert sets[0] and len(sets[0] - sets[1]) <= 0.03 * len(sets[0])


def test_the_same_records_in_another_order_give_the_same_answer():
	world = people.make(1_500, seed=3)
	one = engine.match(world.records, world.identities)
	other = engine.match(world.records[::-1], world.identities.sample(frac=1, random_state=1))
	chances = [
		{
			frozenset(pair): round(chance, 6)
			for *pair, chance in zip(each["a"], each["b"], each["chance"], strict=True)
		}
		for each in (one, other)
	]
	assert chances[0] == chances[1]


@pytest.mark.parametrize(
	"written, family, given",
	[
		("單雄信", "shan", "xiongxin"),
		("Shan Xiongxin", "shan", "xiongxin"),
		("欧阳修", "ouyang", "xiu"),
		("Ouyang Xiu", "ouyang", "xiu"),
		("吕布", "lu", "bu"),
		("Lyu Bu", "lu", "bu"),
		("qiangangna", "qian", "gangna"),
		("Ludwig van Beethoven", "vanbeethoven", "ludwig"),
		("Dr. Anna Smith", "smith", "anna"),
	],
)
def test_names_are_taken_apart_by_sound(written, family, given):
	found = parse(written)
	assert (found.family_sound, found.given_sound) == (family, given)
