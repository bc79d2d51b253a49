// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which bytes may be in a policy at all. Looked at before libfyaml sees them, and again in each scalar, where escapes may
 * have brought them back. Never changes anything.
 */
#include "parse_yaml.h"

/* Characters that would hide in a message, on a terminal or from a reader. */
static const struct {
	__u32 from, to;
	const char *what;
} lc_refused[] = {
	{ 0x00, 0x00, "a NUL byte, expected text" },
	{ 0x01, 0x08, "a control character, expected text" },
	{ 0x0b, 0x1f, "a control character, expected text" },
	{ 0x7f, 0x9f, "a control character, expected text" },
	{ 0x200b, 0x200f, "an invisible character, expected text" },
	{ 0x2028, 0x202e, "a character that reorders or breaks lines, expected text" },
	{ 0x2066, 0x2069, "a character that reorders text, expected text" },
	{ 0xfeff, 0xfeff, "a byte order mark, expected text" },
	{ 0xfff9, 0xfffb, "an invisible character, expected text" },
	{ 0xfffe, 0xffff, "not a character, expected text" },
};

/* RFC 3629, 4: length from the first byte, no overlong form, no surrogate, nothing above U+10FFFF. 0: invalid. */
static size_t lc_utf8_char(const __u8 *p, size_t bytes, __u32 *ret_char)
{
	static const struct {
		__u8 mask, lead;
		__u32 min;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t extra = 0; extra < sizeof(forms) / sizeof(*forms) && extra < bytes; extra++) {
		__u32 c = *p & ~forms[extra].mask;

		if ((*p & forms[extra].mask) != forms[extra].lead)
			continue;
		for (size_t i = 1; i <= extra; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		*ret_char = c;
		return c >= forms[extra].min && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? extra + 1 : 0;
	}
	return 0;
}

static const char *lc_char_check(__u32 c)
{
	for (size_t i = 0; i < sizeof(lc_refused) / sizeof(*lc_refused); i++)
		if (c >= lc_refused[i].from && c <= lc_refused[i].to)
			return lc_refused[i].what;
	return NULL;
}

/* raw: bytes of a file, where a line may end in CR LF and the first character may be a byte order mark. */
const char *lc_utf8_check(const char *text, size_t bytes, bool raw, struct lc_pos *ret_pos)
{
	const __u8 *p = (const __u8 *)text;
	const char *why = NULL;
	size_t len;

	ret_pos->line = ret_pos->column = 1;
	for (size_t at = 0; at < bytes; at += len) {
		__u32 c = 0;

		len = lc_utf8_char(p + at, bytes - at, &c);
		why = len ? lc_char_check(c) : "not UTF-8, expected text in UTF-8";
		if (raw && ((c == '\r' && at + 1 < bytes && p[at + 1] == '\n') || (c == 0xfeff && !at)))
			why = NULL;
		if (why)
			return why;
		ret_pos->column = c == '\n' ? 1 : ret_pos->column + 1;
		ret_pos->line += c == '\n';
	}
	return NULL;
}
