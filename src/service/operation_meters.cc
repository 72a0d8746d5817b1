#include "service/operation_meters.h"

namespace outrigger::service {

void make_meters(internal::ServiceParts& parts) {
  using metrics::Unit;
  for (internal::OperationInfo& operation : parts.operations) {
    if (operation.cli_only) continue;
    const metrics::Dimension of{"Operation", operation.name};
    operation.meters = std::make_shared<internal::OperationMeters>(internal::OperationMeters{
        metrics::counter("Requests", {.help = "Requests that were answered.", .dimensions = {of}}),
        metrics::counter("Errors",
                         {.help = "Answers with a status of 500 or above.", .dimensions = {of}}),
        metrics::timer("Latency", {.help = "From the request's arrival to its answer.",
                                   .unit = Unit::kMilliseconds,
                                   .dimensions = {of}})});
  }
}

}  // namespace outrigger::service
