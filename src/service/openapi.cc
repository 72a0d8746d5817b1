#include "service/openapi.h"

#include "outrigger/version.h"

namespace outrigger::service {
namespace {

using internal::Arity;
using internal::OperationInfo;
using internal::ParameterInfo;

constexpr char kDurationPattern[] = R"(^(0|([0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|ns))+)$)";

std::string_view json_type_of(const ParameterInfo& parameter) {
  if (parameter.type == "text" || parameter.type == "duration") return "string";
  return parameter.type;
}

Json schema_of_one(const ParameterInfo& parameter) {
  Json schema{{"type", json_type_of(parameter)}};
  const bool is_text = parameter.type == "text";
  if (parameter.type == "duration") {
    schema["pattern"] = kDurationPattern;
    schema["examples"] = Json::array({"250ms", "10s", "1h30m"});
  } else {
    if (parameter.min) schema[is_text ? "minLength" : "minimum"] = *parameter.min;
    if (parameter.max) schema[is_text ? "maxLength" : "maximum"] = *parameter.max;
  }
  if (!parameter.one_of.empty()) {
    for (const Json& each : parameter.one_of) schema["enum"].push_back(each);
  }
  if (parameter.otherwise) schema["default"] = *parameter.otherwise;
  return schema;
}

Json parameters_in_query(const OperationInfo& operation) {
  Json all = Json::array();
  for (const ParameterInfo& parameter : operation.parameters) {
    Json one{{"name", parameter.name},
             {"in", "query"},
             {"description", parameter.help},
             {"required", !parameter.may_be_left_out()},
             {"schema", schema_of(parameter)}};
    if (parameter.arity == Arity::kMany) {
      one["style"] = "form";
      one["explode"] = true;
    }
    all.push_back(std::move(one));
  }
  return all;
}

Json body_of(const OperationInfo& operation) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const ParameterInfo& parameter : operation.parameters) {
    Json schema = schema_of(parameter);
    schema["description"] = parameter.help;
    properties[parameter.name] = std::move(schema);
    if (!parameter.may_be_left_out()) required.push_back(parameter.name);
  }
  Json schema{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  const bool is_required = required.size() > 0;
  if (is_required) schema["required"] = std::move(required);
  return Json{{"description", "The parameters; they may stand in the query as well."},
              {"required", is_required},
              {"content", Json{{"application/json", Json{{"schema", std::move(schema)}}}}}};
}

Json problem(std::string_view description) {
  return Json{
      {"description", description},
      {"content", Json{{"application/problem+json",
                        Json{{"schema", Json{{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

Json responses_of(const OperationInfo& operation) {
  const bool lines = operation.answers == internal::Answers::kInLines;
  Json responses{
      {"200", Json{{"description", lines ? "The result, one JSON value a line." : "The result."},
                   {"content", Json{{lines ? "application/x-ndjson" : "application/json",
                                     Json{{"schema", Json::object()}}}}}}},
      {"400", problem("A parameter is missing, unknown or will not do.")}};
  if (operation.restricted) responses["403"] = problem("The caller may not do this.");
  responses["default"] = problem("It failed.");
  return responses;
}

Json operation_object(const OperationInfo& operation) {
  Json object{{"operationId", operation.name}, {"summary", operation.about}};
  if (operation.restricted)
    object["description"] = "For this service's own user, unless it runs locally.";
  if (operation.read_only) {
    object["parameters"] = parameters_in_query(operation);
  } else if (!operation.parameters.empty()) {
    object["requestBody"] = body_of(operation);
  }
  object["responses"] = responses_of(operation);
  return object;
}

Json problem_schema() {
  return Json{{"type", "object"},
              {"description", "RFC 9457. `detail` is the sentence that the command prints."},
              {"properties",
               Json{{"type", Json{{"type", "string"}, {"format", "uri-reference"}}},
                    {"title", Json{{"type", "string"}}},
                    {"status", Json{{"type", "integer"}}},
                    {"detail", Json{{"type", "string"}}},
                    {"parameter", Json{{"type", "string"},
                                       {"description", "The parameter at fault, if one is."}}}}},
              {"required", Json::array({"type", "title", "status", "detail"})}};
}

}  // namespace

Json schema_of(const ParameterInfo& parameter) {
  if (parameter.arity != Arity::kMany) return schema_of_one(parameter);
  return Json{
      {"type", "array"}, {"items", schema_of_one(parameter)}, {"minItems", parameter.at_least}};
}

Json openapi(const internal::ServiceParts& parts) {
  Json paths = Json::object();
  for (const OperationInfo& operation : parts.operations) {
    if (operation.cli_only) continue;
    paths["/" + operation.name] =
        Json{{operation.read_only ? "get" : "post", operation_object(operation)}};
  }
  Json info{{"title", parts.options.name}, {"version", version()}};
  if (!parts.options.about.empty()) info["description"] = parts.options.about;
  return Json{{"openapi", "3.1.0"},
              {"info", std::move(info)},
              {"servers", Json::array({Json{{"url", "/"}}})},
              {"paths", std::move(paths)},
              {"components", Json{{"schemas", Json{{"Problem", problem_schema()}}}}}};
}

}  // namespace outrigger::service
