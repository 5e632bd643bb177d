# overlog: one static program. `make` builds it, `make check` sets up and runs every test,
# `make demo` shows it, `make bench` measures it.

VERSION := 0.1.0
BUILD ?= build
LIBC ?= musl
# The prefix of a cross compiler, as aarch64-linux-gnu-; release/build says the rest.
CROSS ?=
ifneq ($(CROSS),)
  CC := $(CROSS)gcc
endif
DESTDIR ?=

comma := ,
# A room is a folder; a folder in it is part of it.
ROOMS := base contract rotate logger logcat execline services overlay supervisor command
SOURCES := $(foreach room,$(ROOMS),$(sort $(wildcard $(room)/*.c $(room)/*/*.c)))
HEADERS := $(foreach room,$(ROOMS),$(wildcard $(room)/*.h $(room)/*/*.h))

# A text cut at the size of its buffer is meant: paths longer than PATH_MAX fail by themselves.
# (clang does not know the word.)
no_truncation = $(shell $(1) --version 2>/dev/null | grep -q clang || echo -Wno-format-truncation)
WARN := -std=c11 -Wall -Wextra -Wshadow -Wvla -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wformat=2 -Wundef -Werror
CPPFLAGS += -I. -D_GNU_SOURCE -DOVERLOG_VERSION='"$(VERSION)"'
OPT ?= -O2
# Only the path of log lines is hot, by folder; everywhere else small is fast enough.
COLD ?= -Oz
HOT := logger/% logcat/% rotate/% base/clock.c base/json%
HARDEN := -fstack-protector-strong
CFLAGS := $(CFLAGS) $(WARN) $(call no_truncation,$(CC)) $(OPT) -g -MMD -MP -ffunction-sections -fdata-sections \
          -fno-asynchronous-unwind-tables -fno-unwind-tables $(HARDEN)
LDFLAGS += -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noseparate-code -Wl,--sort-section=alignment \
           -Wl,--build-id=none

# musl, statically: Debian's musl-dev and its static zlib, in SYSROOT. glibc serves development.
SYSROOT ?=
WRAP_ALLOCATOR := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
ifeq ($(LIBC),musl)
  MUSL_ARCH ?= $(shell $(CROSS)gcc -dumpmachine 2>/dev/null | sed 's/-gnu/-musl/')
  GNU_ARCH ?= $(shell $(CROSS)gcc -print-multiarch 2>/dev/null)
  MUSL_LIB ?= $(SYSROOT)/usr/lib/$(MUSL_ARCH)
  MUSL_INC ?= $(SYSROOT)/usr/include/$(MUSL_ARCH)
  ZLIB_A ?= $(SYSROOT)/usr/lib/$(GNU_ARCH)/libz.a
  # Position-independent, so that its addresses are random; PIE=0 saves 32 kB of memory a process,
  # 4 kB a logger (base/image.h).
  PIE ?= 1
  ifeq ($(PIE),1)
    # what is exported might be left to a dynamic linker (s390x)
    PIE_FLAGS := -fPIE -fvisibility=hidden
    START := rcrt1.o
    # not every gcc leaves the interpreter out by itself (arm)
    STATIC := -static-pie -Wl,--no-dynamic-linker
  else
    PIE_FLAGS := -fno-pie
    START := crt1.o
    STATIC := -static $(shell $(CC) --version 2>/dev/null | grep -q clang || echo -no-pie)
  endif
  CC_INC := $(shell $(CC) -print-file-name=include 2>/dev/null)
  CFLAGS += -nostdinc -isystem $(MUSL_INC) -isystem $(CC_INC) -isystem $(BUILD)/zlib $(PIE_FLAGS)
  # First the arena, then musl (base/arena.h).
  ALLOCATOR := $(WRAP_ALLOCATOR) -Wl,--wrap=free
  LINK = $(CC) $(STATIC) -nostdlib -nostartfiles $(LDFLAGS) $(ALLOCATOR) -Wl,-T,base/image.ld -o $@ \
         $(MUSL_LIB)/$(START) $(MUSL_LIB)/crti.o $(1) $(ZLIB_A) \
         -Wl,--start-group $(MUSL_LIB)/libc.a $(shell $(CROSS)gcc -print-libgcc-file-name) -Wl,--end-group \
         $(MUSL_LIB)/crtn.o
else
  LINK = $(CC) -static $(LDFLAGS) -o $@ $(1) -lz
endif

OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)

RELEASE_ARCHES ?=
.PHONY: all tested release deb check unit simulate scenario container compat fault chaos soak audit quick fuzz fuzz-short replay bench demo install install-man setup format lint clean
all: $(BUILD)/overlog

$(BUILD)/zlib/zlib.h:
	@mkdir -p $(@D)
	@ln -sf $(abspath $(SYSROOT)/usr/include/zlib.h $(SYSROOT)/usr/include/zconf.h) $(@D)/

Q := $(if $(V),,@)

# What the flags are is in here.
$(BUILD)/%.o: %.c Makefile | $(BUILD)/zlib/zlib.h
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter $(HOT),$<),,$(COLD)) -c -o $@ $<

$(BUILD)/overlog.debug: $(OBJECTS) base/image.ld
	@echo '  LINK $@'
	$(Q)$(call LINK,$(OBJECTS))

$(BUILD)/overlog: $(BUILD)/overlog.debug
	$(CROSS)strip -o $@ $<

# The same with pid 1's memory in the hand of a test.
SCARCE := $(BUILD)/tests/fault/scarce.o
$(SCARCE): tests/fault/scarce.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/overlog.scarce: ALLOCATOR := $(WRAP_ALLOCATOR)
$(BUILD)/overlog.scarce: $(filter-out $(BUILD)/base/arena_wrap.o,$(OBJECTS)) $(SCARCE)
	$(Q)$(call LINK,$^)

# The same with the wall clock in the hand of a test.
WALL := $(BUILD)/tests/fault/wall.o
$(WALL): tests/fault/wall.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/overlog.wall: $(OBJECTS) $(WALL)
	$(Q)$(call LINK,$^ -Wl$(comma)--wrap=clock_wall)

# Other builds that tests boot.
tested: $(BUILD)/overlog $(BUILD)/overlog.scarce $(BUILD)/overlog.wall

# --- tests -------------------------------------------------------------------------------------

SAN := $(BUILD)/san
SAN_CC ?= gcc
SAN_FLAGS := $(call no_truncation,$(SAN_CC)) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_OBJECTS := $(SOURCES:%.c=$(SAN)/%.o)
LIB_OBJECTS := $(filter-out $(SAN)/command/main.o,$(SAN_OBJECTS))
# UNIT_BUT: those that are not to be run, as ROOM/NAME_test.
UNIT_SOURCES := $(filter-out $(UNIT_BUT:%=tests/unit/%.c),$(sort $(wildcard tests/unit/*/*_test.c tests/unit/*/*/*_test.c)))
# What several of them share.
UNIT_SHARED := $(filter-out %_test.c,$(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c)))
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(SAN)/%)
# Exhaustive explorations of pure machines; EXPLORE=all in the environment: all of it.
SIMULATION_SOURCES := $(sort $(wildcard tests/simulation/*_test.c))
# A program of its own: lives of pid 1.
LIVES_SOURCES := $(addprefix tests/simulation/,callers.c crowd.c files.c invariants.c judge.c libc.c links.c lives.c parents.c plan.c processes.c updates.c world.c)
LIVES_WRAP := malloc calloc realloc strdup pipe2 open openat socket accept4 epoll_ctl \
    mkdir mkdirat symlink symlinkat linkat mkfifoat message_to
LIVES := $(SAN)/tests/simulation/simulate
# Another: loggers, helpers and readers on a simulated disk.
LOGS_SOURCES := $(sort $(wildcard tests/simulation/logs/*.c)) tests/simulation/judge.c
LOGS_WRAP := access calloc clock_gettime close closedir deflateInit2_ dup2 epoll_create1 epoll_ctl epoll_wait faccessat fallocate \
    fchdir fchmod fchown fcntl fdopendir fork free fstat fstatat fsync ftruncate futimens getegid geteuid \
    getgroups gethostname getrlimit image_discard_tables inotify_add_watch inotify_init1 inotify_rm_watch ioctl isatty kill linkat lseek lstat madvise malloc \
    message_name message_to mkdir mkdirat mktime mmap munmap open openat poll prctl pread process_reap process_spawn \
    process_wait pwrite read readdir readlinkat realloc renameat setpriority setrlimit sigaction signal signalfd \
    sigprocmask splice stat statfs strdup syscall time umask unlink unlinkat usleep work_is_due write
LOGS := $(SAN)/tests/simulation/simulate-logs
SIMULATION_SHARED := $(filter-out $(SIMULATION_SOURCES) $(LIVES_SOURCES),$(sort $(wildcard tests/simulation/*.c)))
SIMULATION_HEADERS := $(wildcard tests/simulation/*.h tests/simulation/logs/*.h)
SIMULATION_PROGRAMS := $(SIMULATION_SOURCES:%.c=$(SAN)/%)

$(SAN)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  SAN  $@'
	$(Q)$(SAN_CC) $(CPPFLAGS) $(WARN) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$(SAN)/overlog: $(SAN_OBJECTS) $(SAN)/tests/fault/sanitizer.o
	@echo '  LINK $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) -o $@ $^ -lz

$(SAN)/liboverlog.a: $(LIB_OBJECTS)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(SAN)/libunit.a: $(UNIT_SHARED:%.c=$(SAN)/%.o)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(SAN)/tests/unit/%: $(SAN)/tests/unit/%.o $(SAN)/libunit.a $(SAN)/liboverlog.a
	@echo '  TEST $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) $(UNIT_WRAP:%=-Wl$(comma)--wrap=%) -o $@ $^ -lcmocka -lz

# Functions that a test replaces: of the C library to have them fail, and the clock.
$(SAN)/tests/unit/base/process_test: UNIT_WRAP := clock_monotonic
$(SAN)/tests/unit/rotate/user_test: UNIT_WRAP := fcntl
$(SAN)/tests/unit/services/problems_test: UNIT_WRAP := realloc strdup
$(SAN)/tests/unit/services/definition_short_test: UNIT_WRAP := malloc calloc realloc strdup openat

$(SAN)/libsimulation.a: $(SIMULATION_SHARED:%.c=$(SAN)/%.o)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(SAN)/tests/simulation/%: $(SAN)/tests/simulation/%.o $(SAN)/libsimulation.a $(SAN)/liboverlog.a
	@echo '  TEST $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) -o $@ $^ -lcmocka -lz

# What depends on the C library is tested with that of the product, too.
MUSL_SOURCES := $(sort $(wildcard tests/musl/*.c))
MUSL_PROGRAMS := $(MUSL_SOURCES:%.c=$(BUILD)/%)

$(MUSL_PROGRAMS): %: %.o $(filter-out $(BUILD)/command/main.o,$(OBJECTS))
	@echo '  TEST $@'
	$(Q)$(call LINK,$^)

.PRECIOUS: $(MUSL_PROGRAMS:=.o)
# STRICT=1: a test that fails once and passes when it is repeated alone counts as failed.
# UNIT_LIVES= leaves the lives out: they take the place of calls of the C library by their names, which are
# others with 64-bit offsets.
UNIT_LIVES := 1
unit: $(UNIT_PROGRAMS) $(SIMULATION_PROGRAMS) $(MUSL_PROGRAMS) $(if $(UNIT_LIVES),$(LIVES) $(LOGS))
	tests/run-unit $(UNIT_PROGRAMS) $(SIMULATION_PROGRAMS) $(MUSL_PROGRAMS)
	$(if $(UNIT_LIVES),$(LIVES) twice 200)
	$(if $(UNIT_LIVES),$(LOGS) logger 100)
	$(if $(UNIT_LIVES),$(LOGS) logcat 60)
	$(if $(UNIT_LIVES),$(LOGS) sweep 40)

$(LIVES): $(LIVES_SOURCES:%.c=$(SAN)/%.o) $(SAN)/liboverlog.a
	@echo '  LINK $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) $(LIVES_WRAP:%=-Wl$(comma)--wrap=%) -o $@ $^ -lz

$(LOGS): $(LOGS_SOURCES:%.c=$(SAN)/%.o) $(SAN)/liboverlog.a
	@echo '  LINK $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) $(LOGS_WRAP:%=-Wl$(comma)--wrap=%) -o $@ $^ -lz

# Lives on a simulated kernel (docs/testing.md): of pid 1, or of the KIND logger or logcat. SEEDS of them
# from SEED on, or the one of SEED, told. KIND=sweep: a kill at each call, or at one of EVERY; or that of SEED.
KIND ?= init
EVERY ?= 1
OF_LOGS := $(filter logger logcat sweep,$(KIND))
$(if $(filter init logger logcat sweep,$(KIND)),,$(error KIND=$(KIND): it is init, logger, logcat or sweep))
MANY := $(if $(filter sweep,$(KIND)),$(EVERY),$(or $(SEEDS),$(if $(SEED),,1000)))
simulate: $(if $(OF_LOGS),$(LOGS),$(LIVES))
	$< $(OF_LOGS) $(if $(and $(filter sweep,$(KIND)),$(SEED)),tell $(SEED),$(if $(MANY),$(MANY) $(SEED),tell $(SEED)))

# Fuzzing: libFuzzer, so clang; the rooms that read what others wrote. FUZZ_TIME: seconds for each.
FUZZ := $(BUILD)/fuzz
FUZZ_CC ?= clang
FUZZ_TIME ?= 600
# How deep the stack is differs by where it begins, and with that what a run with one seed finds.
FUZZ_COVERAGE := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth
FUZZ_WRAP := clock_wall clock_monotonic
FUZZ_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS := $(patsubst %.c,$(FUZZ)/%.o,$(filter-out command/% execline/%,$(SOURCES)) execline/substitute.c \
    $(addprefix command/overlog/,supervisord.c supervisord_keys.c supervisord_import.c program.c program_restart.c program_value.c \
        write.c conf_edit.c conf_file.c conf_write.c conf_program.c daemons.c dirs.c tree.c output.c crontab.c crontab_import.c \
        crontab_name.c imagefile.c imageword.c imagecheck.c) $(wildcard $(addprefix command/overlog/,import*.c mask*.c unit*.c)) \
    $(addprefix command/tools/,syslog.c stream.c http.c notify_message.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(FUZZ)/%)

$(FUZZ)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  FUZZ $@'
	$(Q)$(FUZZ_CC) $(CPPFLAGS) $(WARN) $(FUZZ_FLAGS) $(FUZZ_COVERAGE) -MMD -MP -c -o $@ $<

$(FUZZ)/liboverlog.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(FUZZ)/%: $(FUZZ)/tests/fuzz/%.o $(FUZZ)/liboverlog.a
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $(FUZZ_WRAP:%=-Wl,--wrap=%) -o $@ $^ -lz

# The same by a program of ours, with the compiler and for the processor of the unit tests.
REPLAY := $(SAN)/replay
REPLAY_SOURCE := tests/fuzz/replay/replay.c
# REPLAY_BUT: those that are not to be run.
REPLAY_PROGRAMS := $(filter-out $(REPLAY_BUT:%=$(REPLAY)/%),$(FUZZ_SOURCES:tests/fuzz/%.c=$(REPLAY)/%))
$(SAN)/libfuzz.a: $(FUZZ_OBJECTS:$(FUZZ)/%=$(SAN)/%)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

# gcc: of an input of no bytes the copy has none
$(SAN)/tests/fuzz/%.o: CPPFLAGS += -Wno-maybe-uninitialized

$(REPLAY)/%: $(SAN)/tests/fuzz/%.o $(REPLAY_SOURCE:%.c=$(SAN)/%.o) $(SAN)/libfuzz.a
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(SAN_CC) $(SAN_FLAGS) $(FUZZ_WRAP:%=-Wl,--wrap=%) -o $@ $^ -lz

# fopen64: what glibc calls it where a long has 32 bits
$(FUZZ)/account $(REPLAY)/account: FUZZ_WRAP += fopen fopen64
$(FUZZ)/handover $(REPLAY)/handover: FUZZ_WRAP += helper_start loop_signals
$(FUZZ)/recover $(REPLAY)/recover: FUZZ_WRAP += helper_start

.PRECIOUS: $(FUZZ)/tests/fuzz/%.o $(SAN)/tests/fuzz/%.o
fuzz: $(FUZZ_PROGRAMS)
	tests/fuzz/run $(FUZZ_TIME) $(FUZZ_PROGRAMS)

fuzz-short: $(FUZZ_PROGRAMS)
	tests/fuzz/run short $(FUZZ_PROGRAMS)

# CHANGES: of each file of the corpora.
CHANGES ?= 20
replay: $(REPLAY_PROGRAMS)
	CHANGES=$(CHANGES) tests/fuzz/run replay $(REPLAY_PROGRAMS)

# One folder of tests that boot trees and run commands; make check runs all of them.
scenario container compat fault: tested
	BUILD=$(BUILD) /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 4 --dist loadgroup tests/$@

# Random callers on a live container that is built with sanitizers: CHAOS_SEEDS, CHAOS_SECONDS each.
CHAOS_SEEDS ?= 1 2 3 4 5
CHAOS_SECONDS ?= 60
chaos: $(BUILD)/overlog $(SAN)/overlog
	BUILD=$(BUILD) PROGRAM=san/overlog SEEDS="$(CHAOS_SEEDS)" CALL_SECONDS=$(CHAOS_SECONDS) \
	    /usr/bin/python3 -m pytest -q -s tests/fault/pairs_test.py tests/fault/callers_test.py

# A container under load, kills and updates for an hour: what it holds at the end is what it held after a minute.
SOAK_SECONDS ?= 3600
SOAK_SERVICES ?= 200
soak: tested
	BUILD=$(BUILD) SOAK_SECONDS=$(SOAK_SECONDS) SOAK_SERVICES=$(SOAK_SERVICES) \
	    /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/fault/soak_test.py

# The attack behind each claim of docs/security.md: tests/audit says more.
audit: $(BUILD)/overlog
	BUILD=$(BUILD) tests/audit

# Before each commit: what takes less than a minute.
quick: all lint unit

setup:
	tests/setup

lint:
	tests/layers.sh
	@WARN='$(WARN)' tests/narrow.sh $(SOURCES) $(UNIT_SOURCES) $(UNIT_SHARED) $(SIMULATION_SOURCES) $(SIMULATION_SHARED)
	/usr/bin/python3 tests/waits.py
	/usr/bin/python3 tests/dead.py
	/usr/bin/python3 tests/shape.py
	/usr/bin/python3 -m pyflakes tests docs/pictures/render
	tests/audit --lint
	@clang-format --dry-run -Werror $(SOURCES) $(HEADERS) $(UNIT_SOURCES) $(UNIT_SHARED) \
	    $(SIMULATION_SOURCES) $(SIMULATION_SHARED) $(sort $(LIVES_SOURCES) $(LOGS_SOURCES)) $(SIMULATION_HEADERS) $(MUSL_SOURCES) $(FUZZ_SOURCES) $(REPLAY_SOURCE)

format:
	@clang-format -i $(SOURCES) $(HEADERS) $(UNIT_SOURCES) $(UNIT_SHARED) \
	    $(SIMULATION_SOURCES) $(SIMULATION_SHARED) $(sort $(LIVES_SOURCES) $(LOGS_SOURCES)) $(SIMULATION_HEADERS) $(MUSL_SOURCES) $(FUZZ_SOURCES) $(REPLAY_SOURCE)

check:
	tests/check

install: $(BUILD)/overlog
	command/install "$(BUILD)/overlog" "$(DESTDIR)"
	$(Q)umask 022; for e in $(WITH); do \
	    if [ "$$e" = symlinks ]; then command/install -s "$(BUILD)/overlog" "$(DESTDIR)"; \
	    else cp -R "examples/$$e/root/." "$(DESTDIR)/"; fi || exit 1; done

# Pages of several commands are found by the name of each that begins with s6-, or is ours alone.
MANDIR ?= /usr/share/man
COMPLETIONS ?= /usr/share/bash-completion/completions
ZSH_COMPLETIONS ?= /usr/share/zsh/vendor-completions
FISH_COMPLETIONS ?= /usr/share/fish/vendor_completions.d
install-man:
	@mkdir -p "$(DESTDIR)$(COMPLETIONS)" "$(DESTDIR)$(ZSH_COMPLETIONS)" "$(DESTDIR)$(FISH_COMPLETIONS)"
	@install -m 0644 command/overlog.zsh "$(DESTDIR)$(ZSH_COMPLETIONS)/_overlog"
	@for name in overlog logcat; do \
	    install -m 0644 command/overlog.fish "$(DESTDIR)$(FISH_COMPLETIONS)/$$name.fish" || exit 1; done
	@install -m 0644 command/logcat.bash "$(DESTDIR)$(COMPLETIONS)/logcat"
	@install -m 0644 command/overlog.bash "$(DESTDIR)$(COMPLETIONS)/overlog"
	@for name in livecheck notify probe schedule with-logfiles; do \
	    install -m 0644 command/tools.bash "$(DESTDIR)$(COMPLETIONS)/$$name" || exit 1; done
	@for page in docs/*.[1-8]; do \
	    section=$${page##*.}; folder="$(DESTDIR)$(MANDIR)/man$$section"; name=$${page##*/}; \
	    mkdir -p "$$folder" && install -m 0644 "$$page" "$$folder/$$name" || exit 1; \
	    sed -n '/^\.Nd/q; s/^\.Nm \([^ ]*\).*/\1/p' "$$page" | while read -r other; do \
	        case $$other in s6-* | execline | ucspilogd | logutil-* | printcontenv | with-retries | halt | \
	            poweroff | reboot | shutdown) ;; *) continue ;; esac; \
	        [ "$$other.$$section" = "$$name" ] || \
	            echo ".so man$$section/$$name" >"$$folder/$$other.$$section" || exit 1; \
	    done || exit 1; \
	done

demo:
	tests/demo $(or $(EXAMPLE),hello)

bench:
	tests/bench/run

# Tarballs for every architecture (or those of RELEASE_ARCHES), tried under qemu: build/release.
release:
	release/setup $(RELEASE_ARCHES)
	release/build $(RELEASE_ARCHES)
	release/check $(RELEASE_ARCHES)

# A package for workstations, of this machine's architecture: build/release.
deb: $(BUILD)/overlog
	release/deb

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(SAN_OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d) $(UNIT_SHARED:%.c=$(SAN)/%.d) \
         $(SIMULATION_PROGRAMS:=.d) $(SIMULATION_SHARED:%.c=$(SAN)/%.d) $(LIVES_SOURCES:%.c=$(SAN)/%.d) \
         $(LOGS_SOURCES:%.c=$(SAN)/%.d) \
         $(MUSL_PROGRAMS:=.d) \
         $(FUZZ_OBJECTS:.o=.d) $(FUZZ_SOURCES:%.c=$(FUZZ)/%.d) $(FUZZ_SOURCES:%.c=$(SAN)/%.d)
