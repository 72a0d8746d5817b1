// The one global symbol of the operations object: the table of what stands behind the door.
#include "admin/health_command.h"
#include "admin/log_command.h"
#include "admin/profile_command.h"
#include "delivery/init.h"
#include "delivery/push.h"
#include "delivery/template.h"
#include "http/client.h"
#include "json/read.h"
#include "keeper/main.h"
#include "ops/ask.h"
#include "ops/discovered.h"
#include "ops/ops.h"
#include "ops/served.h"

namespace {

constexpr outrigger::ops::Table kTable = {
    .keeper_main = outrigger::keeper::run,
    .service_socket = outrigger::ops::service_socket,
    .serve = outrigger::ops::serve,
    .fetch = outrigger::http::fetch_url,
    .keeper_thread = outrigger::keeper::start_thread,
    .ask = outrigger::ops::ask,
    .parse_json = outrigger::json::read,
    .discover = outrigger::ops::discover,
    .health_command = outrigger::admin::health_command,
    .profile_command = outrigger::admin::profile_command,
    .log_command = outrigger::admin::log_command,
    .init = outrigger::delivery::init,
    .print_template = outrigger::delivery::print_template,
    .print_user_data = outrigger::delivery::print_user_data,
    .push = outrigger::delivery::push,
};

}  // namespace

extern "C" const outrigger::ops::Table* outrigger_ops() { return &kTable; }
