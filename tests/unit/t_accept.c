/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/accept.h"
#include "apply/txn.h"
#include "apply/undo.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "harness.h"
#include "os/root/rootw.h"
#include "os/run/tmp.h"
#include "plan/planfile.h"

#define ID    "20261121-034000-9c1e"
#define IMAGE "/boot/initramfs-6.1.img"

/* Letters for steps, so that a row shows an order. */
static const char *step_of(char letter)
{
	switch (letter) {
	case 'f':
		return "step fsck\n\ttarget /dev/vda2\n\tfilesystem uuid\n\targument e2fsck\n\targument -f\n\targument "
		       "-y\n"
		       "\targument @DEVICE@\n";
	case 'm':
		return "step mount\n";
	case 'e':
		return "step edit\n\ttarget /etc/fstab\n\tbefore -\n";
	case 'l':
		return "step link\n\ttarget /sbin/init\n\tlink ../lib/systemd/systemd\n";
	case 'v':
		return "step move\n\ttarget /boot/old\n\tbefore -\n";
	case 'd':
		return "step depmod\n\tversion 6.1\n\ttarget /lib/modules/6.1\n\targument depmod\n\targument 6.1\n";
	case 'b':
		return "step build\n\tversion 6.1\n\targument dracut\n\targument @OUTPUT@\n";
	case 'p':
		return "step prove\n\tversion 6.1\n\ttarget " IMAGE "\n";
	case 's':
		return "step swap\n\tversion 6.1\n\ttarget " IMAGE "\n";
	case 'c':
		return "step config\n\ttarget /boot/grub/grub.cfg\n\targument grub-mkconfig\n\targument @OUTPUT@\n";
	case 'r':
		return "step record\n\ttarget /var/log/bootmend\n";
	default:
		return "step unmount\n";
	}
}

static int accept_text(const char *steps)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_plan plan = {0};
	char hash[BM_SHA256_TEXT];
	int r;

	bm_buf_addf(&text, "bootmend plan 1\n%s", steps);
	bm_sha256_text(text.data, text.len, hash);
	bm_buf_addf(&text, "sha256 %s\n", hash);
	r = bm_plan_parse(text.data, text.len, &plan);
	BM_CHECK_INT(r, 0);
	r = r == 0 ? bm_accept_plan(&plan) : 1;
	bm_plan_done(&plan);
	bm_err_clear();
	return r;
}

static int accept_order(const char *letters)
{
	_cleanup_buf_ struct bm_buf steps = {0};

	for (; *letters; letters++)
		bm_buf_adds(&steps, step_of(*letters));
	return accept_text(bm_buf_text(&steps));
}

BM_TEST(accept_takes_plans_in_their_order)
{
	static const char *const good[] = {
		"meru", "mbpsru", "fmevlcru", "mdbpsbpsru", "fmlu", "f", "mdbpsebpsveru", "mcu", "mu"};
	static const char *const wrong[] = {"", "m", "me", "bpsru", "mbsru", "mpsru", "msru", "mbpbsru", "mbepsru",
		"mmeru", "meuru", "umeru", "mefru", "merue", "mreru", "meruf", "mbpru", "mbru", "eru", "fe", "mbpsuu",
		"mbppsru", "mrru", "mbpcsru"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(good); i++)
		BM_CHECK_INT(accept_order(good[i]), 0);
	for (size_t i = 0; i < BM_ARRAY_SIZE(wrong); i++)
		BM_CHECK_INT(accept_order(wrong[i]), -EBADMSG);
}

BM_TEST(accept_asks_of_a_step_what_it_needs)
{
	static const char *const wrong[] = {
		"step edit\n\tbefore -\n",
		"step edit\n\ttarget /run/x\n\tbefore -\n",
		"step edit\n\ttarget //dev/./sda\n\tbefore -\n",
		"step edit\n\ttarget /proc/sys/kernel/core_pattern\n\tbefore -\n",
		"step edit\n\ttarget /var/lib/bootmend/x/journal\n\tbefore -\n",
		"step edit\n\ttarget /\n\tbefore -\n",
		"step link\n\ttarget /sbin/init\n",
		"step link\n\ttarget /sys/x\n\tlink y\n",
		"step move\n\ttarget /dev\n\tbefore -\n",
		"step depmod\n\tversion 6.1\n\ttarget /lib/modules/6.1\n",
		"step depmod\n\tversion ../6\n\ttarget /lib/modules/6.1\n\targument depmod\n\targument ../6\n",
		"step depmod\n\tversion 6.1\n\ttarget /lib/modules/6.1\n\targument depmod\n\targument 6.2\n",
		"step config\n\ttarget /boot/grub/grub.cfg\n\targument grub-mkconfig\n",
		"step config\n\ttarget /boot/grub/grub.cfg\n\targument @OUTPUT@x\n\targument y\nstep config\n",
		"step build\n\tversion 6.1\n\targument dracut\n\targument " IMAGE
		"\nstep prove\n\tversion 6.1\n\ttarget " IMAGE "\nstep swap\n\tversion 6.1\n\ttarget " IMAGE "\n",
		"step build\n\tversion 6.1\n\targument dracut\n\targument @OUTPUT@\nstep prove\n\tversion "
		"6.2\n\ttarget " IMAGE "\nstep swap\n\tversion 6.2\n\ttarget " IMAGE "\n",
		"step build\n\tversion 6.1\n\targument dracut\n\targument @OUTPUT@\nstep prove\n\tversion "
		"6.1\n\ttarget " IMAGE "\nstep swap\n\tversion 6.1\n\ttarget /etc/shadow\n",
		"step record\n\ttarget /run/bootmend\n",
		"step record\n\ttarget /etc\n",
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(wrong); i++) {
		_cleanup_free_ char *steps = bm_strf("step mount\n%sstep unmount\n", wrong[i]);

		BM_CHECK_INT(accept_text(steps), -EBADMSG);
	}
}

BM_TEST(accept_knows_the_command_lines_of_filesystem_checks)
{
	static const struct {
		const char *words;
		int r;
	} rows[] = {
		{"", 0},
		{"\targument e2fsck\n\targument -f\n\targument -y\n\targument @DEVICE@\n", 0},
		{"\targument e2fsck\n\targument -f\n\targument -y\n\targument /dev/vda2\n", 0},
		{"\targument xfs_repair\n\targument -e\n\targument @DEVICE@\n", 0},
		{"\targument btrfs\n\targument check\n\targument --readonly\n\targument @DEVICE@\n", 0},
		{"\targument e2fsck\n", -EBADMSG},
		{"\targument e2fsck\n\targument -y\n\targument /dev/sdb\n\targument @DEVICE@\n", -EBADMSG},
		{"\targument e2fsck\n\targument -f\n\targument -y\n\targument /dev/sdb\n", -EBADMSG},
		{"\targument e2fsck\n\targument -z\n\targument /etc/x\n\targument @DEVICE@\n", -EBADMSG},
		{"\targument xfs_repair\n\targument -L\n\targument @DEVICE@\n", -EBADMSG},
		{"\targument /tmp/e2fsck\n\targument @DEVICE@\n", -EBADMSG},
		{"\targument mkfs.ext4\n\targument @DEVICE@\n", -EBADMSG},
		{"\targument @DEVICE@\n", -EBADMSG},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *steps =
			bm_strf("step fsck\n\ttarget /dev/vda2\n%sstep mount\nstep unmount\n", rows[i].words);

		BM_CHECK_INT(accept_text(steps), rows[i].r);
	}
	BM_CHECK_INT(accept_text("step fsck\nstep mount\nstep unmount\n"), -EBADMSG);
}

BM_TEST(accept_fsck_only_of_the_systems_own_devices)
{
	char vda2[] = "vda2", dev_vda2[] = "/dev/vda2", vdb1[] = "vdb1", dev_vdb1[] = "/dev/vdb1";
	char a[] = "a", b[] = "b", c[] = "c", top[] = "/", srv[] = "/srv";
	struct bm_device devices[] = {
		{.name = vda2, .path = dev_vda2, .uuid = a}, {.name = vdb1, .path = dev_vdb1, .uuid = b}};
	struct bm_mount mounts[] = {{.target = top, .device = 0}, {.target = srv, .device = BM_DEVICE_NONE}};
	const struct bm_survey survey = {.devices = {.items = devices, .n = 2}};
	const struct bm_system system = {.mounts = mounts, .n_mounts = 2};
	const struct bm_device *found = NULL;
	struct bm_step step = {.kind = BM_STEP_FSCK, .target = dev_vda2};

	BM_CHECK_INT(bm_accept_fsck(&step, &survey, &system, &found), 0);
	BM_CHECK(found == &devices[0]);
	step.target = dev_vdb1;
	BM_CHECK_INT(bm_accept_fsck(&step, &survey, &system, &found), -EPERM);
	/* The name of the one with the UUID of the other is neither. */
	step.filesystem = a;
	BM_CHECK_INT(bm_accept_fsck(&step, &survey, &system, &found), 0);
	BM_CHECK(found == &devices[0]);
	step.filesystem = c;
	BM_CHECK_INT(bm_accept_fsck(&step, &survey, &system, &found), -ENODEV);
	bm_err_clear();
}

/* --- journals --- */

/* The lines with their sums. */
static void sign(const char *lines, struct bm_buf *out)
{
	char sum[BM_SHA256_TEXT] = "0000000000000000";

	for (const char *at = lines; *at; at += strcspn(at, "\n") + 1) {
		size_t len = strcspn(at, "\n");
		struct bm_sha256 hash;

		bm_sha256_init(&hash);
		bm_sha256_add(&hash, sum, BM_JOURNAL_SUM);
		bm_sha256_add(&hash, at, len);
		bm_sha256_end(&hash, sum);
		bm_buf_addf(out, "%.*s%.*s\n", BM_JOURNAL_SUM, sum, (int)len, at);
	}
}

static int accept_lines(const char *lines)
{
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	int r;

	sign(lines, &text);
	BM_CHECK_INT(bm_journal_parse(bm_buf_text(&text), text.len, &journal), 0);
	BM_CHECK(!journal.torn);
	r = bm_accept_journal(&journal, ID);
	bm_err_clear();
	return r;
}

#define BEGIN  " begin id=" ID " version=1\n"
#define BEFORE " before=file before-size=3 before-mode=420"

BM_TEST(accept_takes_journals_that_bootmend_writes)
{
	static const char *const good[] = {
		BEGIN,
		BEGIN
		" intent number=1 step=2 op=mkdir path=/etc/x dir=/etc before=absent after=dir\n"
		" intent number=2 step=2 op=create path=/etc/x/y dir=/etc/x before=absent after=file\n done number=2\n"
		" end outcome=repaired\n undo-begin\n undone number=2\n undone number=1\n undo-end\n",
		BEGIN " intent number=1 step=2 op=replace path=/etc/shadow dir=/etc pre=/var/lib/bootmend/" ID
		      "/1.pre" BEFORE "\n",
		BEGIN " intent number=1 op=replace path=" IMAGE " dir=/boot keep=1 pre=" IMAGE
		      ".bootmend-2026-11-28T13-11-12Z" BEFORE "\n",
		BEGIN
		" intent number=1 op=replace path=" IMAGE
		" dir=/boot keep=1 gap=1 pre=/var/lib/bootmend/initramfs-6.1.img.bootmend-2026-11-28T13-11-12Z-1" BEFORE
		"\n",
		BEGIN " intent number=1 op=create path=/sbin/init dir=/sbin before=link before-link=gone after=link "
		      "after-link=/lib/x\n",
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(good); i++)
		BM_CHECK_INT(accept_lines(good[i]), 0);
}

#define PRE " pre=/var/lib/bootmend/" ID "/1.pre"

BM_TEST(accept_refuses_journals_that_lead_elsewhere)
{
	static const char *const wrong[] = {
		" end\n" BEGIN,
		" begin id=20261127-000000-dead version=1\n",
		BEGIN BEGIN,
		/* paths */
		BEGIN " intent number=1 op=replace path=/run/udev/rules.d/x dir=/run/udev/rules.d" PRE BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/dev/sda dir=/dev" PRE BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/proc/sys/kernel/core_pattern dir=/proc/sys/kernel" PRE BEFORE
		      "\n",
		BEGIN " intent number=1 op=create path=/sys/x dir=/sys before=absent\n",
		BEGIN " intent number=1 op=create path=/boot/../etc/x dir=/boot/../etc before=absent\n",
		BEGIN " intent number=1 op=create path=/boot//x dir=/boot/ before=absent\n",
		BEGIN " intent number=1 op=create path=/ dir=/ before=absent\n",
		BEGIN
		" intent number=1 op=create path=/var/lib/bootmend/x/journal dir=/var/lib/bootmend/x before=absent\n",
		BEGIN " intent number=1 op=create path=/etc/x dir=/usr before=absent\n",
		BEGIN " intent number=1 op=create path=/etc/x before=absent\n",
		/* what was there */
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc" BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc pre=/etc/shadow" BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc pre=/var/lib/bootmend/" ID "/2.pre" BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc keep=1 pre=/etc/x.bootmend-new" BEFORE "\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc keep=1 pre=/etc/y.bootmend-2026" BEFORE "\n",
		BEGIN " intent number=1 op=create path=/etc/x dir=/etc before=absent pre=/etc/shadow\n",
		BEGIN " intent number=1 op=mkdir path=/etc/x dir=/etc before=dir\n",
		/* numbers, that undo counts down from */
		BEGIN " intent number=2 op=create path=/etc/x dir=/etc before=absent\n",
		BEGIN " intent number=18446744073709551615 op=create path=/etc/x dir=/etc before=absent\n",
		BEGIN " done number=1\n",
		BEGIN " undone number=18446744073709551615\n",
		/* values */
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc" PRE " before=file before-mode=33188\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc" PRE " before=file before-uid=4294967296\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc" PRE
		      " before=file before-mtime-ns=1073741823\n",
		BEGIN " intent number=1 op=replace path=/etc/x dir=/etc" PRE
		      " before=file before-size=9223372036854775808\n",
		BEGIN " intent number=1 op=create path=/etc/x dir=/etc before=link before-link=\n",
		BEGIN " intent number=1 op=create path=/etc/x dir=/etc before=absent dir-mtime-ns=1073741822\n",
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(wrong); i++)
		BM_CHECK_INT(accept_lines(wrong[i]), -EBADMSG);
}

/* What a hostile journal costs must not grow with the cube of its length. */
BM_TEST(accept_long_journals_come_to_an_end)
{
	const struct bm_rootw_attr attr = {.mode = 0600};
	_cleanup_buf_ struct bm_buf lines = {0}, text = {0};
	_cleanup_undo_ struct bm_undo_result result = {0};
	_cleanup_tmp_ char *dir = NULL;
	struct bm_root *root = NULL;

	bm_buf_adds(&lines, BEGIN);
	for (int i = 1; i <= 4000; i++)
		bm_buf_addf(&lines,
			" intent number=%d op=create path=/etc/%d dir=/etc before=absent after=absent\n done "
			"number=%d\n",
			i, i, i);
	sign(bm_buf_text(&lines), &text);
	BM_CHECK_INT(bm_tmp_dir("accept", &dir), 0);
	BM_CHECK_INT(bm_root_open(dir, &root), 0);
	BM_CHECK_INT(bm_rootw_mkdir_p(root, BM_TXN_HOME "/" ID, 0700), 0);
	BM_CHECK_INT(bm_rootw_write(root, BM_TXN_HOME "/" ID "/journal", text.data, text.len, &attr), 0);
	BM_CHECK_INT(bm_undo_root(root, ID, &result), 0);
	BM_CHECK_INT(result.restored.n, 4000);
	BM_CHECK_INT(bm_rootw_remove_tree(root, "/var"), 0);
	bm_root_free(root);
}
