#include "stacks.h"

#include <algorithm>

namespace outrigger::emulator {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

Texts texts_of(const json::value& value) {
  Texts texts;
  if (!value.is_object()) return texts;
  for (const auto& each : value.get_object()) {
    if (each.value().is_string())
      texts.emplace_back(std::string(each.key()), std::string(each.value().get_string().c_str()));
  }
  return texts;
}

// "Outputs" of "OutputKey" and "OutputValue"; "Parameters" of "ParameterKey" …
std::string list_of(const std::string& what, const Texts& texts) {
  std::string members;
  for (const auto& [key, value] : texts)
    members +=
        "<member>" + element(what + "Key", key) + element(what + "Value", value) + "</member>";
  return "<" + what + "s>" + members + "</" + what + "s>";
}

Answer answer_of(const std::string& operation, const std::string& result) {
  return xml_answer("<" + operation +
                    "Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><" +
                    operation + "Result>" + result + "</" + operation + "Result>" +
                    response_metadata() + "</" + operation + "Response>");
}

Answer not_there(const Call& call, const std::string& name) {
  return refuse(call, "ValidationError", "Stack with id " + name + " does not exist");
}

std::string text_at(const json::array& array, size_t index) {
  return index < array.size() && array[index].is_string()
             ? std::string(array[index].get_string().c_str())
             : std::string();
}

}  // namespace

Answer Stacks::answer(const Call& call) {
  if (call.operation == "DescribeStacks") return describe(call);
  if (call.operation == "UpdateStack") return update(call);
  if (call.operation == "DescribeStackEvents") return events(call);
  if (call.operation == "SignalResource") return signal(call);
  violations_.note("operation", "cloudformation " + call.operation);
  return refuse(call, "InvalidAction", "the emulator does not know " + call.operation);
}

// What happens in an update: [["AutoScalingGroup", "UPDATE_FAILED", "why"], …]; its last entry is the
// stack's own, whose status it ends with.
json::array Stacks::script_of(const std::string& name) const {
  const json::value script = account_.at({"stacks", name, "update"});
  return script.is_array() ? script.get_array() : json::array{};
}

std::string Stacks::member_of(const std::string& name, const json::value& outputs) const {
  std::string status = "CREATE_COMPLETE";
  {
    const std::lock_guard lock(mutex_);
    const auto found = updates_.find(name);
    if (found != updates_.end() && found->second.begun) {
      const json::array script = script_of(name);
      status = found->second.shown < script.size() ? "UPDATE_IN_PROGRESS"
               : script.empty()                    ? "UPDATE_COMPLETE"
                                                   : text_at(script.back().as_array(), 1);
    }
  }
  return "<member>" + element("StackName", name) +
         element("StackId", "arn:aws:cloudformation:" + account_.text({"instance", "region"}) +
                                ":" + account_.text({"instance", "account"}) + ":stack/" + name +
                                "/0") +
         element("CreationTime", utc_text(clock_.now_s())) + element("StackStatus", status) +
         list_of("Parameter", texts_of(account_.at({"stacks", name, "parameters"}))) +
         list_of("Output", texts_of(outputs)) + "</member>";
}

Answer Stacks::describe(const Call& call) {
  const std::string asked(call.field("StackName"));
  const json::value stacks = account_.at({"stack_outputs"});
  std::vector<std::string> names;
  if (stacks.is_object()) {
    for (const auto& each : stacks.get_object()) {
      if (asked.empty() || each.key() == asked) names.emplace_back(each.key());
    }
  }
  if (!asked.empty() && names.empty()) return not_there(call, asked);
  const auto page = page_of(call.field("NextToken"), names.size(),
                            static_cast<size_t>(account_.number({"page_size"}, 100)));
  if (!page) return refuse(call, "ValidationError", "NextToken was not given out here");
  std::string items;
  for (size_t index = page->begin; index < page->end; ++index)
    items += member_of(names[index], stacks.get_object().at(names[index]));
  return answer_of("DescribeStacks",
                   "<Stacks>" + items + "</Stacks>" +
                       (page->next.empty() ? "" : element("NextToken", page->next)));
}

// Each parameter that the stack has, with a value or "UsePreviousValue": one that is left out falls
// back to the template's default, and so changes behind everybody's back.
Answer Stacks::update(const Call& call) {
  const std::string name(call.field("StackName"));
  const json::value stack = account_.at({"stacks", name});
  if (!stack.is_object()) return not_there(call, name);
  const Texts there = texts_of(account_.at({"stacks", name, "parameters"}));
  json::object asked;
  size_t named = 0;
  bool changes = false;
  for (size_t number = 1;; ++number, ++named) {
    const std::string member = "Parameters.member." + std::to_string(number) + ".";
    const std::string key(call.field(member + "ParameterKey"));
    if (key.empty()) break;
    const auto known = std::find_if(there.begin(), there.end(),
                                    [&](const auto& each) { return each.first == key; });
    if (known == there.end())
      return refuse(call, "ValidationError",
                    "Parameters: [" + key + "] do not exist in the template");
    if (call.field(member + "UsePreviousValue") == "true") continue;
    const std::string value(call.field(member + "ParameterValue"));
    changes = changes || value != known->second;
    asked[key] = value;
  }
  if (named != there.size() || call.field("UsePreviousTemplate") != "true")
    violations_.note("cloudformation", "UpdateStack that leaves out parameters or the template");
  if (!changes) return refuse(call, "ValidationError", "No updates are to be performed.");
  const std::lock_guard lock(mutex_);
  Update& update = updates_[name];
  if (update.begun && update.shown < script_of(name).size())
    return refuse(call, "ValidationError",
                  "Stack:" + name + " is in UPDATE_IN_PROGRESS state and can not be updated.");
  update.asked.push_back(std::move(asked));
  update.begun = true;
  update.shown = 0;
  return answer_of("UpdateStack", element("StackId", name));
}

Answer Stacks::events(const Call& call) {
  const std::string name(call.field("StackName"));
  if (!account_.at({"stack_outputs", name}).is_object()) return not_there(call, name);
  const json::array script = script_of(name);
  std::string items;
  const std::lock_guard lock(mutex_);
  Update& update = updates_[name];
  if (update.begun) update.shown = std::min(update.shown + 1, script.size());
  for (size_t index = update.shown; index-- > 0;) {  // the newest first
    const json::array& each = script[index].as_array();
    items += "<member>" +
             element("EventId", std::to_string(update.asked.size()) + "-" + std::to_string(index)) +
             element("StackName", name) + element("LogicalResourceId", text_at(each, 0)) +
             element("ResourceStatus", text_at(each, 1)) +
             element("ResourceStatusReason", text_at(each, 2)) + "</member>";
  }
  return answer_of("DescribeStackEvents", "<StackEvents>" + items + "</StackEvents>");
}

Answer Stacks::signal(const Call& call) {
  constexpr size_t kUniqueIdMax = 64;
  json::object signal;
  for (const char* name : {"StackName", "LogicalResourceId", "UniqueId", "Status"}) {
    if (call.field(name).empty()) {
      violations_.note("cloudformation", std::string("SignalResource without ") + name);
      return refuse(call, "ValidationError", std::string(name) + " is needed");
    }
    signal[name] = std::string(call.field(name));
  }
  const bool known = call.field("Status") == "SUCCESS" || call.field("Status") == "FAILURE";
  if (!known || call.field("UniqueId").size() > kUniqueIdMax) {
    violations_.note("cloudformation", "SignalResource with a wrong Status or UniqueId");
    return refuse(call, "ValidationError", "Status or UniqueId is wrong");
  }
  const std::lock_guard lock(mutex_);
  signals_.push_back(std::move(signal));
  return xml_answer(
      "<SignalResourceResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">" +
      response_metadata() + "</SignalResourceResponse>");
}

json::array Stacks::signals() const {
  const std::lock_guard lock(mutex_);
  return signals_;
}

json::object Stacks::updates() const {
  const std::lock_guard lock(mutex_);
  json::object all;
  for (const auto& [name, update] : updates_) {
    if (!update.asked.empty()) all[name] = update.asked;
  }
  return all;
}

}  // namespace outrigger::emulator
