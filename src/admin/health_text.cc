#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "admin/health_command.h"

namespace outrigger::admin {
namespace {

namespace json = boost::json;

// Members of objects that may lack them or hold something else: whoever answers is not trusted to
// be well-formed.
const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}
const json::object& object_in(const json::object& object, std::string_view name) {
  static const json::object empty;
  const json::value* value = find(object, name);
  return value != nullptr && value->is_object() ? value->get_object() : empty;
}
const json::array& array_in(const json::object& object, std::string_view name) {
  static const json::array empty;
  const json::value* value = find(object, name);
  return value != nullptr && value->is_array() ? value->get_array() : empty;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F command some terminals too; in UTF-8 they begin with 0xc2.
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c < 0x20 || c == 0x7f || c1) {
      out += ' ';
      i += c1;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr || !value->is_string()) return {};
  const json::string& text = value->get_string();
  return printable({text.data(), text.size()});
}

std::optional<int64_t> whole_in(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr) return {};
  if (value->is_int64()) return value->get_int64();
  if (value->is_double() && value->get_double() > -9e15 && value->get_double() < 9e15) {
    return static_cast<int64_t>(value->get_double());
  }
  return {};
}

std::string number_in(const json::object& object, std::string_view name) {
  const auto number = whole_in(object, name);
  return number ? std::to_string(*number) : "?";
}

bool true_in(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

// "3 h 12 min", the two largest units.
std::string span(int64_t seconds) {
  if (seconds < 0) seconds = 0;
  const int64_t days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
  if (days > 0) return std::to_string(days) + " d " + std::to_string(hours) + " h";
  if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes) + " min";
  if (minutes > 0) return std::to_string(minutes) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds) + " s";
}

std::string painted(const std::string& word, std::string_view as, Paint paint) {
  if (paint == Paint::kPlain) return word;
  const char* colour = "\x1b[31m";  // red
  if (as == "pass" || as == "running" || as == "INFO") colour = "\x1b[32m";
  if (as == "warn" || as == "WARN" || as == "starting" || as == "draining") colour = "\x1b[33m";
  if (as == "TRACE" || as == "DEBUG") colour = "\x1b[2m";
  return colour + word + "\x1b[0m";
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

Result<json::object> parse_page(std::string_view text, Status& status) {
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return failed("what it answered is not a health page");
  const std::string word = text_in(value.get_object(), "status");
  if (word == "pass") {
    status = Status::kPass;
  } else if (word == "warn") {
    status = Status::kWarn;
  } else if (word == "fail") {
    status = Status::kFail;
  } else {
    return failed("what it answered is not a health page");
  }
  return std::move(value.get_object());
}

std::string headline(const json::object& page, Paint paint) {
  std::string name = text_in(page, "service");
  if (!name.empty()) name += ' ';
  const std::string status = text_in(page, "status");
  std::string line = name + text_in(page, "version") + ": " + painted(status, status, paint);
  const json::object& process = object_in(page, "process");
  if (process.empty()) return line;  // to a stranger no more is told
  const std::string state = text_in(process, "state");
  line += ", " + painted(state, state, paint) + ", pid " + number_in(process, "pid");
  line += ", up " + span(whole_in(page, "uptime_seconds").value_or(0));
  return line;
}

void add_details(std::string& out, const json::object& page) {
  const json::object& process = object_in(page, "process");
  if (process.empty()) return;
  if (const std::string ended = text_in(process, "ended"); !ended.empty()) {
    out += "  ended        " + ended + "\n";
  } else if (whole_in(process, "beat_age_ms")) {
    out += "  beat         " + number_in(process, "beat_age_ms") + " ms ago\n";
  } else {
    out += "  beat         none: only that the process is there is known\n";
  }
  if (const std::string reports = text_in(process, "crash_reports"); !reports.empty())
    out += "  crashes      " + reports + "\n";
  if (const std::string writing = text_in(process, "writing"); !writing.empty())
    out += "  writing      " + writing + "\n";
  if (const std::string end = text_in(process, "memory_end"); !end.empty())
    out += "  memory       " + end + "\n";
  out += "  environment  " + text_in(page, "environment") + ", instance " +
         text_in(page, "instance") + "\n";
  const json::object& keeper = object_in(page, "keeper");
  out += "  keeper       pid " + number_in(keeper, "pid") + ", restarted " +
         number_in(keeper, "restarts") + " times\n";
  const json::object& logs = object_in(object_in(page, "shipping"), "logs");
  out += "  log entries  " + number_in(logs, "sent") + " out, " + number_in(logs, "pending") +
         " pending, " + number_in(logs, "dropped") + " dropped\n";
}

void add_check(std::string& out, const json::object& check, Paint paint) {
  const std::string status = text_in(check, "status");
  out +=
      "  " + painted(padded(status, 4), status, paint) + "  " + padded(text_in(check, "name"), 16);
  if (true_in(check, "pending")) {
    out += "  has not run yet";
  } else if (const std::string output = text_in(check, "output"); !output.empty()) {
    out += "  " + output;
  }
  if (true_in(check, "critical")) out += "  (critical)";
  out += '\n';
}

void add_log(std::string& out, const json::object& entry, Paint paint) {
  const std::string time = text_in(entry, "time");
  const std::string level = text_in(entry, "level");
  // Of 2026-11-24T02:05:23.042Z the time of day will do.
  out += "  " + (time.size() == 24 ? time.substr(11, 12) : time) + " ";
  out += painted(padded(level, 5), level, paint) + " " + text_in(entry, "message");
  if (const std::string source = text_in(entry, "source"); !source.empty()) out += "  " + source;
  out += '\n';
}

}  // namespace

Result<std::string> health_line(std::string_view text, Paint paint, Status& status) {
  const auto page = parse_page(text, status);
  if (!page) return page.error();
  return headline(*page, paint) + "\n";
}

Result<std::string> health_text(std::string_view text, Paint paint, Status& status) {
  const auto page = parse_page(text, status);
  if (!page) return page.error();
  std::string out = headline(*page, paint) + "\n";
  add_details(out, *page);
  for (const json::value& warning : array_in(*page, "warnings")) {
    if (warning.is_string()) {
      out += "  " + painted("warning", "warn", paint) + "      ";
      out += printable({warning.get_string().data(), warning.get_string().size()}) + "\n";
    }
  }
  const json::array& checks = array_in(*page, "checks");
  if (!checks.empty()) out += "checks\n";
  for (const json::value& check : checks) {
    if (check.is_object()) add_check(out, check.get_object(), paint);
  }
  const json::array& logs = array_in(*page, "logs");
  if (!logs.empty()) out += "last log entries, newest first\n";
  for (const json::value& entry : logs) {
    if (entry.is_object()) add_log(out, entry.get_object(), paint);
  }
  return out;
}

}  // namespace outrigger::admin
