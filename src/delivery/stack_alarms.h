// The alarms that the service declares, as resources of a stack, and a dashboard of them.
#pragma once

#include "delivery/wanted.h"
#include "outrigger/json.h"

namespace outrigger::delivery {

// The stack has the parameter `Environment`, the log group `LogGroup` and the topic `AlarmTopic`.
Result<void> add_alarms(const Facts& facts, Json& stack);

}  // namespace outrigger::delivery
