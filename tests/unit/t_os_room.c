/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that live apart: how they end, that nothing of them remains, and what they see in their room.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/mount/mount.h"
#include "os/mount/room.h"
#include "os/root/fileio.h"
#include "os/run/spawn.h"
#include "os/run/system.h"
#include "os/run/tmp.h"
#include "harness.h"

/* Containers may have root, and no namespaces. */
static void need_namespaces(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		BM_SKIP("needs root and namespaces");
}

static struct bm_spawn_result run(const char *script, const char *word, struct bm_spawn spawn)
{
	const char *argv[] = {"sh", "-c", script, "sh", word, NULL};
	struct bm_spawn_result result = {0};

	need_namespaces();
	spawn.argv = argv;
	spawn.apart = true;
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	return result;
}

/* How many processes of the machine have the word in their command line. */
static unsigned int alive(const char *word)
{
	_cleanup_strv_ struct bm_strv names = {0};
	unsigned int n = 0;

	BM_CHECK_INT(bm_file_list("/proc", &names), 0);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = bm_strf("/proc/%s/cmdline", names.items[i]);
		_cleanup_buf_ struct bm_buf text = {0};

		if (names.items[i][0] < '1' || names.items[i][0] > '9' || bm_file_read(path, 65536, &text) < 0)
			continue;
		n += memmem(bm_buf_text(&text), text.len, word, strlen(word)) != NULL;
	}
	bm_err_clear();
	return n;
}

/* A word that no other process has; sleep(1) takes it as a number. */
static char *new_word(void)
{
	char hex[17];
	char *word;

	BM_CHECK_INT(bm_system_random_hex(6, hex), 0);
	for (size_t i = 0; hex[i]; i++)
		hex[i] = (char)('0' + hex[i] % 10);
	word = bm_strf("77.%s", hex);
	BM_CHECK(word != NULL);
	return word;
}

BM_TEST(room_apart_tells_fates_apart)
{
	const char *missing[] = {"no-such-program-anywhere", NULL};
	struct bm_spawn spawn = {.argv = missing, .apart = true};
	struct bm_spawn_result result;

	result = run("echo out; echo err >&2; exit 3", "", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_EXITED);
	BM_CHECK_INT(result.code, 3);
	BM_CHECK_STR(bm_buf_text(&result.output), "out\nerr\n");
	BM_CHECK(result.peak_kib > 0);
	bm_spawn_result_done(&result);

	/* the init of a namespace could not be killed so */
	result = run("kill -SEGV $$", "", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_KILLED);
	BM_CHECK_INT(result.code, SIGSEGV);
	bm_spawn_result_done(&result);
	result = run("kill -KILL $$", "", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_KILLED);
	BM_CHECK_INT(result.code, SIGKILL);
	bm_spawn_result_done(&result);
	result = run("kill -KILL 1 0; exit 4", "", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_KILLED);
	bm_spawn_result_done(&result);

	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK_INT(result.fate, BM_SPAWN_NOT_STARTED);
	BM_CHECK_INT(result.code, ENOENT);
	bm_spawn_result_done(&result);
	spawn.chroot_dir = "/nonexistent";
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK_INT(result.fate, BM_SPAWN_NOT_STARTED);
	bm_spawn_result_done(&result);
	spawn.room = bm_room_enter;
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK_INT(result.fate, BM_SPAWN_NOT_STARTED);
	BM_CHECK_INT(result.code, ENOENT);
	BM_CHECK(strstr(bm_buf_text(&result.output), "/nonexistent"));
	bm_spawn_result_done(&result);
}

BM_TEST(room_apart_ends_in_time)
{
	_cleanup_free_ char *word = new_word();
	struct bm_spawn_result result;

	result = run("echo begun; sleep $1 & sleep $1", word, (struct bm_spawn){.limit_s = 1});
	BM_CHECK_INT(result.fate, BM_SPAWN_TIMED_OUT);
	BM_CHECK_STR(bm_buf_text(&result.output), "begun\n");
	BM_CHECK(result.elapsed_ms < 40000);
	BM_CHECK_INT(alive(word), 0);
	bm_spawn_result_done(&result);

	result = run("trap '' TERM; setsid sleep $1 & sleep $1; sleep $1", word, (struct bm_spawn){.limit_s = 1});
	BM_CHECK_INT(result.fate, BM_SPAWN_TIMED_OUT);
	BM_CHECK(result.elapsed_ms >= 5500 && result.elapsed_ms < 40000);
	BM_CHECK_INT(alive(word), 0);
	bm_spawn_result_done(&result);
}

BM_TEST(room_apart_leaves_no_daemon)
{
	_cleanup_free_ char *word = new_word();
	/* sessions of their own, parents gone, TERM ignored, our pipe held open, more of them all the time */
	struct bm_spawn_result result = run(
		"trap '' TERM HUP\n"
		"for i in 1 2 3 4 5 6 7 8 9 10; do setsid sh -c 'while :; do setsid sleep $1 & sleep .1; done' sh $1 & "
		"done\nsleep .3; echo end",
		word, (struct bm_spawn){0});

	BM_CHECK_INT(result.fate, BM_SPAWN_EXITED);
	BM_CHECK_INT(result.code, 0);
	BM_CHECK_STR(bm_buf_text(&result.output), "end\n");
	BM_CHECK_INT(alive(word), 0);
	BM_CHECK(result.elapsed_ms < 40000);
	bm_spawn_result_done(&result);
}

/* A process that runs the script apart, as bootmend does. */
static pid_t other_bootmend(const char *script, const char *word)
{
	pid_t pid = fork();

	if (pid == 0) {
		const char *argv[] = {"sh", "-c", script, "sh", word, NULL};
		struct bm_spawn spawn = {.argv = argv, .apart = true};
		struct bm_spawn_result result;

		_exit(bm_spawn_run(&spawn, &result) < 0 ? 1 : 0);
	}
	BM_CHECK(pid > 0);
	return pid;
}

BM_TEST(room_apart_dies_with_bootmend)
{
	_cleanup_free_ char *word = new_word();
	unsigned int tries = 0;
	pid_t pid;

	need_namespaces();
	pid = other_bootmend(
		"trap '' TERM HUP; setsid sh -c 'setsid sleep $1 & sleep $1' sh $1 & sleep $1; sleep $1", word);
	while (alive(word) < 4 && tries++ < 100)
		bm_sleep_ms(50);
	BM_CHECK(alive(word) >= 4);
	BM_CHECK_INT(kill(pid, SIGKILL), 0);
	BM_CHECK_INT(waitpid(pid, NULL, 0), pid);
	for (tries = 0; alive(word) > 0 && tries < 40; tries++)
		bm_sleep_ms(50);
	BM_CHECK_INT(alive(word), 0);
}

/* --- the room --- */

/* The running system's own root as somebody else's, with a /run in memory. */
static char *make_root(void)
{
	char *dir = NULL;
	_cleanup_free_ char *path = NULL, *shell = NULL, *sub = NULL;

	need_namespaces();
	BM_CHECK_INT(bm_mount_private(), 0);
	BM_CHECK_INT(bm_tmp_dir("room", &dir), 0);
	path = bm_path_join(dir, "root");
	shell = bm_path_join(dir, "root/bin/sh");
	sub = bm_path_join(dir, "root/run");
	BM_CHECK_INT(bm_dir_make(path, 0755), 0);
	BM_CHECK_INT(bm_mount_bind("/", NULL, path, false, false), 0);
	if (!bm_file_exists(shell) || !bm_file_exists(sub)) {
		BM_CHECK_INT(bm_umount_below(dir, NULL), 0);
		bm_tmp_removep(&dir);
		BM_SKIP("the programs of this system are not on its root filesystem");
	}
	BM_CHECK_INT(bm_mount_tmpfs(NULL, sub, 1 << 20), 0);
	return dir;
}

static void root_done(char *dir)
{
	BM_CHECK_INT(bm_umount_below(dir, NULL), 0);
	BM_CHECK_INT(bm_tmp_remove(dir), 0);
	free(dir);
}

/* What the script prints in the room, for bm_buf_done(); it must end well. */
static void see(const char *dir, const char *script, const char *word, struct bm_buf *ret_text)
{
	_cleanup_free_ char *path = bm_path_join(dir, "root");
	struct bm_spawn_result result =
		run(script, word, (struct bm_spawn){.chroot_dir = path, .room = bm_room_enter, .limit_s = 30});

	if (!bm_spawn_ok(&result)) {
		_cleanup_free_ char *fate = bm_spawn_fate_text("sh", &result);

		BM_CHECK_STR(fate, "");
	}
	BM_CHECK_STR(bm_buf_text(&result.errors), "");
	bm_buf_done(ret_text);
	BM_CHECK_INT(bm_buf_add(ret_text, bm_buf_text(&result.output), result.output.len), 0);
	bm_spawn_result_done(&result);
}

/* What the script prints for us. */
static void see_outside(const char *script, struct bm_buf *ret_text)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct bm_spawn spawn = {.argv = argv};
	struct bm_spawn_result result;

	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK(bm_spawn_ok(&result));
	bm_buf_done(ret_text);
	BM_CHECK_INT(bm_buf_add(ret_text, bm_buf_text(&result.output), result.output.len), 0);
	bm_spawn_result_done(&result);
}

#define NAMESPACES "for n in pid mnt ipc uts net user; do readlink /proc/self/ns/$n; done"
#define BLOCKS                                                                                                         \
	"find /dev -xdev \\( -type b -o -type l \\) ! -path '/dev/std*' | sort | while read -r p; do "                 \
	"[ ! -b \"$p\" ] || stat -c '%N %a %u %g %t %T' \"$p\"; done"

BM_TEST(room_has_namespaces_and_processes_of_its_own)
{
	char *dir = make_root();
	_cleanup_buf_ struct bm_buf in = {0}, out = {0};
	_cleanup_strv_ struct bm_strv ours = {0}, theirs = {0};
	_cleanup_free_ char *pid = bm_strf("%d", (int)getpid());
	_cleanup_fd_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	see(dir, NAMESPACES, "", &in);
	see_outside(NAMESPACES, &out);
	BM_CHECK_INT(bm_strv_split(&theirs, bm_buf_text(&in), "\n"), 0);
	BM_CHECK_INT(bm_strv_split(&ours, bm_buf_text(&out), "\n"), 0);
	BM_CHECK_INT(theirs.n, 6);
	for (size_t i = 0; i < theirs.n; i++)
		BM_CHECK_INT(bm_streq(ours.items[i], theirs.items[i]), i >= 4);

	/* Its shell is 2, its parent 1; nobody else is there, and our number is nobody's. */
	see(dir,
		"echo $$ $PPID; cd /proc; echo [0-9]*; kill -0 $1 2>/dev/null || echo none; [ -e /proc/$1 ] || echo "
		"none",
		pid, &in);
	BM_CHECK_STR(bm_buf_text(&in), "2 1\n1 2\nnone\nnone\n");
	/* To programs that ask it is a chroot, as without namespaces; the folder there has no files. */
	see(dir, "stat -L -c %d:%i / /proc/1/root/. | uniq | wc -l; ls /proc/1/root/etc 2>/dev/null || echo none", "",
		&in);
	BM_CHECK_STR(bm_buf_text(&in), "2\nnone\n");
	/* Nor does it find what we have open, such as the rescue system's root. */
	BM_CHECK(fd > 2);
	see(dir, "for f in /proc/1/fd/*; do readlink $f; done | grep -v -e ^pipe: -e ^/dev/null || echo none", "", &in);
	BM_CHECK_STR(bm_buf_text(&in), "none\n");
	/* A host's name that it sets is its own. */
	see_outside("uname -n", &out);
	see(dir, "echo elsewhere >/proc/sys/kernel/hostname; uname -n", "", &in);
	BM_CHECK_STR(bm_buf_text(&in), "elsewhere\n");
	see_outside("uname -n", &in);
	BM_CHECK_STR(bm_buf_text(&in), bm_buf_text(&out));
	root_done(dir);
}

BM_TEST(room_has_a_dev_and_a_run_of_its_own)
{
	char *dir = make_root();
	_cleanup_buf_ struct bm_buf in = {0}, out = {0};
	bool udev = bm_file_exists("/run/udev");

	see(dir, BLOCKS, "", &in);
	see_outside(BLOCKS, &out);
	BM_CHECK_STR(bm_buf_text(&in), bm_buf_text(&out));
	see(dir, "find /dev -xdev -type c | sort | tr '\\n' ' '", "", &in);
	see_outside("for n in btrfs-control full fuse loop-control mapper/control null random tty urandom zero; do "
		    "[ ! -c /dev/$n ] || printf '/dev/%s ' $n; done",
		&out);
	BM_CHECK_STR(bm_buf_text(&in), bm_buf_text(&out));
	see(dir, "find /dev -type d | sort | grep -v -e disk -e block -e mapper", "", &in);
	BM_CHECK_STR(bm_buf_text(&in), "/dev\n/dev/pts\n/dev/shm\n");
	see(dir,
		"umask 077; echo x | cat /dev/stdin /dev/fd/0; echo y >/dev/stderr; echo z >/dev/shm/f; cat "
		"/dev/shm/f; "
		"echo gone >/dev/null; head -c 3 /dev/zero | wc -c; [ -c /dev/ptmx ] && stat -c %a /dev/null /dev/shm",
		"", &in);
	BM_CHECK_STR(bm_buf_text(&in), "x\ny\nz\n3\n666\n1777\n");
	see(dir, "ls -A /run; : >/run/mark; : >/run/lock/mark", "", &in);
	BM_CHECK_STR(bm_buf_text(&in), udev ? "lock\nudev\n" : "lock\n");
	BM_CHECK(!bm_file_exists("/run/mark"));
	if (udev) {
		see(dir, "( : >/run/udev/mark ) 2>/dev/null || echo read-only; ls -A /run/udev", "", &in);
		see_outside("echo read-only; ls -A /run/udev", &out);
		BM_CHECK_STR(bm_buf_text(&in), bm_buf_text(&out));
	}
	root_done(dir);
}

BM_TEST(room_has_no_mount_but_its_own)
{
	char *dir = make_root();
	_cleanup_buf_ struct bm_buf in = {0};
	struct bm_mounts before, after;

	BM_CHECK_INT(bm_mounts_list(NULL, &before), 0);
	see(dir,
		"mkdir /dev/shm/here; mount -t tmpfs none /dev/shm/here; cut -d' ' -f5 /proc/self/mountinfo | sort | "
		"grep -v -e efivars -e ^/run/udev | tr '\\n' ' '",
		"", &in);
	BM_CHECK_STR(bm_buf_text(&in), "/ /dev /dev/pts /dev/shm /dev/shm/here /proc /run /sys ");
	see(dir, "test -s /proc/cmdline && test -d /sys/class/block && cd / && cd .. && pwd", "", &in);
	BM_CHECK_STR(bm_buf_text(&in), "/\n");
	/* Who enters the namespace anew gets its root: it is no other than this one. */
	see(dir,
		"! type nsenter >/dev/null || nsenter --mount=/proc/self/ns/mnt cut -d' ' -f5 /proc/self/mountinfo | "
		"sort | "
		"grep -v -e efivars -e ^/run/udev | tr '\\n' ' '",
		"", &in);
	BM_CHECK(in.len == 0 || bm_streq(bm_buf_text(&in), "/ /dev /dev/pts /dev/shm /proc /run /sys "));
	BM_CHECK_INT(bm_mounts_list(NULL, &after), 0);
	BM_CHECK_INT(after.n, before.n);
	bm_mounts_done(&before);
	bm_mounts_done(&after);
	root_done(dir);
}

/* --- a kernel without these namespaces --- */

/* clone(2) and unshare(2) with one of the flags are refused as such a kernel does. Only for a process that ends soon.
 */
static int refuse(uint32_t flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = BM_ARRAY_SIZE(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0
		       ? -errno
		       : 0;
}

BM_TEST(room_without_namespaces)
{
	char *dir = make_root();
	_cleanup_free_ char *path = bm_path_join(dir, "root"), *word = new_word();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const char *argv[] = {
			"sh", "-c", "ls -A /run | head -n 1; setsid sleep $1 & exec test $$ -gt 2", "sh", word, NULL};
		struct bm_spawn spawn = {
			.argv = argv, .chroot_dir = path, .apart = true, .room = bm_room_enter, .limit_s = 30};
		struct bm_spawn_result result = {0};

		if (refuse(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
			_exit(77);
		if (bm_spawn_run(&spawn, &result) < 0)
			_exit(1);
		_exit(!bm_spawn_ok(&result) ? 2 : !bm_streq(bm_buf_text(&result.output), "lock\n") ? 3 : 0);
	}
	BM_CHECK_INT(waitpid(pid, &status, 0), pid);
	BM_CHECK_INT(alive(word), 0);
	root_done(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		BM_SKIP("no seccomp");
	BM_CHECK_INT(status, 0);
}
