// SPDX-License-Identifier: GPL-2.0-only
/* A policy file and what is shipped beneath it, to one checked model. The only file here that opens files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data.h"
#include "parse_yaml.h"

#define LC_POLICY_MAX (4u << 20)
#define LC_PROFILE_DEFAULT "balanced"

struct lc_file { char *text; size_t bytes; };

static int lc_fd_read(int fd, struct lc_file *ret_file)
{
	char *text = malloc(LC_POLICY_MAX + 1);
	size_t bytes = 0;
	ssize_t n = 1;

	if (!text)
		return -ENOMEM;
	while (n && bytes <= LC_POLICY_MAX) {
		n = read(fd, text + bytes, LC_POLICY_MAX + 1 - bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			free(text);
			return n;
		}
		bytes += n;
	}
	if (bytes > LC_POLICY_MAX) {
		free(text);
		return -EFBIG;
	}
	*ret_file = (struct lc_file){ text, bytes };
	return 0;
}

/* Non-blocking, or a pipe in a file's place would hold the command for ever. */
static int lc_file_read(const char *path, struct lc_file *ret_file)
{
	struct stat st;
	int err = 0, fd;

	if (!strcmp(path, "-"))
		return lc_fd_read(STDIN_FILENO, ret_file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
	if (!err)
		err = lc_fd_read(fd, ret_file);
	close(fd);
	return err;
}

static void lc_file_error(struct lc_errors *errors, const char *name, int err)
{
	struct lc_pos pos = { .file = name };

	if (err == -EFBIG)
		lc_error_add(errors, pos, "too large, expected at most %u bytes", LC_POLICY_MAX);
	else if (err == -ENOTSUP)
		lc_error_add(errors, pos, "a device, pipe or socket, expected a regular file, or '-' for standard input");
	else
		lc_error_add(errors, pos, "cannot be read: %s, expected a policy file", strerror(-err));
}

/* Shipped data that is wrong is told like any other error: it has a file name, a line and a column, too. */
static int lc_parse_data(struct lc_model *model, const char *data, const char *name, enum lc_origin origin,
			 struct lc_errors *errors)
{
	struct lc_source source = { .name = name, .origin = origin };

	source.text = lc_data(data, &source.bytes);
	if (source.text)
		return lc_parse(model, &source, errors);
	lc_error_add(errors, (struct lc_pos){ .file = name }, "no such data in this build, expected '%s'", data);
	return -EINVAL;
}

/* The profile lies beneath the policy, so what the policy said of defaults stays. */
static int lc_parse_profile(struct lc_model *model, struct lc_errors *errors)
{
	enum lc_verdict_id matched = model->matched, unmatched = model->unmatched;
	struct lc_pos matched_pos = model->matched_pos, unmatched_pos = model->unmatched_pos;
	char name[64];
	int err;

	if (!strcmp(model->profile, "none"))
		return 0;
	snprintf(name, sizeof(name), "profiles/%s.yaml", model->profile);
	err = lc_parse_data(model, model->profile, name, LC_ORIGIN_PROFILE, errors);
	if (matched != LC_V_UNDECIDED) {
		model->matched = matched;
		model->matched_pos = matched_pos;
	}
	if (unmatched != LC_V_UNDECIDED) {
		model->unmatched = unmatched;
		model->unmatched_pos = unmatched_pos;
	}
	return err;
}

static int lc_worse(int a, int b)
{
	return a == -ENOMEM || b == -ENOMEM ? -ENOMEM : a ? a : b;
}

/* Everything is read and checked even when one part is wrong, so that all errors are told at once. */
static int lc_parse_layers(struct lc_model *model, const struct lc_source *own, struct lc_errors *errors)
{
	bool cut = false;
	int err = lc_parse_document(model, own, errors, &cut);

	if (!model->profile)
		model->profile = strdup(LC_PROFILE_DEFAULT);
	if (!model->profile)
		return -ENOMEM;
	err = lc_worse(err, lc_parse_data(model, "catalogue", "catalogue.yaml", LC_ORIGIN_CATALOGUE, errors));
	err = lc_worse(err, lc_parse_data(model, "clauses", "clauses.yaml", LC_ORIGIN_CATALOGUE, errors));
	err = lc_worse(err, lc_parse_profile(model, errors));
	if (model->matched == LC_V_UNDECIDED)
		model->matched = LC_V_AUDIT;
	if (model->unmatched == LC_V_UNDECIDED)
		model->unmatched = LC_V_ALLOW;
	/* What broke off would be missed by all that refers to it. */
	return cut ? err : lc_worse(err, lc_model_check(model, errors));
}

int lc_parse_policy(const char *path, struct lc_errors *errors, struct lc_model **ret_model)
{
	struct lc_source own = { .name = strcmp(path, "-") ? path : "standard input", .origin = LC_ORIGIN_POLICY };
	struct lc_model *model = lc_model_new();
	struct lc_file file = { 0 };
	int err;

	if (!model)
		return -ENOMEM;
	err = lc_file_read(path, &file);
	if (err) {
		lc_file_error(errors, own.name, err);
		err = err == -ENOMEM ? err : -EINVAL;
		goto out;
	}
	own.text = file.text;
	own.bytes = file.bytes;
	err = lc_parse_layers(model, &own, errors);
	if (err)
		goto out;
	*ret_model = model;
	model = NULL;
out:
	free(file.text);
	lc_model_free(model);
	return err;
}
