/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks for ourselves: what is locked, for how long, and who is told. tests/guard has the rest, with real others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/block/loop.h"
#include "os/hold/claim.h"
#include "os/run/system.h"
#include "harness.h"
#include "os_images.h"

BM_TEST(hold_knows_the_maker_of_a_loop)
{
	BM_CHECK_INT(bm_loop_maker("bootmend:12"), 12);
	BM_CHECK_INT(bm_loop_maker("bootmend:"), 0);
	BM_CHECK_INT(bm_loop_maker("bootmend:12x"), 0);
	BM_CHECK_INT(bm_loop_maker("bootmend:99999999999"), 0);
	BM_CHECK_INT(bm_loop_maker("/var/lib/disk.img"), 0);
}

BM_TEST(hold_adds_a_use_once)
{
	const struct bm_use part = {.name = "vda1", .path = "/dev/vda1", .dev = 5, .beneath = true};
	const struct bm_use direct = {.name = "vda1", .path = "/dev/vda1", .dev = 5};
	const struct bm_use image = {.name = "a", .path = "/a", .image = true};
	const struct bm_use inactive = {.name = "vg-root"};
	_cleanup_uses_ struct bm_uses uses = {0};

	BM_CHECK_INT(bm_uses_add(&uses, &part), 0);
	BM_CHECK(uses.items[0].beneath);
	BM_CHECK_INT(bm_uses_add(&uses, &direct), 0);
	BM_CHECK_INT(bm_uses_add(&uses, &image), 0);
	BM_CHECK_INT(bm_uses_add(&uses, &image), 0);
	BM_CHECK_INT(uses.n, 2);
	BM_CHECK(!uses.items[0].beneath);
	/* Of two without a number nobody knows that they are one. */
	BM_CHECK_INT(bm_uses_add(&uses, &inactive), 0);
	BM_CHECK_INT(bm_uses_add(&uses, &inactive), 0);
	BM_CHECK_INT(uses.n, 4);
}

/* Whether somebody else could have the file: QEMU, or a program that uses flock. */
static bool is_free(const char *path, int command)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
	int fd = open(path, O_RDWR | O_CLOEXEC), r;

	BM_CHECK(fd >= 0);
	r = command == LOCK_EX ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, command, &lock);
	close(fd);
	return r == 0;
}

/* The lock is the claim's, and then the loop device's. */
BM_TEST(hold_locks_an_image)
{
	const struct bm_strv nobody = {0};
	_cleanup_uses_ struct bm_uses uses = {0};
	struct bm_loop loop = BM_LOOP_NONE;
	struct bm_claim claim = {0}, second = {0};
	_cleanup_free_ char *image = NULL;
	char *dir;

	if (!bm_system_is_root())
		BM_SKIP("needs root");
	dir = image_dir(IMAGE_NEEDS("truncate") "truncate -s 1M image");
	image = bm_path_join(dir, "image");
	BM_CHECK_INT(bm_uses_add(&uses, &(struct bm_use){.name = "image", .path = image, .image = true}), 0);
	BM_CHECK(is_free(image, F_OFD_SETLK) && is_free(image, LOCK_EX));
	BM_CHECK_INT(bm_claim_take(&uses, NULL, &nobody, &claim), 0);
	BM_CHECK(!is_free(image, F_OFD_SETLK) && !is_free(image, LOCK_EX));
	BM_CHECK(bm_claim_fd(&claim, image) >= 0);
	BM_CHECK_INT(bm_claim_fd(&claim, "/nowhere"), -1);
	BM_CHECK_INT(bm_claim_take(&uses, NULL, &nobody, &second), -ECANCELED);
	BM_CHECK(strstr(bm_err_text(-ECANCELED), "nothing is changed: ") != NULL);
	BM_CHECK_INT(bm_loop_attach_fd(bm_claim_fd(&claim, image), image, 0, 0, 0, false, &loop), 0);
	bm_claim_done(&claim);
	BM_CHECK(!is_free(image, F_OFD_SETLK) && !is_free(image, LOCK_EX));
	bm_loop_detach(&loop);
	for (unsigned int try = 0; try < 50 && !is_free(image, LOCK_EX); try++)
		bm_sleep_ms(100);
	BM_CHECK(is_free(image, F_OFD_SETLK) && is_free(image, LOCK_EX));
	image_dir_done(dir);
}
