/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The datapath tests: rows of packets through the real program by BPF_PROG_TEST_RUN. Needs root and nothing else; works in a
 * network namespace of its own and pins nothing. One line a row, sum on the last, exit 1 if a row failed.
 */
#include "rows_frag.h"
#include "rows_gate.h"
#include "rows_hello.h"
#include "rows_link.h"
#include "rows_order.h"
#include "rows_proxy.h"
#include "rows_refuse.h"
#include "rows_stream.h"
#include "rows_tunnel.h"
#include "rows_views.h"

int main(void)
{
	static struct world dry, mild, live;

	world_one_cpu();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!world_open(&dry, NULL, LC_CONF_DRY | LC_CONF_NAMES) || !world_open(&live, NULL, LC_CONF_NAMES) ||
	    !world_open(&mild, NULL, LC_CONF_DRY) || !world_policy(&mild, world_mild_yaml, LC_CONF_DRY | LC_CONF_NAMES))
		return 1;
	link_rows_run(&dry);
	hello_rows_run(&dry);
	stream_rows_run(&dry, &mild);
	view_rows_run(&dry, &mild);
	order_rows_run(&dry, &mild);
	proxy_rows_run(&dry, &mild);
	frag_rows_run(&dry, &mild);
	tunnel_rows_run(&dry, &mild);
	gate_rows_run(&dry);
	refuse_rows_run(&live);
	world_close(&live);
	world_close(&mild);
	world_close(&dry);
	printf("%u passed, %u failed, %u skipped\n", world_sum.ok, world_sum.failed, world_sum.skipped);
	return world_sum.failed != 0;
}
