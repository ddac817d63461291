# bootmend: why a machine does not boot, and the repair of its initramfs.
#
# Targets
#   make              build/bootmend: the static binary (musl); the first time also the libraries in it
#   make check        unit tests, suites, fuzz corpora replayed under sanitizers, lints; at most 8 minutes
#   make test         make check, the ISO, then one scenario of each kind in virtual machines; at most 28 minutes
#   make test-all     the same with every scenario; once before an issue is closed
#   make demo         a machine that does not boot is repaired through the ISO, shown step by step
#   make iso          build/bootmend.iso
#   make bench        a table of speed, memory and sizes beside other tools
#   make unit         unit tests alone (ONLY=TEXT: those whose file or name has TEXT)
#   make fuzz-replay  the fuzz corpora alone (ONLY=TARGET: one of them)
#   make fuzz         fuzz each target for T seconds with libFuzzer (ONLY=TARGET: one of them)
#   make lint         lints alone
#   make warnings     compile everything with gcc and with clang, a warning being an error
#   make format       put the sources into the form that the lint wants
#   make setup        install all packages of packages.list that are missing (each target does so for its own)
#   make install      binary, man page, dracut module, hooks of package managers (PREFIX=/usr/local, DESTDIR=,
#                     DRACUTDIR=, KERNELINSTALLDIR=, KERNELHOOKSDIR=)
#   make clean        remove what was built, except the libraries; `make distclean` removes everything
#
# Variables
#   SAN=1             build/san/bootmend instead: dynamic, with AddressSanitizer and UBSan
#   CC=gcc            the compiler; gcc and clang are known to do
#   MUSL_CC=musl-gcc  the compiler driver that links with musl
#   DEPS_TARBALLS=DIR take the libraries' sources from upstream tarballs in DIR (where there is no Debian)
#   JOBS=N            how many jobs at a time (default: as many as there are processors)
#   O=build           where everything that is built goes
#   T=60              seconds a fuzz target gets

VERSION := 0.1.0

O ?= build
T ?= 60
ONLY ?=
PREFIX ?= /usr/local
DESTDIR ?=
DRACUTDIR ?= /usr/lib/dracut/modules.d
KERNELINSTALLDIR ?= /usr/lib/kernel/install.d
KERNELHOOKSDIR ?= /etc/kernel
MUSL_CC ?= musl-gcc
CLANG ?= clang
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
ifeq ($(origin CC),default)
CC := gcc
endif

# A make that another one started shares the outer one's jobs.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
.DELETE_ON_ERROR:
.SUFFIXES:

DEPS := $(O)/deps
CORPORA := $(wildcard ../shared/corpora)

# --- sources ---

SOURCES := $(sort $(filter-out rescue/deps/%,$(wildcard rescue/*/*.c rescue/*/*/*.c)))
MAIN := $(wildcard rescue/main.c)
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
# A test whose data lies beside the project exists only where that data does.
ifeq ($(CORPORA),)
UNIT_SOURCES := $(filter-out tests/unit/t_corpus_%.c,$(UNIT_SOURCES))
endif
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SOURCES))
ISO_PARTS := $(shell find iso dracut-module -type f 2>/dev/null)

# --- flags ---

WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings
BASE_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Irescue $(WARNINGS) -MMD -MP
BASE_FLAGS += -fno-strict-aliasing -fno-common
LIBS := -lmount -lblkid -lz -llzma -lzstd -llz4 -lbz2 -llzo2

# The static flavour. clang is shown musl's headers by hand; linking is always musl's driver.
ifneq ($(findstring clang,$(notdir $(CC))),)
STATIC_CC = $(CC) -nostdlibinc -isystem /usr/include/$(shell uname -m)-linux-musl
else
STATIC_CC = REALGCC=$(CC) $(MUSL_CC)
endif
# What goes through every byte of an image is built fast, all else small.
OPTIMISE = -Os
FAST = base/% fmt/image/% fmt/kernel/mod% fmt/etc/wildcard%
$(foreach sources,$(FAST),$(eval $$(O)/o/rescue/$(sources).o: OPTIMISE = -O2))
STATIC_FLAGS = $(BASE_FLAGS) $(OPTIMISE) -ffunction-sections -fdata-sections
STATIC_FLAGS += -fno-asynchronous-unwind-tables -fno-unwind-tables
STATIC_FLAGS += -I$(O)/gen -isystem $(DEPS)/include -isystem $(DEPS)/kernel $(CFLAGS)
STATIC_LDFLAGS = -static -s -Wl,--gc-sections -Wl,--build-id=none -L$(DEPS)/lib $(LDFLAGS)

# The sanitizer flavour, and libFuzzer's: dynamic, with the system's libraries.
SAN_FLAGS = $(BASE_FLAGS) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_FLAGS += -I$(O)/san/gen $(CFLAGS)
FUZZ_FLAGS = $(SAN_FLAGS) -fsanitize=fuzzer-no-link

STATIC_OBJECTS := $(SOURCES:%.c=$(O)/o/%.o)
SAN_OBJECTS := $(SOURCES:%.c=$(O)/san/o/%.o)
FUZZ_OBJECTS := $(SOURCES:%.c=$(O)/fuzz/o/%.o)
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(O)/san/o/%.o)

# --- what to make ---

.PHONY: all
ifeq ($(SAN),1)
all: $(O)/san/bootmend
else
all: $(O)/bootmend
endif
	@:

.PHONY: help
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# Commands that change with a variable are kept in a file each, so that a change builds again what it concerns.
define remember
	@mkdir -p $(dir $@)
	@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@
endef
.PHONY: force
force:
$(O)/o/command: force
	$(call remember,$(STATIC_CC) $(STATIC_FLAGS) $(STATIC_LDFLAGS))
$(O)/san/o/command: force
	$(call remember,$(CC) $(SAN_FLAGS) $(LDFLAGS))

# Packages: each group of packages.list is seen to once (and again when the list changes).
$(O)/setup/%: packages.list packages.sh
	@./packages.sh $* && mkdir -p $(dir $@) && touch $@
.PHONY: setup
setup:
	@./packages.sh all

# The libraries, once.
$(DEPS)/versions: rescue/deps/build rescue/deps/fetch | $(O)/setup/build $(if $(DEPS_TARBALLS),,$(O)/setup/sources)
	@mkdir -p $(DEPS)
	@echo "  DEPS    util-linux, zlib, xz, zstd, lz4, bzip2, lzo (once; one to two minutes)"
	@TARBALLS='$(DEPS_TARBALLS)' CC=$(MUSL_CC) flock $(DEPS)/lock sh -c \
		'[ $@ -nt rescue/deps/build -a $@ -nt rescue/deps/fetch ] || exec rescue/deps/build $(DEPS)'

# Our own version and the libraries', for --version.
define versions_header
	@mkdir -p $(dir $@)
	@awk 'BEGIN { print "/* generated by the Makefile */"; print "#define BM_VERSION \"$(VERSION)\"" } \
		{ name = toupper($$1); gsub(/-/, "_", name); print "#define BM_VERSION_" name " \"" $$2 "\"" }' $(1) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
endef
$(O)/gen/versions.h: $(DEPS)/versions Makefile
	$(call versions_header,$(DEPS)/versions)
	@touch $@
$(O)/san/versions: Makefile | $(O)/setup/check
	@mkdir -p $(dir $@)
	@for pair in util-linux:mount zlib:zlib xz:liblzma zstd:libzstd lz4:liblz4 bzip2:bzip2 lzo:lzo2; do \
		version=$$(pkg-config --modversion "$${pair#*:}" 2>/dev/null) || version=$$(dpkg-query -W -f \
			'$${Version}' "lib$${pair#*:}*-dev" 2>/dev/null || dpkg-query -W -f '$${Version}' libbz2-dev); \
		echo "$${pair%:*} $$version"; done >$@
$(O)/san/gen/versions.h: $(O)/san/versions
	$(call versions_header,$(O)/san/versions)
	@touch $@

$(O)/o/%.o: %.c $(O)/o/command | $(O)/gen/versions.h
	@mkdir -p $(dir $@)
	@echo "  CC      $<"
	@$(STATIC_CC) $(STATIC_FLAGS) -c -o $@ $<
$(O)/bootmend: $(STATIC_OBJECTS) $(MAIN:%.c=$(O)/o/%.o) $(DEPS)/versions
	@echo "  LINK    $@"
	@REALGCC=gcc $(MUSL_CC) $(STATIC_LDFLAGS) -o $@.new $(filter %.o,$^) -Wl,--start-group $(LIBS) -Wl,--end-group
	@mv $@.new $@

# The same objects with the hooks of tests/repair: faults at every effect, a record of them, machines that are not there.
HOOKS := hooks record
RECORDED := openat write fsync syncfs ftruncate renameat linkat unlinkat mkdirat symlinkat ioctl syscall
$(O)/hooked/bootmend: $(STATIC_OBJECTS) $(MAIN:%.c=$(O)/o/%.o) $(HOOKS:%=$(O)/o/tests/repair/%.o) $(DEPS)/versions
	@mkdir -p $(dir $@)
	@echo "  LINK    $@"
	@REALGCC=gcc $(MUSL_CC) $(STATIC_LDFLAGS) $(RECORDED:%=-Wl,--wrap=%) -o $@.new $(filter %.o,$^) -Wl,--start-group $(LIBS) -Wl,--end-group
	@mv $@.new $@
# The small programs of its test systems.
$(O)/hooked/%: $(O)/o/tests/repair/%.o
	@mkdir -p $(dir $@)
	@echo "  LINK    $@"
	@REALGCC=gcc $(MUSL_CC) $(STATIC_LDFLAGS) -o $@.new $^ && mv $@.new $@

$(O)/san/o/%.o: %.c $(O)/san/o/command | $(O)/san/gen/versions.h $(O)/setup/check
	@mkdir -p $(dir $@)
	@echo "  CC san  $<"
	@$(CC) $(SAN_FLAGS) -c -o $@ $<
# A binary gets its name when it is whole, so that a run beside a build never sees half of one.
link_san = $(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@.new $^ $(LIBS) && mv $@.new $@
$(O)/san/libbootmend.a: $(SAN_OBJECTS)
	@rm -f $@ && $(AR) rcs $@ $^
$(O)/san/bootmend: $(MAIN:%.c=$(O)/san/o/%.o) $(O)/san/libbootmend.a
	@echo "  LINK    $@"
	@$(link_san)
$(O)/san/unit: $(UNIT_OBJECTS) $(O)/san/libbootmend.a
	@echo "  LINK    $@"
	@$(link_san)
$(O)/san/replay_%: $(O)/san/o/tests/fuzz/fuzz_%.o $(O)/san/o/tests/fuzz/replay.o $(O)/san/libbootmend.a
	@echo "  LINK    $@"
	@$(link_san)
.SECONDARY:

-include $(shell find $(O)/o $(O)/san/o $(O)/fuzz/o $(O)/warn -name '*.d' 2>/dev/null)

# --- tests ---

# What tests/repair and tests/guard need: bootmend with hooks, and small programs.
HOOKED := bootmend tree pack label hold
REPLAYS := $(FUZZ_TARGETS:%=$(O)/san/replay_%)
# A suite of its own is an executable tests/NAME/run; it finds the binaries in BOOTMEND and BOOTMEND_SAN.
SUITES := $(filter-out tests/lint/run tests/fuzz/run,$(wildcard tests/*/run))
BESIDE = $(filter-out tests/repair/run tests/disks/run tests/guard/run,$(SUITES))
CHECK_SUITES = 'build+=$(MAKE) --no-print-directory binaries' 'warnings+=$(MAKE) --no-print-directory warnings'
CHECK_SUITES += 'unit&=$(O)/san/unit' $(foreach suite,$(BESIDE),'$(patsubst tests/%/run,%,$(suite))&=$(suite)')
# Disks with the same UUIDs are taken for clones: a suite that makes some runs alone.
CHECK_SUITES += $(foreach suite,$(filter-out $(BESIDE),$(SUITES)),'$(patsubst tests/%/run,%,$(suite))=$(suite)')
CHECK_SUITES += 'fuzz corpora&=tests/fuzz/run $(O)' 'lints&=tests/lint/run $(O)'
export BOOTMEND := $(abspath $(O)/bootmend)
export BOOTMEND_SAN := $(abspath $(O)/san/bootmend)
export BUILD := $(abspath $(O))
export ASAN_OPTIONS ?= abort_on_error=1:detect_stack_use_after_return=1:allocator_may_return_null=1
export UBSAN_OPTIONS ?= print_stacktrace=1:abort_on_error=1

.PHONY: binaries unit fuzz-replay lint check test test-all demo iso bench warnings
binaries: $(O)/bootmend $(HOOKED:%=$(O)/hooked/%) $(O)/san/bootmend $(O)/san/unit $(REPLAYS)
unit: $(O)/san/unit
	@$(O)/san/unit $(ONLY)
fuzz-replay: $(REPLAYS)
	@tests/fuzz/run $(O) $(ONLY)
lint: $(O)/bootmend
	@tests/lint/run $(O)
# Of an ordinary day: tests/repair/run.
check test: export FAULTS ?= daily
check: | $(O)/setup/check
	+@LOGS=$(O)/logs tests/run $(CHECK_SUITES)
test test-all: | $(O)/setup/check $(O)/setup/iso $(O)/setup/lab
	+@LOGS=$(O)/logs tests/run $(CHECK_SUITES) 'iso+=$(MAKE) --no-print-directory iso' 'scenarios=qemu/lab $@'
demo: $(O)/bootmend.iso | $(O)/setup/lab
	@qemu/lab demo
iso: $(O)/bootmend.iso
	@:
$(O)/bootmend.iso: $(O)/bootmend $(ISO_PARTS) | $(O)/setup/iso
	@iso/build $(O)/bootmend $@
bench: $(O)/bootmend.iso | $(O)/setup/check $(O)/setup/iso $(O)/setup/lab
	@tests/bench

# Both compilers, musl's headers and glibc's, a warning being an error.
WARN_SOURCES := $(SOURCES) $(MAIN) $(UNIT_SOURCES) $(wildcard tests/fuzz/*.c tests/repair/*.c)
warnings: $(WARN_SOURCES:%.c=$(O)/warn/%.clang) $(patsubst %.c,$(O)/warn/%.gcc,$(SOURCES) $(MAIN))
$(O)/warn/%.clang: %.c Makefile | $(O)/san/gen/versions.h $(O)/setup/check
	@mkdir -p $(dir $@)
	@$(CLANG) $(BASE_FLAGS) -I$(O)/san/gen -MF $@.d -MT $@ -Werror -fsyntax-only $< && touch $@
$(O)/warn/%.gcc: %.c Makefile | $(O)/gen/versions.h
	@mkdir -p $(dir $@)
	@$(MUSL_CC) $(STATIC_FLAGS) -MF $@.d -MT $@ -Werror -c -o /dev/null $< && touch $@

# libFuzzer: new inputs and crashes go to $(O)/fuzz.
.PHONY: fuzz
$(O)/fuzz/o/%.o: %.c Makefile | $(O)/san/gen/versions.h $(O)/setup/fuzz
	@mkdir -p $(dir $@)
	@$(CLANG) $(FUZZ_FLAGS) -c -o $@ $<
$(O)/fuzz/libbootmend.a: $(FUZZ_OBJECTS)
	@rm -f $@ && $(AR) rcs $@ $^
$(O)/fuzz/fuzz_%: $(O)/fuzz/o/tests/fuzz/fuzz_%.o $(O)/fuzz/libbootmend.a
	@$(CLANG) $(SAN_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
fuzz: $(FUZZ_TARGETS:%=$(O)/fuzz/fuzz_%)
	@tests/fuzz/run --fuzz $(T) $(O) $(ONLY)

# --- the rest ---

.PHONY: format install clean distclean
format:
	clang-format -i $(shell find rescue tests -name '*.[ch]')
install: $(O)/bootmend
	install -D -m 755 $(O)/bootmend $(DESTDIR)$(PREFIX)/sbin/bootmend
	install -D -m 644 docs/bootmend.8 $(DESTDIR)$(PREFIX)/share/man/man8/bootmend.8
	mkdir -p $(DESTDIR)$(DRACUTDIR)
	cp -R dracut-module/95bootmend $(DESTDIR)$(DRACUTDIR)/
	install -D -m 755 dracut-module/hooks/bootmend.install $(DESTDIR)$(KERNELINSTALLDIR)/99-zz-bootmend.install
	install -D -m 755 dracut-module/hooks/postinst $(DESTDIR)$(KERNELHOOKSDIR)/postinst.d/zzz-bootmend
	install -D -m 755 dracut-module/hooks/postrm $(DESTDIR)$(KERNELHOOKSDIR)/postrm.d/zzz-bootmend
clean:
	rm -rf $(filter-out $(DEPS),$(wildcard $(O)/*))
distclean:
	rm -rf $(O)
