"""Cells that a spreadsheet would run."""

from io import BytesIO

import pytest

from ccms_app.privacy.formulas import is_formula, plain, plain_csv, plain_xlsx

EVIL = '=HYPERLINK("http://evil.example","see")'


@pytest.mark.parametrize(
	"cell",
	[EVIL, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "＠x"],
)
def test_a_formula_is_shown_as_it_stands(cell):
	assert is_formula(cell)
	assert plain(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "+8613800131234", "-1,200.50", "", "a=b", "王芳", None, -5, 3.2])
def test_numbers_and_words_stay(cell):
	assert plain(cell) == cell


def test_a_csv_file_keeps_everything_else():
	content = f'name,note\r\n王芳,"a ""b"", c"\r\nTom,"{EVIL.replace(chr(34), chr(34) * 2)}"\r\n'.encode()
	found = plain_csv(content).decode()
	assert "'=HYPERLINK" in found and '"王芳","a ""b"", c"' in found
	harmless = b"a;b\r\n1;-2\r\n"
	assert plain_csv(harmless, ";") is harmless


def test_an_excel_file_has_no_formula_left():
	openpyxl = pytest.importorskip("openpyxl", reason="comes with Frappe; the site suite exports as well")
	book = openpyxl.Workbook()
	book.active.append(["name", "points"])
	book.active.append([EVIL, -5])
	file = BytesIO()
	book.save(file)
	sheet = openpyxl.load_workbook(BytesIO(plain_xlsx(file.getvalue()))).active
	assert (sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value) == (f"'{EVIL}", "s", -5)
