/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image of dracut does by itself, as the proof tells it to the checks. */
#include "image_maker.h"
#include "proof/proof.h"

static const char lvm[] = "VOLS=\"$(getargs rd.lvm.vg) $(getargs rd.lvm.lv)\"\n"
			  "if [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto; then\n";
static const char md[] = "ARRAYS=$(getargs rd.md.uuid)\nif [ -z \"$ARRAYS\" ] && ! getargbool 0 rd.auto; then\n";

static void put_dirs(struct bm_buf *out)
{
	static const char *const dirs[] = {"etc", "etc/cmdline.d", "usr", "usr/lib", "usr/lib/dracut",
		"usr/lib/dracut/hooks", "usr/lib/dracut/hooks/cmdline", "usr/lib/dracut/hooks/initqueue"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(out, dirs[i]);
}

static struct bm_proof prove(const struct bm_buf *image)
{
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	struct made_source made = {image->data, image->len, 0};
	const struct bm_image_source source = {made_read, &made};
	const struct bm_proof_need need = {.version = "6.1.0-9-amd64"};
	struct bm_proof proof;

	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	return proof;
}

BM_TEST(proof_tells_what_dracut_does_by_itself)
{
	_cleanup_buf_ struct bm_buf image = {0};
	_cleanup_proof_ struct bm_proof proof = {0};
	const struct bm_proof_dracut *dracut = &proof.dracut;

	put_dirs(&image);
	put_file(&image, "etc/cmdline", 0644, "quiet");
	put_file(&image, "etc/cmdline.d/90lvm.conf", 0644, " rd.lvm.lv=a/b \n");
	put_file(&image, "etc/cmdline.d/95resume.conf", 0644, "resume=UUID=x\n");
	put_file(&image, "etc/cmdline.d/old.bak", 0644, "rd.auto\n");
	put_file(&image, "etc/crypttab", 0600, "# nothing\n\n");
	put_file(&image, "usr/lib/dracut/hooks/cmdline/30-parse-lvm.sh", 0755, lvm);
	put_file(&image, "usr/lib/dracut/hooks/cmdline/30-parse-md.sh", 0755, md);
	put_file(&image, "usr/lib/dracut/hooks/initqueue/devexists-\\x2fdev\\x2fsda1.sh", 0755, "x");
	put_file(&image, "etc/devexists-\\x2fdev\\x2fsda2.sh", 0755, "x");
	put_trailer(&image);
	proof = prove(&image);
	BM_CHECK(dracut->hooks[BM_LAYER_LVM] && dracut->defaults[BM_LAYER_LVM] == BM_DRACUT_ALL);
	BM_CHECK(dracut->hooks[BM_LAYER_MD] && dracut->defaults[BM_LAYER_MD] == BM_DRACUT_NOTHING);
	BM_CHECK(!dracut->hooks[BM_LAYER_CRYPT]);
	BM_CHECK_STR(dracut->arguments, "  rd.lvm.lv=a/b \n resume=UUID=x\n quiet");
	BM_CHECK(!dracut->crypttab && !dracut->unread);
	BM_CHECK_INT(dracut->waits.n, 1);
	BM_CHECK_STR(dracut->waits.items[0], "/dev/sda1");
}

BM_TEST(proof_takes_the_later_text)
{
	_cleanup_buf_ struct bm_buf image = {0};
	_cleanup_proof_ struct bm_proof proof = {0};

	put_dirs(&image);
	put_file(&image, "etc/cmdline.d/a.conf", 0644, "first");
	put_file(&image, "etc/crypttab", 0600, "a UUID=b");
	put_file(&image, "usr/lib/dracut/hooks/cmdline/30-parse-md.sh", 0755, "");
	put_trailer(&image);
	put_file(&image, "etc/cmdline.d/a.conf", 0644, "second");
	put_trailer(&image);
	proof = prove(&image);
	BM_CHECK_STR(proof.dracut.arguments, " second");
	BM_CHECK(proof.dracut.crypttab);
	BM_CHECK_INT(proof.dracut.defaults[BM_LAYER_MD], BM_DRACUT_UNKNOWN);
}
