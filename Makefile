# SPDX-License-Identifier: GPL-2.0-only
# lenscap: "make" builds build/lenscap, "make check" the tests that need no root; V=1 shows the commands.

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
O ?= build
PREFIX ?= /usr/local

VERSION := 0.1.0
WARN := -Wall -Wextra -Werror
CFLAGS ?= -O2 -g
USER_CPPFLAGS := -Iinclude -Iuser/lib -I$(O) -D_GNU_SOURCE -DLC_VERSION='"$(VERSION)"' -DLC_DATA='"user/data"'
USER_CFLAGS := -std=gnu11 $(WARN) -Wshadow -Wstrict-prototypes -fno-common -fstack-protector-strong
LDLIBS := -lbpf -lfyaml -ljansson -lpcap
# -mcpu=v3: 32-bit jumps and atomics, in every kernel from 5.1 on. The multiarch path is where <asm/types.h> lives.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g $(WARN) -Wno-unused-function -Iinclude -Ibpf \
	-I/usr/include/$(shell $(CC) -print-multiarch)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
# Fuzz targets see into the library only with its coverage; unit tests do not mind.
COVERAGE := -fsanitize=fuzzer-no-link

LIB := $(patsubst %.c,%.o,$(wildcard user/lib/*.c))
CMD := $(patsubst %.c,%.o,$(wildcard user/cmd/*.c) user/main.c)
SKELS := $(patsubst bpf/%.bpf.c,$(O)/%.skel.h,$(wildcard bpf/*.bpf.c))
DATA := $(wildcard user/data/*.yaml user/data/profiles/*.yaml)
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
ROOTED := $(patsubst tests/datapath/%.c,$(O)/datapath/%,$(wildcard tests/datapath/*.c))

ifeq ($(V),1)
say = @:
Q :=
else
say = @printf '  %-7s %s\n' $(1) $(2)
Q := @
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all bpf tests fuzz check install clean

all: $(O)/lenscap
bpf: $(SKELS)
tests: $(UNIT) $(ROOTED) $(O)/differential
fuzz: $(FUZZ)

$(O)/lenscap: $(addprefix $(O)/,$(LIB) $(CMD))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -c $< -o $@

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*) >$@

$(O)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# The same library with sanitizers, for tests.
$(O)/san/%.o: %.c
	$(call say,CC-SAN,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(USER_CPPFLAGS) $(USER_CFLAGS) $(SAN) $(COVERAGE) -MMD -MP -c $< -o $@

$(O)/user/lib/gate.o $(O)/san/user/lib/gate.o: $(SKELS)
$(O)/user/lib/data.o $(O)/san/user/lib/data.o: $(DATA)

$(O)/tests/%: tests/unit/%.c $(addprefix $(O)/san/,$(LIB))
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(USER_CPPFLAGS) -Ibpf $(USER_CFLAGS) $(SAN) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDLIBS) -lcmocka -lcrypto

$(O)/datapath/quic: LDLIBS += -lcrypto
$(O)/datapath/%: tests/datapath/%.c $(addprefix $(O)/,$(LIB))
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDLIBS)

$(O)/differential: tests/differential/differential.c $(addprefix $(O)/,$(LIB))
	$(call say,TEST,$@)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDLIBS) -lssl -lcrypto

# Run by hand on a quiet machine.
$(O)/bench/%: tests/bench/%.c $(addprefix $(O)/,$(LIB))
	$(call say,BENCH,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDLIBS) -lcrypto

$(O)/fuzz/%: tests/fuzz/%.c $(addprefix $(O)/san/,$(LIB))
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(USER_CPPFLAGS) -Ibpf $(USER_CFLAGS) $(SAN) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^) $(LDLIBS) -lcrypto

check: $(UNIT)
	$(Q)for t in $(UNIT); do ./$$t || exit 1; done

install: $(O)/lenscap
	install -D -m 755 $(O)/lenscap $(DESTDIR)$(PREFIX)/sbin/lenscap
	install -D -m 644 user/man/lenscap.8 $(DESTDIR)$(PREFIX)/share/man/man8/lenscap.8
	install -D -m 644 user/completion/lenscap $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lenscap

clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
