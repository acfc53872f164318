/// What flush_bench can do. Each prints one JSON object.
#pragma once

#include "arguments.hpp"

namespace bench {

/// N clients at a time, each request of a new connection, for sites in turn.
void run_adds(const arguments& options);
/// One add at a fixed interval until SIGTERM. What is late counts from when it was due.
void run_probe(const arguments& options);
/// One send_site, with a stand-in for qmgr(8); until all is handled.
void run_send(const arguments& options);
/// Yardsticks: the bare accept-announce-read-append-reply loop; the bare moves.
void run_baseline_loop(const arguments& options);
void run_baseline_moves(const arguments& options);
/// Queue files and logfiles to work on.
void make_queue(const arguments& options);
void make_logfiles(const arguments& options);

} // namespace bench
