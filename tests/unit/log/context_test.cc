// Contexts and modules: what a record carries, in which thread, and how it is shown.
#include <sys/wait.h>

#include <coroutine>
#include <optional>
#include <thread>

#include "log/process.h"
#include "outrigger/log_foreign.h"
#include "render/entry.h"
#include "render/value.h"
#include "ring_fixture.h"

namespace outrigger {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHeader = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// --- Trace parent ------------------------------------------------------------------------------

TEST(Traceparent, is_read_and_written) {
  const auto context = log::Context::parse(kHeader);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id(), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->traceparent(), kHeader);
  // A later version may say more; what is understood of it is kept, as version 00.
  const auto later =
      log::Context::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more");
  ASSERT_TRUE(later);
  EXPECT_EQ(later->traceparent(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
}

TEST(Traceparent, what_is_malformed_is_none) {
  for (const std::string_view bad :
       {""sv, "00"sv, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"sv,
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"sv,
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01"sv,
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"sv,
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"sv,
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"sv,
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more"sv,
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"sv,
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"sv}) {
    EXPECT_FALSE(log::Context::parse(bad)) << bad;
    const log::Context fresh = log::Context::of_request(bad);
    EXPECT_TRUE(fresh.has_trace()) << bad;
    EXPECT_NE(fresh.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736") << bad;
  }
}

TEST(Traceparent, a_request_is_a_span_below_the_callers) {
  const log::Context here = log::Context::of_request(kHeader);
  EXPECT_EQ(here.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(here.span_id(), "00f067aa0ba902b7");
  EXPECT_NE(here.child().span_id(), here.span_id());
  EXPECT_EQ(here.child().trace_id(), here.trace_id());
  EXPECT_NE(log::Context::begin().trace_id(), log::Context::begin().trace_id());
  EXPECT_EQ(log::Context().traceparent(), "");
}

// --- Records -----------------------------------------------------------------------------------

class ContextTest : public RingFixture {
 protected:
  // All lines so far, as JSON from "message" on without thread and key, and as text.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    reader_->begin(UINT64_MAX, false);
    for (segment::RawRecord raw; reader_->next(raw);) {
      const render::Entry entry = decoder_.decode(raw, 0);
      std::string json(render::bytes_max(entry), '\0');
      json.resize(static_cast<size_t>(json_.append(json.data(), entry) - json.data()));
      const size_t message = json.find("\"message\"");
      const size_t source = json.find("\",\"source\"");
      const size_t behind = json.find(',', json.find("\"seq\""));
      lines.push_back(json.substr(message, source + 1 - message) +
                      (behind == std::string::npos ? "" : json.substr(behind)));
      while (lines.back().back() == '\n' || lines.back().back() == '}') lines.back().pop_back();
      std::string text(render::bytes_max(entry), '\0');
      text.resize(static_cast<size_t>(text_.append(text.data(), entry) - text.data()));
      last_text_ = text.substr(31);
      last_sources_.push_back(std::string(entry.plan->source));
    }
    reader_->release();
    return lines;
  }
  using Lines = std::vector<std::string>;

  render::Decoder decoder_{render::Image::of_program()};
  render::JsonLines json_{1};
  render::TextLines text_{render::Colours::kNone};
  std::string last_text_;
  Lines last_sources_;
};

const std::string kTrace =
    R"(,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7")";

TEST_F(ContextTest, an_explicit_context_gives_trace_and_fields) {
  const auto context =
      log::Context::parse(kHeader)->with("user", "ada").with("shard", 7).with("ratio", 0.5);
  log::info(context, "paid {cents}", 1250);
  EXPECT_EQ(lines(), Lines{R"("message":"paid 1250")" + kTrace +
                           R"(,"user":"ada","shard":7,"ratio":0.5,"cents":1250)"});
  EXPECT_EQ(last_text_.substr(0, 9), "paid 1250");
  EXPECT_NE(last_text_.find(") user=ada shard=7 ratio=0.5 "
                            "trace=4bf92f3577b34da6a3ce929d0e0e4736\n"),
            std::string::npos)
      << last_text_;
}

TEST_F(ContextTest, a_name_that_the_call_has_too_gets_a_suffix) {
  log::info(log::Context().with("user", 1).with("user", 2), "of {user}", 3);
  EXPECT_EQ(lines(), Lines{R"("message":"of 3","user_":2,"user":3)"});
}

TEST_F(ContextTest, within_one_all_calls_of_the_thread_have_it) {
  const std::string trace = kTrace;
  log::info("before");
  {
    const log::Within outer(*log::Context::parse(kHeader));
    log::info("in {n}", 1);
    {
      const log::Within inner(log::Context().with("job", "x"));
      log::info("deeper");
      log::info(log::Context().with("own", true), "explicit");
      EXPECT_FALSE(log::current().has_trace());
    }
    log::info("again");
    std::thread([] { log::info("elsewhere"); }).join();
    EXPECT_EQ(log::current().traceparent(), kHeader);
  }
  log::info("after");
  EXPECT_EQ(lines(), (Lines{R"("message":"before")", R"("message":"in 1")" + trace + R"(,"n":1)",
                            R"("message":"deeper","job":"x")", R"("message":"explicit","own":true)",
                            R"("message":"again")" + trace, R"("message":"elsewhere")",
                            R"("message":"after")"}));
}

TEST_F(ContextTest, the_ring_stays_the_threads_own) {
  log::info("a");
  {
    const log::Within within(log::Context().with("k", 1));
    log::info("b");
  }
  log::info("c");
  const auto records = read_all();
  ASSERT_EQ(records.size(), 3u);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(records[i].ring, records[0].ring);
    EXPECT_EQ(records[i].sequence, i);
  }
}

// A coroutine that goes on in another thread: an explicit context goes with it.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct OnAnotherThread {
  std::thread& thread;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> rest) {
    // The rest may end, and this object with it, before the assignment.
    std::thread& started = thread;
    started = std::thread(rest);
  }
  void await_resume() {}
};

Task hop(std::thread& thread, log::Context context) {
  log::info(context, "here");
  co_await OnAnotherThread{thread};
  log::info(context, "there");
}

TEST_F(ContextTest, an_explicit_one_is_right_across_co_await) {
  std::thread thread;
  hop(thread, log::Context().with("id", 5));
  thread.join();
  EXPECT_EQ(lines(), (Lines{R"("message":"here","id":5)", R"("message":"there","id":5)"}));
  EXPECT_EQ(read_all().size(), 0u);
}

TEST_F(ContextTest, what_does_not_fit_is_cut_and_counted) {
  const std::string long_text(500, 'x');
  const log::Context full = log::Context().with("text", long_text).with("more", 1);
  EXPECT_EQ(view_.service().truncated.load(), 2u);
  log::info(full, "full");
  const Lines shown = lines();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0], R"("message":"full","text":")" + std::string(216, 'x') + '"');
}

TEST_F(ContextTest, its_fields_are_text_whatever_they_hold) {
  log::info(log::Context().with("evil", "\"},\n{\"\xff"), "x");
  EXPECT_EQ(lines(), Lines{R"("message":"x","evil":"\"},\n{\")"
                           "\xef\xbf\xbd\""});
}

TEST_F(ContextTest, sensitive_values_stay_behind) {
  const std::string password = "hunter2";
  log::info(log::Context().with("token", log::sensitive(42)),
            "login {user} {password:>5} {pin:04d}", "ada", log::sensitive(password),
            log::sensitive(1234));
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].bytes.find("hunter2"), std::string::npos);
  log::info("login {password:>5} {pin:04d}", log::sensitive(password), log::sensitive(1234));
  EXPECT_EQ(lines(), Lines{R"("message":"login   *** ***","password":"***","pin":"***")"});
}

// --- Hostile blocks ----------------------------------------------------------------------------

TEST_F(ContextTest, a_block_that_does_not_hold_is_an_unreadable_record) {
  log::info(log::Context::parse(kHeader)->with("user", "ada"), "x");
  reader_->begin(UINT64_MAX, false);
  segment::RawRecord raw;
  ASSERT_TRUE(reader_->next(raw));
  const std::string good(raw.bytes, raw.size);
  // Every byte of the block, spoiled in every way: never more than an entry that says so.
  for (size_t at = internal::kRecordHeaderBytes; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bad = good;
      bad[at] = static_cast<char>(byte);
      raw.bytes = bad.data();
      const render::Entry entry = decoder_.decode(raw, 0);
      std::string json(render::bytes_max(entry), '\0');
      ASSERT_LE(json_.append(json.data(), entry), json.data() + json.size()) << at << ' ' << byte;
      render::fields_of(entry);
    }
  }
  EXPECT_GT(decoder_.unreadable(), 0u);
}

TEST_F(ContextTest, threads_without_a_ring_have_it_too) {
  std::vector<std::thread> holders;
  std::atomic<bool> end{false};
  std::atomic<size_t> holding{0};
  for (size_t i = 0; i < segment::kRings; ++i) {
    holders.emplace_back([&] {
      log::info("holds");
      ++holding;
      while (!end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  }
  while (holding != segment::kRings) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  lines();
  std::thread([] {
    const log::Context large = log::Context().with("id", 9).with("text", std::string(190, 't'));
    const log::Within within(large);
    log::info(log::Context().with("id", 9), "shared {x}", 1);
    // With 31 arguments there is no room for it in a cell.
    log::info("{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}", 1, 1, 1, 1, 1, 1, 1,
              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    const std::string path(600, 'p');
    log::foreign({.file = path, .line = 3, .text = "from far"});
  }).join();
  const Lines shown = lines();
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[0], R"("message":"shared 1","id":9,"x":1)");
  EXPECT_EQ(shown[1], R"("message":"1111111111111111111111111111111")");
  EXPECT_EQ(shown[2].substr(0, 20) + shown[2].substr(20, 7), R"("message":"from far","id":9)");
  EXPECT_EQ(last_sources_.back(), std::string(64, 'p') + ":3");
  end = true;
  for (std::thread& holder : holders) holder.join();
}

// --- Modules -----------------------------------------------------------------------------------

TEST_F(ContextTest, a_module_is_in_its_entries_and_has_a_level) {
  auto db = log::module("db");
  EXPECT_EQ(db.name(), "db");
  log::set_level(log::Level::kInfo);
  log::debug(db, "not shown");
  db.set_level(log::Level::kDebug);
  EXPECT_EQ(log::module("db").level(), log::Level::kDebug);
  log::debug(db, "query {ms}", 3);
  log::debug("not shown either");
  EXPECT_EQ(last_text_, "");
  EXPECT_EQ(lines(), Lines{R"("message":"query 3","module":"db","ms":3)"});
  EXPECT_EQ(last_text_.substr(0, 12), "[db] query 3");
  log::info(db.with(log::Context().with("user", 1)), "both");
  {
    const log::Within within(log::Context().with("job", 2));
    log::info(db, "and within");
  }
  EXPECT_EQ(lines(), (Lines{R"("message":"both","module":"db","user":1)",
                            R"("message":"and within","module":"db","job":2)"}));
  db.follow_service();
  EXPECT_EQ(db.level(), log::Level::kInfo);
  log::set_level(log::Level::kError);
  EXPECT_EQ(db.level(), log::Level::kError);
}

TEST_F(ContextTest, the_keeper_sees_modules_and_sets_their_levels) {
  log::module("late one!");
  const auto& service = view_.service();
  uint32_t at = 0;
  while (at < service.modules.load() && service.module_names[at] != "late_one_"sv) ++at;
  ASSERT_LT(at, service.modules.load());
  view_.control().module_levels[at].store(1);
  log::take_module_levels();
  EXPECT_EQ(log::module("late one!").level(), log::Level::kTrace);
  view_.control().module_levels[at].store(77);
  log::take_module_levels();
  EXPECT_EQ(log::module("late one!").level(), log::Level::kTrace) << "nonsense changes nothing";
  view_.control().module_levels[at].store(0);
  log::take_module_levels();
  EXPECT_EQ(log::module("late one!").level(), log::level());
}

TEST_F(ContextTest, modules_beyond_the_last_share_one) {
  for (int i = 0; i < 100; ++i) log::module("m" + std::to_string(i));
  EXPECT_EQ(log::module("m99").name(), "other");
  EXPECT_EQ(log::module("m0").name(), "m0");
  EXPECT_EQ(view_.service().modules.load(), segment::kModules);
}

// --- Foreign entries, samples ------------------------------------------------------------------

TEST_F(ContextTest, foreign_entries_have_their_own_file_and_line) {
  log::foreign({.level = log::Level::kWarn,
                .file = "/src/lib/pool.cc",
                .line = 77,
                .text = "pool {} is full\n"});
  log::foreign({.text = "no source"});
  log::set_level(log::Level::kError);
  log::foreign({.level = log::Level::kWarn, .text = "below the level"});
  const Lines shown = lines();
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0], R"("message":"pool {} is full")");
  EXPECT_EQ(last_sources_, (Lines{"pool.cc:77", ""}));
}

TEST_F(ContextTest, one_in_n_calls) {
  int calls = 0;
  for (int i = 0; i < 100; ++i) calls += log::one_in(10);
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(view_.service().suppressed.load(), 90u);
}

TEST_F(ContextTest, one_in_n_traces_wholly_or_not_at_all) {
  int traces = 0;
  for (int i = 0; i < 1000; ++i) {
    const log::Context context = log::Context::begin();
    const bool first = log::one_in(4, context);
    EXPECT_EQ(log::one_in(4, context.child().with("x", 1)), first);
    traces += first;
  }
  EXPECT_GT(traces, 100);  // 250 are expected; so few would be a wonder
  EXPECT_LT(traces, 450);
}

}  // namespace
}  // namespace outrigger
