// spdlog 1.10 as Debian packages it, header-only: synchronous and asynchronous to a null sink.
#define SPDLOG_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#define FMT_HEADER_ONLY
#include <spdlog/async.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include "harness.h"

namespace outrigger::bench {
namespace {

struct SpdlogSync {
  static std::string name() { return "spdlog_sync_null"; }
  static spdlog::logger& logger() {
    static spdlog::logger instance("sync", std::make_shared<spdlog::sinks::null_sink_mt>());
    return instance;
  }
  static void prepare() { logger().set_level(spdlog::level::info); }
  static void call(uint64_t id, const std::string& name, double price) {
    logger().info("order {} placed by {} for {:.2f}", id, name, price);
  }
};

struct SpdlogAsync {
  static std::string name() { return "spdlog_async_null"; }
  static std::shared_ptr<spdlog::details::thread_pool>& pool() {
    static auto instance = std::make_shared<spdlog::details::thread_pool>(8192, 1);
    return instance;
  }
  static spdlog::async_logger& logger() {
    static auto instance = std::make_shared<spdlog::async_logger>(
        "async", std::make_shared<spdlog::sinks::null_sink_mt>(), pool(),
        spdlog::async_overflow_policy::block);
    return *instance;
  }
  static void prepare() { logger().set_level(spdlog::level::info); }
  static void call(uint64_t id, const std::string& name, double price) {
    logger().info("order {} placed by {} for {:.2f}", id, name, price);
  }
};

[[maybe_unused]] const int registered = register_peer<SpdlogSync>() + register_peer<SpdlogAsync>();

}  // namespace
}  // namespace outrigger::bench
