const CCMS_IMPORTS = "ccms_app.api.interaction_imports";

frappe.ui.form.on("CCMS Interaction Import", {
	setup(frm) {
		frm.set_query("event_source", () => ({ filters: { kind: ["!=", "Browser"] } }));
		frappe.realtime.on("ccms_import_done", ({ name }) => name === frm.doc.name && frm.reload_doc());
	},
	refresh(frm) {
		const { status, rows_done, refused, rows_in_file } = frm.doc;
		const runs = ["Running", "Checking"].includes(status);
		const is_again = status === "Finished" && frm.doc.file && refused;
		if ((status === "Finished" && !is_again) || runs) frm.disable_form();
		if (frm.is_new() || (status === "Finished" && !is_again)) return;
		const is_begun = rows_done && ["Running", "Failed"].includes(status);
		if (frm.doc.file && !is_begun && !runs) {
			frm.add_custom_button(__("Read Columns"), () => read_columns(frm));
			if (frm.doc.columns?.length && !is_again)
				frm.add_custom_button(__("Check Rows"), () => start(frm, 1));
		}
		if (frm.doc.file && frm.doc.columns?.length && status !== "Checking") {
			const title = is_begun ? __("Go On") : is_again ? __("Import Again") : __("Import");
			frm.add_custom_button(title, () => start(frm, 0)).addClass("btn-primary");
		}
		if (status === "Draft") {
			frm.set_intro(
				frm.doc.file
					? __("Read the columns, say what each becomes, check the rows, then import.")
					: __("Attach a CSV or Parquet file with one event a row."),
				"blue"
			);
		} else if (status === "Checked") {
			frm.set_intro(
				refused
					? __("{0} of {1} rows would be refused: the file below says why.", [refused, rows_in_file])
					: __("All {0} rows can be imported.", [rows_in_file]),
				refused ? "orange" : "green"
			);
		} else if (is_again) {
			frm.set_intro(
				__(
					"{0} rows were refused: the file below says why. Where the columns, the time zone or the form of times were wrong, mend them and import again; rows that are in stay as they are. The file is deleted a week after the last run.",
					[refused]
				),
				"orange"
			);
		}
	},
});

async function read_columns(frm) {
	if (frm.is_dirty()) await frm.save();
	const { message: columns } = await frappe.call({
		method: `${CCMS_IMPORTS}.columns`,
		args: { name: frm.doc.name },
		freeze: true,
	});
	const fixed = (frm.doc.columns || []).filter((row) => !row.column_name);
	frm.clear_table("columns");
	fixed.concat(columns).forEach(({ column_name, target, fixed_value }) =>
		frm.add_child("columns", { column_name, target, fixed_value })
	);
	frm.refresh_field("columns");
	frm.dirty();
}

async function start(frm, dry) {
	if (frm.is_dirty()) await frm.save();
	await frappe.call({ method: `${CCMS_IMPORTS}.start`, args: { name: frm.doc.name, dry }, freeze: true });
	frm.reload_doc();
}
