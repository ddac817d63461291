/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict as a sentence, and as JSON.
 */
#include <string.h>

#include "../base/str.h"
#include "report.h"

enum {
	CAUSES_MAX = 4,	 /* named in the sentence */
	GUESSES_MAX = 3, /* likewise, where none is certain */
	QUOTE_MAX = 160, /* bytes of a line or of evidence in it */
	BLIND_MAX = 400, /* bytes of what was looked at and what was not */
};

static const char *text_of(enum bm_finding_id id)
{
	return bm_finding_kinds[id].text;
}

/* At most max bytes, cut between words. */
static void put_cut(struct bm_buf *out, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max) {
		bm_buf_adds(out, text);
		return;
	}
	for (len = max; len > max / 2 && text[len] != ' '; len--)
		;
	bm_buf_addf(out, "%.*s ...", (int)len, text);
}

/* What was looked at and what was not, with the dot of the sentence's end. */
static void put_blind(struct bm_buf *out, const char *text)
{
	put_cut(out, text, BLIND_MAX);
	if (strlen(text) <= BLIND_MAX)
		bm_buf_addc(out, '.');
}

/* --- the causes --- */

static void put_certain(const struct bm_verdict *verdict, struct bm_buf *out)
{
	size_t shown = BM_MIN(verdict->n_certain, (size_t)CAUSES_MAX), n = 0;

	for (size_t i = 0; i < verdict->n_causes && n < shown; i++) {
		if (verdict->causes[i].certainty != BM_CERTAIN)
			continue;
		n++;
		bm_buf_addf(out, "%sbecause %s",
			n == 1	     ? " "
			: n == shown ? ", and "
				     : ", ",
			text_of(verdict->causes[i].finding->id));
	}
	if (verdict->n_certain + verdict->n_left_out > shown)
		bm_buf_addf(out, " (and %zu more)", verdict->n_certain + verdict->n_left_out - shown);
}

/* The guesses: every cause, and what else the first one may be. Returns how many there are. */
static size_t guesses_of(const struct bm_verdict *verdict, enum bm_finding_id guesses[GUESSES_MAX])
{
	const struct bm_finding *first = verdict->causes[0].finding;
	size_t n = 0;

	for (size_t i = 0; i < verdict->n_causes && n < GUESSES_MAX; i++)
		guesses[n++] = verdict->causes[i].finding->id;
	for (size_t i = 0; verdict->n_causes == 1 && first->likely && i < first->n_others && n < GUESSES_MAX; i++)
		guesses[n++] = (enum bm_finding_id)first->others[i];
	return n;
}

static void put_guesses(const struct bm_verdict *verdict, struct bm_buf *out)
{
	enum bm_finding_id guesses[GUESSES_MAX];
	size_t n = guesses_of(verdict, guesses);

	bm_buf_addf(out, ", likely because %s", text_of(guesses[0]));
	for (size_t i = 1; i < n; i++)
		bm_buf_addf(out, "%s that %s", i == 1 ? " (it may also be" : " or", text_of(guesses[i]));
	if (n > 1)
		bm_buf_addc(out, ')');
}

/* --- the cure --- */

static void put_cure_of_certain(const struct bm_verdict *verdict, struct bm_buf *out)
{
	bool first = verdict->causes[0].finding->rebuild == BM_REBUILD_YES;
	size_t n = verdict->n_certain + verdict->n_left_out;

	if (verdict->rebuild == BM_REBUILDING_CURES)
		bm_buf_adds(out, n > 1 ? "cures them." : "cures it.");
	else if (verdict->rebuild == BM_REBUILDING_SOME && n == 2)
		bm_buf_addf(out, "cures only the %s.", first ? "former" : "latter");
	else if (verdict->rebuild == BM_REBUILDING_SOME)
		bm_buf_addf(out, "cures only %zu of these %zu.", verdict->cured, n);
	else
		bm_buf_adds(
			out, verdict->rebuild == BM_REBUILDING_NOT_ALONE ? "alone does not help." : "does not help.");
}

/* A cure of a guess is one, too. */
static void put_cure_of_guess(const struct bm_verdict *verdict, struct bm_buf *out)
{
	enum bm_finding_id guesses[GUESSES_MAX];
	size_t n = guesses_of(verdict, guesses), cured = 0;

	for (size_t i = 0; i < n; i++)
		cured += bm_finding_kinds[guesses[i]].rebuild == BM_REBUILD_YES;
	bm_buf_adds(out, cured == n ? "may cure it." : cured > 0 ? "may help." : "does not help.");
}

static void put_cure(const struct bm_verdict *verdict, struct bm_buf *out)
{
	if (verdict->rebuild == BM_REBUILDING_IMPOSSIBLE) {
		bm_buf_addf(out, "; bootmend can build no initramfs for it: %s.", verdict->no_rebuild);
		return;
	}
	bm_buf_adds(out, "; rebuilding the initramfs ");
	if (verdict->n_certain > 0)
		put_cure_of_certain(verdict, out);
	else
		put_cure_of_guess(verdict, out);
}

/* --- the sentences --- */

static const char *const ends[] = {
	[BM_END_NONE] = "it stops",
	[BM_END_CRASH] = "the kernel crashed, and nothing goes on behind that",
	[BM_END_PROMPT] = "the loader stopped at its prompt",
	[BM_END_SHELL] = "the boot ended in an emergency shell",
	[BM_END_HALT] = "everything was halted",
	[BM_END_PANIC] = "the kernel panicked",
};

const char *bm_report_end_text(enum bm_end end)
{
	return ends[end];
}

/* No finding stands for the end of the text: its own words do. */
static void put_end(const struct bm_verdict *verdict, struct bm_buf *out)
{
	const struct bm_observation *stop = verdict->stop;
	const struct bm_signature *signature = stop ? &bm_signatures[stop->signature] : NULL;
	const char *line = stop ? stop->text : verdict->ended->end.text;

	bm_buf_addf(out, ": %s", signature ? signature->meaning : ends[verdict->ended->end.kind]);
	if (signature && signature->n_candidates == 0) {
		bm_buf_adds(out, "; rebuilding the initramfs does not help.");
		return;
	}
	bm_buf_adds(out, ": \"");
	put_cut(out, line ? line : "", QUOTE_MAX);
	bm_buf_adds(out, "\".");
}

static bool came_up(const struct bm_verdict *verdict)
{
	return verdict->ended && (verdict->stop ? verdict->stop->stage : verdict->ended->end.stage) >= BM_STAGE_UP;
}

static void put_failure(const struct bm_verdict *verdict, struct bm_buf *out)
{
	bool text = verdict->text_only || verdict->n_causes == 0;

	if (text && came_up(verdict))
		bm_buf_adds(out, "By the console's text the system came up and then stopped");
	else if (text && verdict->against_disk)
		bm_buf_adds(out, "The disk does not show what stops the boot, but by the console's text it does not "
				 "boot");
	else if (text)
		bm_buf_adds(out, "By the console's text this does not boot");
	else
		bm_buf_adds(out, "This does not boot");
	if (verdict->n_certain > 0)
		put_certain(verdict, out);
	else if (verdict->n_causes > 0)
		put_guesses(verdict, out);
	else
		put_end(verdict, out);
	if (verdict->agreed)
		bm_buf_adds(out, ", as the console says, too");
	if (verdict->n_causes > 0)
		put_cure(verdict, out);
	if (verdict->blind) {
		bm_buf_adds(out, " What else the boot takes was not judged: ");
		put_blind(out, verdict->blind->evidence);
	}
}

static void put_unjudged(const struct bm_verdict *verdict, struct bm_buf *out)
{
	const char *text = "there is no system to be judged";

	if (verdict->blind)
		text = verdict->blind->evidence;
	else if (verdict->unread)
		text = "the initramfs of the default boot entry is there and could not be read";
	else if (verdict->nothing_looked_at)
		text = "an empty text says nothing of a boot";
	bm_buf_adds(out, "Not judged: ");
	put_blind(out, text);
}

static void put_warnings(const struct bm_verdict *verdict, struct bm_buf *out)
{
	if (verdict->warnings > 0)
		bm_buf_addf(out, "; there %s %zu %s", verdict->warnings == 1 ? "is" : "are", verdict->warnings,
			verdict->warnings == 1 ? "warning" : "warnings");
}

static void put_nothing(const struct bm_verdict *verdict, struct bm_buf *out)
{
	const struct bm_finding *doubt = verdict->doubt;

	if (doubt && doubt->source == BM_SOURCE_CONSOLE) {
		bm_buf_addf(out, "Nothing was found on the disk that stops the boot, but a console's text says that %s",
			text_of(doubt->id));
	} else if (doubt) {
		bm_buf_addf(out, "This may not boot: as far as could be seen, %s", text_of(doubt->id));
	} else if (verdict->stale) {
		bm_buf_adds(out, "Nothing was found that stops the boot, but what was seen may be stale");
	} else {
		bm_buf_adds(out, "Nothing was found that stops the boot");
		put_warnings(verdict, out);
	}
	bm_buf_addc(out, '.');
}

char *bm_report_verdict(const struct bm_verdict *verdict)
{
	_cleanup_buf_ struct bm_buf out = {0};

	switch (verdict->outcome) {
	case BM_VERDICT_FAILS:
	case BM_VERDICT_LIKELY_FAILS:
		put_failure(verdict, &out);
		break;
	case BM_VERDICT_NOT_JUDGED:
		put_unjudged(verdict, &out);
		break;
	case BM_VERDICT_BOOTS:
		put_nothing(verdict, &out);
		break;
	}
	if (verdict->stale && (verdict->outcome != BM_VERDICT_BOOTS || verdict->doubt))
		bm_buf_adds(&out, " What was seen may be stale.");
	return bm_buf_steal(&out);
}

const char *bm_report_look_next(const struct bm_verdict *verdict)
{
	static const char *const texts[] = {
		[BM_NEXT_FINDINGS] = "What to do stands with each finding.",
		[BM_NEXT_TEXT] = "What the console says is below. If that does not explain it, look at the firmware's "
				 "boot order and mode (UEFI or BIOS), and at the hardware.",
		[BM_NEXT_CAME_UP] = "The console shows a boot that came up.",
		[BM_NEXT_TEXT_IS_MUTE] = "Nor does the console's text show why it stops. If it does not boot all the "
					 "same, look at the firmware's boot order and mode (UEFI or BIOS), and at the "
					 "hardware.",
		[BM_NEXT_CONSOLE] = "If it does not boot all the same, look at the firmware's boot order and mode "
				    "(UEFI or BIOS), at the hardware, and at what the console says: bootmend diagnose "
				    "--console FILE",
	};

	return texts[verdict->next];
}

void bm_report_verdict_json(struct bm_json *json, const struct bm_verdict *verdict)
{
	_cleanup_free_ char *sentence = bm_report_verdict(verdict);
	bool helps = verdict->rebuild == BM_REBUILDING_CURES || verdict->rebuild == BM_REBUILDING_SOME;

	if (!sentence)
		json->out->failed = true;
	bm_json_str(json, "verdict", sentence);
	bm_json_str(json, "boot", bm_verdict_outcome_text(verdict->outcome));
	bm_json_array(json, "causes");
	for (size_t i = 0; i < verdict->n_causes; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "id", bm_finding_kinds[verdict->causes[i].finding->id].id);
		bm_json_str(json, "certainty", bm_certainty_text(verdict->causes[i].certainty));
		bm_json_str(json, "source", bm_source_text(verdict->causes[i].source));
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_json_str(json, "rebuild", bm_verdict_rebuild_text(verdict->rebuild));
	bm_json_bool(json, "rebuild_helps", helps);
	bm_json_bool(json, "rebuild_leaves_fatal", verdict->n_causes > 0 && verdict->rebuild != BM_REBUILDING_CURES);
	bm_json_str(json, "not_judged",
		verdict->blind		     ? verdict->blind->evidence
		: verdict->unread	     ? "the initramfs of the default boot entry could not be read"
		: verdict->nothing_looked_at ? "an empty text says nothing of a boot"
		: verdict->outcome == BM_VERDICT_NOT_JUDGED ? "no system was found"
							    : NULL);
	bm_json_bool(json, "stale", verdict->stale != NULL);
}
