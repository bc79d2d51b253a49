// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asset": the hosts that the policy in force is about. Adding or removing one makes a new generation of the whole policy, so
 * that what is checked for a policy file is checked here too. Lookup follows the kernel: MAC, longest prefix, VLAN.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* Addresses of some types, as text; VLAN ids as numbers, as in a policy file. */
static json_t *lc_asset_json_addresses(const struct lc_asset_def *asset, unsigned int types)
{
	json_t *array = json_array();
	char text[LC_ADDRESS_TEXT];

	for (size_t i = 0; i < asset->addresses_n; i++) {
		const struct lc_address *address = &asset->addresses[i];

		if (!(types >> address->type & 1))
			continue;
		lc_address_format(address, text, sizeof(text));
		json_array_append_new(array, address->type == LC_ADDRESS_VLAN ? json_integer(address->number) : json_string(text));
	}
	return array;
}

static json_t *lc_asset_json(const struct lc_model *model, const struct lc_asset_def *asset)
{
	const struct lc_tenant *tenant = &model->tenants[asset->tenant];

	return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:o, s:o, s:o}", "name", asset->name, "tenant", tenant->name, "class",
			 lc_word(LC_LIST_CLASS, tenant->class), "jurisdiction", tenant->jurisdiction, "mode",
			 lc_word(LC_LIST_MODE, tenant->mode), "kind", lc_word(LC_LIST_KIND, asset->kind), "prefix",
			 lc_asset_json_addresses(asset, 1 << LC_ADDRESS_PREFIX4 | 1 << LC_ADDRESS_PREFIX6), "mac",
			 lc_asset_json_addresses(asset, 1 << LC_ADDRESS_MAC), "vlan",
			 lc_asset_json_addresses(asset, 1 << LC_ADDRESS_VLAN));
}

static int lc_asset_show(int argc, char **argv)
{
	static const struct lc_column columns[] = {
		{ "name", "NAME" }, { "tenant", "TENANT" }, { "class", "CLASS" }, { "mode", "MODE" }, { "kind", "KIND" },
		{ "prefix", "PREFIX" }, { "mac", "MAC" }, { "vlan", "VLAN" }, { NULL, NULL },
	};
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	json_t *array;
	int err;

	(void)argv;
	if (lc_args_count(argc, 0, 0))
		return LC_USAGE;
	err = lc_open_both(&gate, &model);
	if (err)
		return err;
	array = json_array();
	for (size_t i = 0; i < model->assets_n; i++)
		json_array_append_new(array, lc_asset_json(model, &model->assets[i]));
	lc_out_table(array, columns, "no asset: 'lenscap asset add', or 'lenscap policy load' a file that has some");
	lc_model_free(model);
	lc_gate_free(gate);
	return LC_DONE;
}

static bool lc_is_text(const char *text)
{
	json_t *value = json_string(text);

	json_decref(value);
	return value;
}

/* What "asset add" was told, before there is a model to put it in. */
struct lc_asset_wish {
	const char *name, *tenant, *kind;
	struct lc_address *addresses;
	size_t addresses_n;
};

static const struct {
	const char *keyword;
	unsigned int types;
} lc_address_keywords[] = {
	{ "prefix", 1 << LC_ADDRESS_PREFIX4 | 1 << LC_ADDRESS_PREFIX6 },
	{ "mac", 1 << LC_ADDRESS_MAC },
	{ "vlan", 1 << LC_ADDRESS_VLAN },
};

/* "prefix P", "mac M" or "vlan V". */
static int lc_asset_address(const char *keyword, const char *value, struct lc_address *ret_address)
{
	const char *why = "not of this kind";
	char text[LC_ADDRESS_TEXT];
	unsigned int types = 0;

	for (size_t i = 0; i < sizeof(lc_address_keywords) / sizeof(*lc_address_keywords); i++)
		if (!strcmp(keyword, lc_address_keywords[i].keyword))
			types = lc_address_keywords[i].types;
	memset(ret_address, 0, sizeof(*ret_address));
	if ((size_t)snprintf(text, sizeof(text), "%s%s", types >> LC_ADDRESS_VLAN & 1 ? "vlan " : "", value) >= sizeof(text))
		return lc_usage("%s '%s': too long", keyword, value);
	if (lc_address_parse(text, ret_address, &why) || !(types >> ret_address->type & 1))
		return lc_usage("%s '%s': %s", keyword, value, why);
	return LC_DONE;
}

static int lc_asset_wish_address(void *context, const char *keyword, const char *value)
{
	struct lc_asset_wish *wish = context;
	struct lc_address address, *added;
	int err = lc_asset_address(keyword, value, &address);

	if (err)
		return err;
	added = lc_grow(&wish->addresses, &wish->addresses_n, sizeof(*added));
	if (!added)
		return lc_fail(wish->name, -ENOMEM, NULL);
	*added = address;
	return LC_DONE;
}

static int lc_asset_wish_args(int argc, char **argv, struct lc_asset_wish *wish)
{
	const struct lc_keyword keywords[] = {
		{ "tenant", &wish->tenant, NULL },
		{ "kind", &wish->kind, NULL },
		{ "prefix", NULL, lc_asset_wish_address },
		{ "mac", NULL, lc_asset_wish_address },
		{ "vlan", NULL, lc_asset_wish_address },
		{ NULL, NULL, NULL },
	};
	int err = lc_args_count(argc, 1, -1);

	if (err)
		return err;
	wish->name = *argv;
	err = lc_args_keywords(argc - 1, argv + 1, keywords, wish);
	if (err)
		return err;
	if (!wish->tenant || !wish->kind || !wish->addresses_n)
		return lc_usage("%s is missing", !wish->tenant ? "'tenant'" : !wish->kind ? "'kind'" : "an address");
	return LC_DONE;
}

static int lc_asset_put(struct lc_model *model, struct lc_asset_wish *wish, enum lc_kind kind)
{
	const struct lc_tenant *tenant = lc_model_tenant(model, wish->tenant);
	struct lc_asset_def *asset;

	if (!tenant)
		return lc_fail(wish->name, -ENOENT, "no such tenant in the policy in force, 'policy show' lists them");
	if (lc_model_asset(model, wish->name))
		return lc_fail(wish->name, -EEXIST, "there is one already, 'asset del' it first");
	asset = lc_grow(&model->assets, &model->assets_n, sizeof(*asset));
	if (asset)
		asset->name = strdup(wish->name);
	if (!asset || !asset->name)
		return lc_fail(wish->name, -ENOMEM, NULL);
	asset->tenant = tenant - model->tenants;
	asset->kind = kind;
	asset->addresses = wish->addresses;
	asset->addresses_n = wish->addresses_n;
	wish->addresses = NULL;
	return LC_DONE;
}

/* What the gate is given to keep must read back, or no later command could: the name has the shape that a file demands. */
static int lc_asset_reread(const struct lc_model *model, struct lc_errors *errors)
{
	struct lc_source source = { .name = "the changed policy", .origin = LC_ORIGIN_BUILTIN };
	struct lc_model *copy = lc_model_new();
	char *text = lc_model_text(model);
	int err = -ENOMEM;

	if (text && copy) {
		source.text = text;
		source.bytes = strlen(text);
		err = lc_parse(copy, &source, errors);
	}
	for (size_t i = 0; i < errors->n; i++)
		errors->list[i].pos = (struct lc_pos){ 0 };      /* a place in a text that nobody sees */
	free(text);
	lc_model_free(copy);
	return err;
}

/* The changed model becomes the next generation, if all holds that holds for a file. */
static int lc_asset_apply(struct lc_gate *gate, struct lc_model *model, const char *name, const char *what)
{
	struct lc_errors errors = { 0 };
	struct lc_tables *tables = NULL;
	unsigned int generation;
	int err = lc_asset_reread(model, &errors);

	if (!err)
		err = lc_model_check(model, &errors);
	if (err)
		err = errors.n ? lc_fail_errors(name, &errors) : lc_fail(name, err, NULL);
	lc_errors_free(&errors);
	if (!err)
		err = lc_make_tables(model, name, &tables);
	if (!err)
		err = lc_put_in_force(gate, tables, name, &generation);
	lc_tables_free(tables);
	if (err)
		return err;
	if (lc_out_mode_get() != LC_OUT_PLAIN)
		lc_out_object(json_pack("{s:s, s:I}", what, name, "generation", (json_int_t)generation));
	lc_out_line("%s %s, generation %u; a policy file does not learn of it", what, name, generation);
	return LC_DONE;
}

static int lc_asset_add(int argc, char **argv)
{
	struct lc_asset_wish wish = { 0 };
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	int kind, err = lc_asset_wish_args(argc, argv, &wish);

	if (!err && !lc_is_text(wish.name))
		err = lc_usage("the name is not UTF-8");
	if (!err)
		err = lc_args_word(wish.kind, LC_LIST_KIND, "kind", &kind);
	if (!err)
		err = lc_open_gate_locked(&gate);
	if (!err)
		err = lc_open_model(gate, &model);
	if (!err)
		err = lc_asset_put(model, &wish, kind);
	if (!err)
		err = lc_asset_apply(gate, model, wish.name, "added");
	free(wish.addresses);
	lc_model_free(model);
	lc_gate_free(gate);
	return err;
}

static int lc_asset_take(struct lc_model *model, const char *name)
{
	struct lc_asset_def *asset = lc_model_asset(model, name);
	size_t after;

	if (!asset)
		return lc_fail(name, -ENOENT, "no such asset, 'asset show' lists all");
	free(asset->name);
	free(asset->addresses);
	after = model->assets + model->assets_n - (asset + 1);
	memmove(asset, asset + 1, after * sizeof(*asset));
	model->assets_n--;
	return LC_DONE;
}

static int lc_asset_del(int argc, char **argv)
{
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	int err;

	if (lc_args_count(argc, 1, 1))
		return LC_USAGE;
	err = lc_open_gate_locked(&gate);
	if (!err)
		err = lc_open_model(gate, &model);
	if (!err)
		err = lc_asset_take(model, *argv);
	if (!err)
		err = lc_asset_apply(gate, model, *argv, "deleted");
	lc_model_free(model);
	lc_gate_free(gate);
	return err;
}

/* What a packet shows of its sender; bits of have by enum lc_address_type. */
struct lc_sender {
	unsigned int have, vlan;
	__u8 v4[4], v6[16], mac[6];
};

static int lc_sender_add(struct lc_sender *sender, const char *keyword, const char *value)
{
	struct lc_address address = { 0 };
	enum lc_address_type type;
	const char *why;
	int err = LC_DONE;

	if (keyword && !strcmp(keyword, "vlan")) {
		err = lc_asset_address("vlan", value, &address);
		sender->vlan = address.number;
		type = LC_ADDRESS_VLAN;
	} else if (inet_pton(AF_INET, value, sender->v4) == 1) {
		type = LC_ADDRESS_PREFIX4;
	} else if (inet_pton(AF_INET6, value, sender->v6) == 1) {
		type = LC_ADDRESS_PREFIX6;
	} else if (lc_address_parse(value, &address, &why) || address.type != LC_ADDRESS_MAC) {
		return lc_usage("'%s' is no IPv4, IPv6 or MAC address", value);
	} else {
		memcpy(sender->mac, address.bytes, sizeof(sender->mac));
		type = LC_ADDRESS_MAC;
	}
	sender->have |= 1u << type;
	return err;
}

static bool lc_prefix_holds(const struct lc_address *prefix, const __u8 *address)
{
	unsigned int bytes = prefix->number / 8, bits = prefix->number % 8;

	if (memcmp(prefix->bytes, address, bytes))
		return false;
	return !bits || !((prefix->bytes[bytes] ^ address[bytes]) >> (8 - bits));
}

/* How strongly an address claims a sender: 0 not at all; a MAC above any prefix, a longer prefix above a shorter, VLAN last. */
static unsigned int lc_address_claim(const struct lc_address *address, const struct lc_sender *sender)
{
	if (!(sender->have >> address->type & 1))
		return 0;
	switch (address->type) {
	case LC_ADDRESS_MAC:
		return memcmp(address->bytes, sender->mac, sizeof(sender->mac)) ? 0 : 1000;
	case LC_ADDRESS_PREFIX4:
		return lc_prefix_holds(address, sender->v4) ? 2 + address->number : 0;
	case LC_ADDRESS_PREFIX6:
		return lc_prefix_holds(address, sender->v6) ? 2 + address->number : 0;
	case LC_ADDRESS_VLAN:
		return address->number == sender->vlan;
	}
	return 0;
}

static const struct lc_asset_def *lc_asset_find(const struct lc_model *model, const struct lc_sender *sender,
						const struct lc_address **ret_address)
{
	const struct lc_asset_def *found = NULL;
	unsigned int best = 0;

	for (size_t i = 0; i < model->assets_n; i++) {
		for (size_t j = 0; j < model->assets[i].addresses_n; j++) {
			unsigned int claim = lc_address_claim(&model->assets[i].addresses[j], sender);

			if (claim <= best)
				continue;
			best = claim;
			found = &model->assets[i];
			*ret_address = &model->assets[i].addresses[j];
		}
	}
	return found;
}

static json_t *lc_asset_json_lookup(const struct lc_model *model, const struct lc_sender *sender, const char *asked)
{
	static const char *const by[] = {
		[LC_ADDRESS_PREFIX4] = "prefix", [LC_ADDRESS_PREFIX6] = "prefix", [LC_ADDRESS_MAC] = "mac", [LC_ADDRESS_VLAN] = "vlan",
	};
	const struct lc_address *address = NULL;
	const struct lc_asset_def *asset = lc_asset_find(model, sender, &address);
	const struct lc_tenant *tenant = asset ? &model->tenants[asset->tenant] : NULL;
	char text[LC_ADDRESS_TEXT] = "";

	if (address)
		lc_address_format(address, text, sizeof(text));
	return json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "address", asked, "asset",
			 asset ? asset->name : NULL, "tenant", tenant ? tenant->name : NULL, "class",
			 tenant ? lc_word(LC_LIST_CLASS, tenant->class) : NULL, "jurisdiction",
			 tenant ? tenant->jurisdiction : NULL, "mode", tenant ? lc_word(LC_LIST_MODE, tenant->mode) : NULL, "kind",
			 asset ? lc_word(LC_LIST_KIND, asset->kind) : NULL, "by", address ? by[address->type] : NULL, "matched",
			 address ? text : NULL);
}

/* Words that describe one sender, and the same in one line. */
static int lc_sender_args(int argc, char **argv, struct lc_sender *sender, char *asked, size_t bytes)
{
	size_t used = 0;
	int err = lc_args_count(argc, 1, 8);

	for (int i = 0; i < argc && !err; i++) {
		bool vlan = !strcmp(argv[i], "vlan");

		if (vlan && ++i == argc)
			return lc_usage("'vlan' lacks its number");
		err = lc_sender_add(sender, vlan ? "vlan" : NULL, argv[i]);
		if (!err)
			used += snprintf(asked + used, bytes - used, "%s%s%s", used ? " " : "", vlan ? "vlan " : "", argv[i]);
	}
	return err;
}

static int lc_asset_lookup(int argc, char **argv)
{
	char asked[8 * LC_ADDRESS_TEXT] = "";
	struct lc_sender sender = { 0 };
	struct lc_model *model = NULL;
	struct lc_gate *gate = NULL;
	json_t *value;
	int err = lc_sender_args(argc, argv, &sender, asked, sizeof(asked));

	if (!err)
		err = lc_open_both(&gate, &model);
	if (err)
		return err;
	value = lc_asset_json_lookup(model, &sender, asked);
	if (lc_out_mode_get() == LC_OUT_PLAIN && json_is_null(json_object_get(value, "asset"))) {
		lc_out_line("%s: not an asset, passes", asked);
		json_decref(value);
	} else {
		lc_out_object(value);
	}
	lc_model_free(model);
	lc_gate_free(gate);
	return LC_DONE;
}

const struct lc_command lc_asset_commands[] = {
	{ "show", lc_asset_show, "", "list the assets of the policy in force" },
	{ "add", lc_asset_add, "NAME tenant T kind K {prefix P | mac M | vlan V}...",
	  "add an asset to the policy in force; its tenant must be there" },
	{ "del", lc_asset_del, "NAME", "take an asset out of the policy in force" },
	{ "lookup", lc_asset_lookup, "{ADDRESS | vlan V}...",
	  "say which asset a sender is, by IPv4, IPv6 or MAC address and VLAN id" },
	LC_COMMAND_HELP,
	{ NULL, NULL, NULL, NULL },
};
