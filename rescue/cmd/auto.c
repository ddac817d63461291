/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend auto: the repair without anybody at the console. It ends with one line on every console:
 *
 *	bootmend: result=repaired exit=1 system=3f2a9c1e kernel=6.1.0-56-amd64 token=t1
 *
 * Values hold no blanks; "-" stands where something is not known. A script reads result and exit, and compares token
 * with the one it gave.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../apply/tries.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mntns.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "cmd.h"
#include "config.h"
#include "repair.h"
#include "survey.h"
#include "turn.h"

enum {
	EXIT_NOT_ASKED = 3, /* of --if-asked: nobody wants an unattended run */
	WAIT_SECONDS = 20,
	VALUE_MAX = 128,
	WHY_MAX = 400,
	TRIES_SAME_MAX = 1, /* reboots after the same repair */
	TRIES_ALL_MAX = 8,  /* after any, within a day */
};

/* A value of the result line: printable, without blanks, and never empty. */
static char *value_text(const char *value)
{
	char *text = strndup(value && *value ? value : "-", VALUE_MAX);

	for (char *p = text; p && *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '=')
			*p = '_';
	return text;
}

/* Why it did not go well, on every console: the report may stand on one that nobody reads. */
static void say_why(const struct bm_repair_outcome *outcome)
{
	static const char *const good[] = {"repaired", "planned", "nothing"};
	const char *why = outcome->why ? outcome->why : bm_cmd_said();
	_cleanup_free_ char *cut = strndup(why, WHY_MAX), *safe = cut ? bm_str_safe(cut) : NULL, *line = NULL;

	for (size_t i = 0; i < BM_ARRAY_SIZE(good); i++)
		if (bm_streq(outcome->result, good[i]))
			return;
	if (safe && *safe)
		line = bm_strf("bootmend: why: %s", safe);
	if (line && bm_console_write(line) < 0)
		bm_err_clear();
}

static void say_result(const struct bm_repair_outcome *outcome, const char *token)
{
	_cleanup_free_ char *system = value_text(outcome->system_id), *kernel = value_text(outcome->kernel);
	_cleanup_free_ char *given = value_text(token), *result = value_text(outcome->result), *line = NULL;

	if (system && kernel && given && result)
		line = bm_strf(BM_CMD_RESULT "%s exit=%d system=%s kernel=%s token=%s", result, outcome->status, system,
			kernel, given);
	if (!line) {
		bm_cmd_error("out of memory");
		return;
	}
	if (bm_console_write(line) < 0)
		bm_err_clear();
	/* Whoever reads a pipe or a file is no console. */
	if (!bm_tty_is(fileno(stdout)))
		printf("%s\n", line);
	fflush(stdout);
}

static int read_config(struct bm_bmconf *conf)
{
	_cleanup_mntns_ struct bm_mntns home = BM_MNTNS_NONE;
	int r = bm_mntns_save(&home);

	if (r == 0)
		r = bm_config_read(conf, WAIT_SECONDS);
	if (r == 0)
		r = bm_mntns_return(&home);
	return r;
}

/* The repair, tried again while disks may still be appearing. */
static void repair(const struct bm_global *global, const struct bm_bmconf *conf, struct bm_repair_outcome *outcome)
{
	const struct bm_repair_request request = {.wanted = {.kernel = conf->kernel},
		.dry_run = conf->dry_run,
		.yes = true,
		.limit_seconds = conf->limit_seconds};
	struct bm_global own = *global;
	uint64_t begin = bm_time_ms();
	bool disks = false;
	int r;

	if (conf->system)
		own.system = conf->system;
	/* What is named is there already, or never comes. */
	r = own.root || own.disks.n > 0 ? 0 : bm_config_wait(WAIT_SECONDS, &disks);
	if (r < 0) {
		outcome->status = bm_cmd_failed(r, NULL);
		return;
	}
	for (;;) {
		outcome->status = bm_repair_run(&own, &request, outcome);
		if (own.root || own.disks.n > 0 || !bm_streq(outcome->result, "none") ||
			bm_time_ms() - begin >= WAIT_SECONDS * 1000ULL)
			return;
		bm_repair_outcome_done(outcome);
		bm_sleep_ms(1000);
	}
}

/* What is the same repair for the same asker; for another token it is another occasion. */
static int key_of(const struct bm_repair_outcome *outcome, const char *token, char ret_key[BM_SHA256_TEXT])
{
	_cleanup_free_ char *text =
		bm_strf("%s %s %s", token ? token : "", outcome->what, *outcome->what ? "" : outcome->result);

	if (!text)
		return -ENOMEM;
	bm_sha256_text(text, strlen(text), ret_key);
	ret_key[BM_TRIES_KEY] = '\0';
	return 0;
}

/* Counts this run on the system that it was about. Returns BM_EXIT_OK, or another status after saying why there is no
 * place to count. */
static int count(const struct bm_global *global, const struct bm_repair_outcome *outcome, const char *token,
	struct bm_tries *ret_tries)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	char key[BM_SHA256_TEXT];
	_cleanup_fd_ int lock = -1;
	struct bm_global own = *global;
	struct bm_system *system;
	int r, status;

	if (!own.root)
		own.system = outcome->system_id;
	status = bm_repair_lock(&lock);
	if (status == BM_EXIT_OK)
		status = bm_cmd_survey_open(&own, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(&own, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	if (bm_cmd_hibernated(&open.survey, system, NULL))
		return BM_EXIT_FAILED;
	r = key_of(outcome, token, key);
	if (r == 0)
		r = bm_tries_count(&open.survey, system, key, ret_tries);
	return r < 0 ? bm_cmd_failed(r, "the try cannot be counted") : BM_EXIT_OK;
}

/* Whether the machine may be rebooted. Where the rescue system comes up again, or the boot fails again and drops to it,
 * the same would be done for ever: so each run is counted on the patient, and without a place to count there is no
 * reboot. */
static bool may_reboot(
	const struct bm_global *global, const struct bm_bmconf *conf, const struct bm_repair_outcome *outcome)
{
	struct bm_tries tries = {0};
	const char *why = NULL;

	if (!outcome->system_id)
		why = "there is no system on which the try could be counted";
	else if (conf->dry_run)
		why = "a dry run writes nothing, so that the try cannot be counted";
	else if (count(global, outcome, conf->token, &tries) != BM_EXIT_OK)
		why = "the try cannot be counted on the system";
	else if (tries.same > TRIES_SAME_MAX)
		why = "the same was done before, and the machine came back";
	else if (tries.all > TRIES_ALL_MAX)
		why = "it was rebooted too often within a day";
	if (why)
		bm_cmd_error("the machine is not rebooted: %s", why);
	return !why;
}

static void finish(enum bm_then then)
{
	int r = 0;

	if (then == BM_THEN_REBOOT)
		r = bm_system_end(BM_SYSTEM_REBOOT);
	else if (then == BM_THEN_POWEROFF)
		r = bm_system_end(BM_SYSTEM_POWEROFF);
	if (r < 0)
		bm_cmd_failed(r, bm_then_name(then));
}

static int auto_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_bmconf_ struct bm_bmconf conf = {0};
	struct bm_repair_outcome outcome = {.status = BM_EXIT_FAILED, .result = "failed"};
	bool if_asked = false;
	const struct bm_cmd_option options[] = {{"--if-asked", 0, NULL, &if_asked}};
	int words, r, status;

	status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("auto takes no arguments (they stand on the kernel command line)");
	r = read_config(&conf);
	/* Also where nothing is asked for: the switch itself may be the misspelt word. */
	for (size_t i = 0; i < conf.problems.n; i++)
		bm_cmd_error("%s", conf.problems.items[i]);
	if (r == 0 && if_asked && !conf.asked)
		return EXIT_NOT_ASKED;
	if (r < 0) {
		bm_cmd_failed(r, "cannot read what to do");
	} else if (conf.problems.n > 0) {
		/* Acting on half of what was meant is worse than not acting. */
		outcome = (struct bm_repair_outcome){.status = BM_EXIT_USAGE, .result = "usage"};
	} else {
		repair(global, &conf, &outcome);
	}
	status = outcome.status;
	if (conf.then == BM_THEN_REBOOT && !may_reboot(global, &conf, &outcome))
		conf.then = BM_THEN_SHELL;
	say_why(&outcome);
	say_result(&outcome, conf.token);
	bm_repair_outcome_done(&outcome);
	finish(conf.then);
	return status;
}

const struct bm_cmd bm_cmd_auto = {
	.name = "auto",
	.arguments = "",
	.summary = "repair unattended, as the kernel command line says",
	.details = "Reads these from the kernel command line and from bootmend.conf on a volume labelled BOOTMENDCFG:\n"
		   "  bootmend.auto                          wanted for the rescue ISO to work unattended\n"
		   "  bootmend.kernel=VER|all                as repair --kernel; without it what is found is mended\n"
		   "  bootmend.system=ID                     as --system\n"
		   "  bootmend.dry-run                       print the plan only\n"
		   "  bootmend.then=reboot|poweroff|shell    what comes after it; shell: nothing. Not\n"
		   "                                         rebooted where the same was done before\n"
		   "  bootmend.time-limit=SECONDS            as repair --time-limit\n"
		   "  bootmend.token=TOKEN                   is repeated in the result line\n"
		   "  bootmend.config=own|any|none           which volumes count; on the command line only\n"
		   "  --if-asked           do nothing, with exit status 3, without bootmend.auto\n",
	.run = auto_run,
};
