/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixers among themselves: one file a family. Each takes one finding and either changes drafts and adds steps, or
 * says in an instruction why it does not. They see the findings in the order of the families, so that an image is built
 * after what it copies was mended, and a configuration is written when all that it is made from is right.
 */
#ifndef BM_PLAN_FIX_H
#define BM_PLAN_FIX_H

#include "draft.h"

enum { BM_FIXER_COUNT = BM_FIXER_DEFAULT + 1 };

struct bm_fix {
	const struct bm_survey *survey;
	const struct bm_system *system;
	const struct bm_plan_request *request;
	struct bm_plan *plan; /* for notes and instructions */
	struct bm_drafts drafts;
	struct bm_plan made[BM_FIXER_COUNT]; /* steps that are no edits, of each family */
	struct bm_strv rebuild;		 /* ids for which the default kernel's image is built anew; empty: it is not */
	struct bm_strv config;		 /* ids for which the system's tool writes grub.cfg anew; likewise */
	struct bm_strv wanted, unwanted; /* arguments that the default entry must have, and must not have, then */
	bool want_initrd;		 /* it must load an initramfs then */
	struct bm_strv moot;		 /* ids that matter no more when another kernel is the default */
	bool default_set;		 /* another entry is the default then */
};

typedef int bm_fixer_run(struct bm_fix *fix, const struct bm_finding *finding);

bm_fixer_run bm_fix_fstab, bm_fix_crypttab, bm_fix_mdadm, bm_fix_lvm_devices, bm_fix_init, bm_fix_space, bm_fix_depmod,
	bm_fix_rebuild, bm_fix_entry, bm_fix_cmdline, bm_fix_default;

/* fix.c: what they share. Each returns 0 or -ENOMEM unless it says otherwise. */

/* "ID: sentence" for the person. */
int bm_fix_instruct(struct bm_fix *fix, const struct bm_finding *finding, const char *format, ...) BM_MUST_CHECK
	BM_PRINTF(3, 4);
/* The draft of path; *ret_draft is NULL, and an instruction says so, where the file can't be edited. */
int bm_fix_open(struct bm_fix *fix, const struct bm_finding *finding, const char *path,
	struct bm_draft **ret_draft) BM_MUST_CHECK;
/* "# bootmend 2026-11-21: reason", for free(); NULL when memory is short. */
char *bm_fix_comment(const struct bm_fix *fix, const char *reason);
/* Comments a line out, with the reason above it. */
int bm_fix_comment_out(struct bm_fix *fix, struct bm_draft *draft, unsigned int line, const char *reason) BM_MUST_CHECK;
/* Asks for a new image of the default kernel, for this finding. */
int bm_fix_want_rebuild(struct bm_fix *fix, const struct bm_finding *finding) BM_MUST_CHECK;
/* Whether the root lies on a device of this kind. */
bool bm_fix_root_on(const struct bm_fix *fix, enum bm_device_kind kind);
/* Whether the default kernel itself can't boot, so that no image of it helps. */
bool bm_fix_kernel_dead(const struct bm_fix *fix);
/* fix_default.c: the finding's kernel can't be mended: says so, and sets the default to another kernel that is whole,
 * where one is. */
int bm_fix_leave_kernel(struct bm_fix *fix, const struct bm_finding *finding) BM_MUST_CHECK;
/* The default boot entry, or NULL. */
const struct bm_boot_entry *bm_fix_default_entry(const struct bm_fix *fix);
/* Whether grub.cfg, in which the entry stands, is written anew by the system's own tool. */
bool bm_fix_has_mkconfig(const struct bm_fix *fix, const struct bm_boot_entry *entry);

/* discard.c: puts the steps that give up the system's hibernation images (system NULL: those on the disks of the
 * filesystem that the plan repairs) before those of the plan. Where *ret_refusal
 * says that there is nothing else to do, they become the plan; it is changed where they cannot be given up. */
int bm_plan_discard(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	enum bm_plan_refusal *ret_refusal) BM_MUST_CHECK;

/* fix_cmdline.c: the arguments in all places where they stand. */

/* A change of the arguments: a word KEY=VALUE becomes another text, or goes. */
struct bm_fix_change {
	const struct bm_finding *finding;
	const char *key, *value;
	const char *by;	    /* or NULL */
	const char *why;    /* or NULL: it is on none of the disks, or keeps the root from being brought up */
	const char *unless; /* lines with this text stay, or NULL */
	size_t n;	    /* how many lines it has changed */
	size_t n_entry;	    /* of them, those from which the loader takes the default entry's arguments */
};
/* Makes it in the loader's entries, or has them written anew, and in the files from which the next ones are made. */
int bm_fix_change_everywhere(struct bm_fix *fix, struct bm_fix_change *change) BM_MUST_CHECK;
/* Another text for arguments; *ret_value (for free()) is NULL where they stay as they are. 0 or -ENOMEM. */
typedef int bm_fix_replace(const struct bm_fix *fix, const void *context, const char *now, char **ret_value);
/* Changes kernelopts in GRUB's environment block. *ret_draft is NULL where nothing changed: there is none, it is
 * damaged, or the new text does not fit. 0 or -ENOMEM. */
int bm_fix_environment(
	struct bm_fix *fix, bm_fix_replace *replace, const void *context, struct bm_draft **ret_draft) BM_MUST_CHECK;
/* Puts arguments in: behind the kernel in a command, at the front of a BLS file's options. */
int bm_fix_insert_arguments(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry,
	const char *arguments) BM_MUST_CHECK;

/* fix_arguments.c: what the arguments of an entry without them were. */

/* "root=UUID=...", or "root=/dev/mapper/VG-LV rd.lvm.lv=VG/LV"; NULL where the root has no name that lasts (then
 * *ret_failed says whether memory was short). For free(). */
char *bm_fix_root_arguments(const struct bm_fix *fix, bool *ret_failed);
/* The subvolume of a btrfs root, as rootflags= names it; NULL for none. For free(). 0 or -ENOMEM. */
int bm_fix_root_flags(const struct bm_fix *fix, char **ret_flags) BM_MUST_CHECK;
/* Appends root, "ro", flags (or NULL), and what /etc/default/grub, /etc/kernel/cmdline or another entry says beside
 * them. 0 or -ENOMEM. */
int bm_fix_lost_arguments(
	const struct bm_fix *fix, const char *root, const char *flags, struct bm_buf *out) BM_MUST_CHECK;

/* fix_menu.c: entries where there is none. */
bm_fixer_run bm_fix_menu;

/* fix_activation.c: arguments that name what the root lies on. */

/* Takes the argument that the finding is about, one of keys (NULL at the end), out everywhere; the last one that brings
 * up what the root lies on is replaced by one that does. */
int bm_fix_remove(struct bm_fix *fix, const struct bm_finding *finding, const char *const *keys) BM_MUST_CHECK;
int bm_fix_activation(struct bm_fix *fix, const struct bm_finding *finding) BM_MUST_CHECK;

/* fix_renamed.c: the present names of volumes, everywhere. */
bm_fixer_run bm_fix_renamed;
/* The line with the present names of all volumes that it names by another: /dev/VG/LV, /dev/mapper/VG-LV, GRUB's
 * lvm/VG-LV, rd.lvm.lv=VG/LV, rd.lvm.vg=VG. *ret_line (for free()) is NULL where it names none. 0 or -ENOMEM. */
int bm_words_rename(const char *line, const struct bm_renames *renames, const struct bm_devices *devices,
	char **ret_line) BM_MUST_CHECK;

/* words.c: arguments inside lines of any loader's file. */

/* Replaces each word KEY=VALUE (value NULL: whatever the value; "" after the key for none) by another text (NULL: takes
 * it out). *ret_line is the new line for free(), NULL where it has no such word. 0 or -ENOMEM. */
int bm_words_replace(
	const char *line, const char *key, const char *value, const char *by, char **ret_line) BM_MUST_CHECK;
/* The same for a word as it is: "$kernelopts". */
int bm_words_replace_word(const char *line, const char *word, const char *by, char **ret_line) BM_MUST_CHECK;
/* device-mapper's name of a logical volume: VG-LV, hyphens inside the parts doubled. */
void bm_words_put_mapper(struct bm_buf *out, const char *vg, const char *lv);

/* fix.c: lines of an entry. */

/* The last line of the command that begins there: lines end with a backslash where they go on. */
unsigned int bm_fix_command_end(const struct bm_draft *draft, unsigned int line);
/* The line of the command that loads the entry's kernel, 0 where it does not stand there. */
unsigned int bm_fix_kernel_line(const struct bm_draft *draft, const struct bm_boot_entry *entry);

/* fix_stub.c: the ESP's way to GRUB's configuration. */
bm_fixer_run bm_fix_stub;
/* Reads its draft again: *ret_problem (for free()) is set where it leads elsewhere. 0 or -ENOMEM. */
int bm_fix_verify_stub(struct bm_fix *fix, char **ret_problem) BM_MUST_CHECK;

/* The draft as a BLS file. */
struct bm_bls;
int bm_fix_read_bls(const struct bm_draft *draft, struct bm_bls *ret_bls) BM_MUST_CHECK;

/* verify.c: reads the drafts of the loader's files again. *ret_problem (for free()) is NULL where the default entry is
 * what was wanted. */
int bm_fix_verify(struct bm_fix *fix, char **ret_problem) BM_MUST_CHECK;

/* plan.c: parts of any plan. */

/* Adds a step; target may be NULL. The filesystem is that of target, else the root's. NULL when memory is short. */
struct bm_step *bm_plan_add_step(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	enum bm_step_kind kind, const char *version, const char *target);
/* MOUNT, and what ends a plan. */
int bm_plan_begin(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system) BM_MUST_CHECK;
int bm_plan_end(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system) BM_MUST_CHECK;
/* The system must have a depmod; and a tool that builds images. */
int bm_plan_add_depmod(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_kernel *kernel) BM_MUST_CHECK;
int bm_plan_add_kernel(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_kernel *kernel) BM_MUST_CHECK;
/* Takes over text (NULL: memory was short) as the note that says why there is no plan. */
int bm_plan_refuse(
	struct bm_plan *plan, enum bm_plan_refusal reason, enum bm_plan_refusal *ret_refusal, char *text) BM_MUST_CHECK;

/* mend.c: the plan for the findings; plan has the system's names already. */
int bm_plan_mend(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan_request *request,
	struct bm_plan *plan, enum bm_plan_refusal *ret_refusal) BM_MUST_CHECK;

#endif
