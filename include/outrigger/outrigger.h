// All of Outrigger that a service needs in one include. Programs that count their compile time
// include the parts.
#pragma once

#include "outrigger/alarm.h"
#include "outrigger/health.h"
#include "outrigger/http.h"
#include "outrigger/json.h"
#include "outrigger/locator.h"
#include "outrigger/log.h"
#include "outrigger/metrics.h"
#include "outrigger/operation.h"
#include "outrigger/profile.h"
#include "outrigger/result.h"
#include "outrigger/service.h"
#include "outrigger/setting.h"
#include "outrigger/version.h"

namespace outrigger {

// So that `using namespace outrigger` is enough to write {.every = 30s}.
using namespace std::chrono_literals;

}  // namespace outrigger
