// The alarms of a service, those that every service has included, and what its metrics cost: for
// the template that delivery prints.
#pragma once

#include <string>
#include <vector>

#include "outrigger/json.h"
#include "service/parts.h"

namespace outrigger::service {

// The default ones that are neither replaced nor about a metric that is not sent, then those
// declared in code, in their order.
std::vector<internal::AlarmInfo> alarms_of(const internal::ServiceParts& parts);

// An element each:
//
//     {"name": "HighMemory",                   letters and digits: fit for a logical id
//      "about": "...", "condition": "maximum of MemoryUsed > 85 for 5m", "default": true,
//      "properties": {...}}
//
// `properties` are those of CloudFormation's AWS::CloudWatch::Alarm but for AlarmName and the
// actions, which are the stack's. `environment` stands where the value of the dimension
// `Environment` does: a text, or Json{{"Ref", "Environment"}}. Precondition: wrong_with_alarms() is
// empty.
Json alarms_json(const internal::ServiceParts& parts, const Json& environment);

// The lines above which alarms about system metrics begin, for the keeper, which takes a profile where
// one of memory or CPU is passed: [{"alarm": "HighMemory", "metric": "MemoryUsed", "above": 85}].
Json profile_lines_json(const internal::ServiceParts& parts);

// The first thing that CloudWatch would not take, in one sentence; or empty.
std::string wrong_with_alarms(const internal::ServiceParts& parts);

// The system metrics that are sent, and those sent for each mount that is named.
std::vector<metrics::SystemMetric> sent_system_metrics(const metrics::SystemOptions& options);
std::string wrong_with_system(const metrics::SystemOptions& options);

// What is billed for metrics and alarms that are known before the service runs, in US dollars a
// month: {"system": 10, "operations": 3, "metrics": 13, "alarms": 6, "dollars_a_month": 4.5}.
// Metrics that the program makes while it runs come on top; /health counts all.
Json bill_json(const internal::ServiceParts& parts);
// The same as a sentence.
std::string bill_text(const internal::ServiceParts& parts);

}  // namespace outrigger::service
