// The one global symbol of the operations object: the table of what stands behind the door.
#include "admin/health_command.h"
#include "http/client.h"
#include "keeper/main.h"
#include "ops/ops.h"
#include "ops/served.h"

namespace {

constexpr outrigger::ops::Table kTable = {
    .keeper_main = outrigger::keeper::run,
    .serve = outrigger::ops::serve,
    .fetch = outrigger::http::fetch_url,
    .keeper_thread = outrigger::keeper::start_thread,
    .health_command = outrigger::admin::health_command,
};

}  // namespace

extern "C" const outrigger::ops::Table* outrigger_ops() { return &kTable; }
