/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <string.h>

#include "../base/str.h"

/* --- properties of kinds --- */

bool bm_finding_is_blind(enum bm_finding_id id)
{
	return id == BM_FINDING_NOT_JUDGED || id == BM_FINDING_UNOPENED;
}

bool bm_finding_is_stale(enum bm_finding_id id)
{
	return id == BM_FINDING_JOURNAL_DIRTY;
}

/* Whether the kind stops a boot where nothing makes it milder. */
static bool can_be_fatal(enum bm_finding_id id)
{
	return bm_finding_kinds[id].severity == BM_SEVERITY_FATAL || bm_finding_kinds[id].maybe_fatal;
}

/* --- what a text shows --- */

/* A text that tells of the present: given, or of this very boot; and nothing has changed since. */
static bool is_present(const struct bm_console *console)
{
	return console->kind != BM_CONSOLE_KEPT && !console->overtaken;
}

/* Words that say themselves that the boot stops here, whatever else is in the text. */
static bool stops(const struct bm_console *console, const struct bm_observation *observation)
{
	const struct bm_signature *signature = &bm_signatures[observation->signature];

	if (observation->signature == BM_SIGNATURE_OOM_DEAD || observation->signature == BM_SIGNATURE_ROOT_NFS_PANIC)
		return true;
	if (signature->strength == BM_STRENGTH_HINT || signature->strength == BM_STRENGTH_END)
		return false;
	if (signature->strength == BM_STRENGTH_OPEN)
		return true;
	if (observation->signature == BM_SIGNATURE_FS_TYPE && console->reached < BM_STAGE_ROOT)
		return strstr(observation->text, "root") != NULL;
	/* Nothing on the disk is to blame, or the root was never mounted. */
	return signature->n_candidates == 0 ||
	       (signature->strength == BM_STRENGTH_GENERAL && signature->until == BM_STAGE_ROOT &&
		       console->reached < BM_STAGE_ROOT);
}

/* The words that say most about the stop: first those without a cause on the disk, then those of the end itself. */
static int weight(const struct bm_console *console, const struct bm_observation *observation)
{
	const struct bm_signature *signature = &bm_signatures[observation->signature];

	/* Another one says why. */
	if (observation->explained)
		return observation->line == console->end.line ? 1 : 0;
	if (stops(console, observation))
		return 4 + (signature->n_candidates == 0 ? 4 : 0) + (int)signature->strength;
	if (signature->strength == BM_STRENGTH_END)
		return 2;
	return observation->line == console->end.line && console->end.line > 0 ? 1 : 0;
}

static const struct bm_observation *stop_of(const struct bm_console *console)
{
	const struct bm_observation *best = NULL;

	for (size_t i = 0; i < console->n_observations; i++) {
		const struct bm_observation *observation = &console->observations[i];

		if (weight(console, observation) > (best ? weight(console, best) : 0))
			best = observation;
	}
	return best;
}

static bool ends_badly(const struct bm_console *console)
{
	if (console->end.kind != BM_END_NONE)
		return true;
	for (size_t i = 0; i < console->n_observations; i++)
		if (stops(console, &console->observations[i]))
			return true;
	return false;
}

/* The text that ends worst, the first of several. */
static void find_end(const struct bm_consoles *consoles, struct bm_verdict *verdict)
{
	for (size_t i = 0; consoles && i < consoles->n; i++) {
		const struct bm_console *console = &consoles->items[i];

		if (!is_present(console) || !ends_badly(console) ||
			(verdict->ended && verdict->ended->end.kind >= console->end.kind))
			continue;
		verdict->ended = console;
		verdict->stop = stop_of(console);
	}
}

/* Whether the finding answers words of the text that ends badly, which say that the boot stops. */
static bool answers_end(const struct bm_console *console, const struct bm_finding *finding)
{
	for (size_t i = 0; i < console->n_observations; i++) {
		const struct bm_observation *observation = &console->observations[i];
		bool harmless = bm_signatures[observation->signature].until == BM_STAGE_NEVER &&
				observation->line != console->end.line;

		if (observation->answered && observation->finding == finding->id && !harmless)
			return true;
	}
	return false;
}

/* --- the causes --- */

static enum bm_certainty certainty_of(const struct bm_finding *finding)
{
	if (finding->severity == BM_SEVERITY_FATAL && !finding->likely)
		return BM_CERTAIN;
	return finding->doubtful && finding->source == BM_SOURCE_DISK ? BM_POSSIBLE : BM_LIKELY;
}

/* Each kind once, the first of it; what several sources say counts as both. */
static void add_cause(struct bm_verdict *verdict, const struct bm_finding *finding)
{
	enum bm_certainty certainty = certainty_of(finding);

	for (size_t i = 0; i < verdict->n_causes; i++) {
		struct bm_verdict_cause *cause = &verdict->causes[i];

		if (cause->finding->id != finding->id)
			continue;
		cause->certainty = BM_MIN(cause->certainty, certainty);
		if (cause->source != finding->source)
			cause->source = BM_SOURCE_BOTH;
		return;
	}
	if (verdict->n_causes == BM_VERDICT_CAUSES_MAX) {
		verdict->n_left_out++;
		return;
	}
	verdict->causes[verdict->n_causes++] = (struct bm_verdict_cause){finding, certainty, finding->source};
	verdict->n_certain += certainty == BM_CERTAIN;
}

/* A fatal finding is a cause; where none is certain, so is each that words of the end stand for, however mild. */
static bool is_cause(const struct bm_verdict *verdict, const struct bm_finding *finding, bool certain)
{
	if (finding->severity == BM_SEVERITY_FATAL)
		return true;
	return !certain && verdict->ended && finding->severity != BM_SEVERITY_NOTE &&
	       answers_end(verdict->ended, finding);
}

static bool has_certain(const struct bm_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (certainty_of(&findings->items[i]) == BM_CERTAIN)
			return true;
	return false;
}

/* In the order in which a boot meets them, those that are one of several guesses last. */
static void find_causes(const struct bm_findings *findings, struct bm_verdict *verdict)
{
	bool certain = has_certain(findings);

	verdict->text_only = true;
	for (int guess = 0; guess <= 1; guess++)
		for (int id = 0; id < BM_FINDING_COUNT; id++)
			for (size_t i = 0; i < findings->n; i++) {
				const struct bm_finding *finding = &findings->items[i];

				if ((int)finding->id != id || finding->likely != (guess == 1) ||
					!is_cause(verdict, finding, certain))
					continue;
				add_cause(verdict, finding);
				verdict->agreed |= finding->source == BM_SOURCE_BOTH;
				verdict->text_only &= finding->source == BM_SOURCE_CONSOLE;
			}
}

/* The first finding that would be fatal and is milder only because it is not certain. */
static const struct bm_finding *find_doubt(const struct bm_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].doubtful && findings->items[i].severity == BM_SEVERITY_WARNING &&
			can_be_fatal(findings->items[i].id))
			return &findings->items[i];
	return NULL;
}

static const struct bm_finding *find_kind(const struct bm_findings *findings, bool (*is)(enum bm_finding_id id))
{
	for (size_t i = 0; i < findings->n; i++)
		if (is(findings->items[i].id))
			return &findings->items[i];
	return NULL;
}

/* --- the rebuild --- */

/* Why no image can be built, as the findings tell, a clause; or NULL. */
static const char *why_no_rebuild(const struct bm_verdict_input *input)
{
	for (size_t i = 0; i < input->findings->n; i++)
		switch (input->findings->items[i].id) {
		case BM_FINDING_MODULES_MISSING:
			return "its kernel has no modules";
		case BM_FINDING_NO_TOOL:
			return "the system has no tool that builds one";
		case BM_FINDING_FOREIGN_TOOL:
			return "the system has a tool of its own for that";
		default:
			break;
		}
	return NULL;
}

static void judge_rebuild(const struct bm_verdict_input *input, struct bm_verdict *verdict)
{
	size_t after = 0, would = 0, cured = 0, told = 0;

	if (verdict->n_causes == 0)
		return;
	verdict->no_rebuild = why_no_rebuild(input);
	for (size_t i = 0; i < verdict->n_causes; i++) {
		const struct bm_finding *finding = verdict->causes[i].finding;

		if (verdict->n_certain > 0 && verdict->causes[i].certainty != BM_CERTAIN)
			continue;
		told++;
		would += bm_finding_kinds[finding->id].rebuild == BM_REBUILD_YES;
		cured += finding->rebuild == BM_REBUILD_YES;
		after += finding->rebuild == BM_REBUILD_AFTER;
	}
	/* That none can be built for another reason matters only where one would cure something. */
	if (!verdict->no_rebuild && input->no_rebuild && cured > 0)
		verdict->no_rebuild = "there is nothing to build it from";
	if (verdict->no_rebuild && would > 0) {
		verdict->rebuild = BM_REBUILDING_IMPOSSIBLE;
		return;
	}
	verdict->cured = cured;
	if (verdict->cured == told && verdict->n_left_out == 0)
		verdict->rebuild = BM_REBUILDING_CURES;
	else if (verdict->cured > 0)
		verdict->rebuild = BM_REBUILDING_SOME;
	else
		verdict->rebuild = after > 0 ? BM_REBUILDING_NOT_ALONE : BM_REBUILDING_HELPS_NOT;
}

/* --- where to look next --- */

static bool has_unanswered(const struct bm_console *console)
{
	for (size_t i = 0; i < console->n_observations; i++)
		if (!console->observations[i].answered)
			return true;
	return false;
}

static enum bm_verdict_next next_of(const struct bm_verdict_input *input, const struct bm_verdict *verdict)
{
	bool given = false, unanswered = verdict->ended && verdict->n_causes == 0;

	for (size_t i = 0; input->consoles && i < input->consoles->n; i++) {
		const struct bm_console *console = &input->consoles->items[i];

		given |= console->kind != BM_CONSOLE_KEPT;
		unanswered |= is_present(console) && has_unanswered(console);
	}
	if (verdict->n_causes > 0 || (verdict->blind && verdict->blind->id == BM_FINDING_UNOPENED && !unanswered))
		return BM_NEXT_FINDINGS;
	if (unanswered)
		return BM_NEXT_TEXT;
	if (input->consoles && bm_consoles_up(input->consoles))
		return BM_NEXT_CAME_UP;
	return given ? BM_NEXT_TEXT_IS_MUTE : BM_NEXT_CONSOLE;
}

/* --- the whole --- */

/* Texts that were given, and none of them has a line. */
static bool is_empty(const struct bm_consoles *consoles)
{
	for (size_t i = 0; consoles && i < consoles->n; i++)
		if (consoles->items[i].n_lines > 0)
			return false;
	return true;
}

static enum bm_verdict_outcome outcome_of(const struct bm_verdict_input *input, const struct bm_verdict *verdict)
{
	bool blind = verdict->blind || verdict->unread || verdict->nothing_looked_at;

	if (verdict->n_certain > 0)
		return BM_VERDICT_FAILS;
	if (verdict->ended)
		return verdict->against_disk || verdict->ended->old ? BM_VERDICT_LIKELY_FAILS : BM_VERDICT_FAILS;
	if (verdict->n_causes > 0)
		return BM_VERDICT_LIKELY_FAILS;
	/* Neither a system nor a text: nothing was judged at all. */
	return blind || (input->disks && !input->system) ? BM_VERDICT_NOT_JUDGED : BM_VERDICT_BOOTS;
}

void bm_verdict_make(const struct bm_verdict_input *input, struct bm_verdict *ret_verdict)
{
	struct bm_verdict verdict = {.unread = input->unread,
		.warnings = bm_findings_count(input->findings, BM_SEVERITY_WARNING),
		.nothing_looked_at = !input->disks && is_empty(input->consoles)};

	find_end(input->consoles, &verdict);
	find_causes(input->findings, &verdict);
	verdict.against_disk = verdict.ended && input->system && verdict.text_only;
	verdict.blind = find_kind(input->findings, bm_finding_is_blind);
	verdict.stale = find_kind(input->findings, bm_finding_is_stale);
	if (verdict.n_causes == 0 && !verdict.ended)
		verdict.doubt = find_doubt(input->findings);
	judge_rebuild(input, &verdict);
	verdict.next = next_of(input, &verdict);
	verdict.outcome = outcome_of(input, &verdict);
	if (verdict.outcome == BM_VERDICT_FAILS || verdict.outcome == BM_VERDICT_LIKELY_FAILS)
		verdict.bits |= BM_VERDICT_BIT_PROBLEMS;
	if (verdict.blind || verdict.unread || verdict.outcome == BM_VERDICT_NOT_JUDGED)
		verdict.bits |= BM_VERDICT_BIT_UNJUDGED;
	*ret_verdict = verdict;
}

const char *bm_verdict_outcome_text(enum bm_verdict_outcome outcome)
{
	static const char *const texts[] = {"boots", "fails", "likely-fails", "not-judged"};

	return texts[outcome];
}

const char *bm_certainty_text(enum bm_certainty certainty)
{
	static const char *const texts[] = {"certain", "likely", "possible"};

	return texts[certainty];
}

const char *bm_verdict_rebuild_text(enum bm_verdict_rebuild rebuild)
{
	static const char *const texts[] = {"none", "cures", "some", "not-alone", "no", "impossible"};

	return texts[rebuild];
}
