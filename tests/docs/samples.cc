// Every C++ sample of the docs, as it stands there, in a place where it compiles. samples_test.py
// compares the two.
#include <gtest/gtest.h>
#include <outrigger/outrigger.h>
#include <outrigger/testing.h>
#include <filesystem>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

// clang-format off
namespace readme {
using namespace outrigger;
int main(int argc, char** argv) {
  Service hello{{.name = "hello", .about = "Greets people."}};
  hello.operation("greet", "Greets one person.")      // hello greet Ada  |  GET :8080/greet?name=Ada
      .arg<std::string>("name", "whom to greet")
      .read_only()
      .does([](const std::string& name) -> Result<Json> {
        log::info("greeted {name}", name);
        return Json{{"greeting", "Good day, " + name}};
      });
  return run(argc, argv, hello);
}
}  // namespace readme

namespace adopting {
namespace asio = boost::asio;
int old_main(int, char**) { return 0; }
int main(int argc, char** argv) { return outrigger::adopt({.name = "orders"}, argc, argv, old_main); }

void beats(asio::io_context& loop) {
outrigger::beat();                                       // from a loop that turns at least once a second
const outrigger::BeatThrough beats("loop", [&](auto task) { asio::post(loop, task); });   // from one that sleeps
}
}  // namespace adopting

namespace logging {
using namespace outrigger;
void calls(const std::string& url, double ms, const std::string& user, const std::string& password) {
log::info("probed {url} in {ms:.1f} ms", url, ms);           // names become fields
log::info("login of {user} with {password}", user, log::sensitive(password));   // password is ***
}
void contexts(std::string_view header, const std::string& user, int cents) {
const auto context = log::Context::of_request(header).with("user", user);
log::info(context, "paid {cents}", cents);      // explicit: in any thread, across co_await
const log::Within within(context);              // or for all calls of this thread until here ends
}
void modules(int ms) {
const auto db = log::module("db");
log::debug(db, "query took {ms} ms", ms);
}
void sampling(int depth, const std::string& key, const log::Context& context, int rows) {
if (log::at_most(5)) log::warn("queue is full: {depth}", depth);         // a second, from this place
if (log::one_in(1000)) log::debug("cache hit {key}", key);               // of the calls from this place
if (log::one_in(100, context)) log::debug(context, "{rows} rows", rows); // whole traces, or nothing of them
}
}  // namespace logging

namespace admin {
using namespace outrigger;
int main(int argc, char** argv) {
Service shop{{.name = "shop", .admin_roles = {"arn:aws:iam::123456789012:role/Operators"}}};
return run(argc, argv, shop);
}
}  // namespace admin

namespace near_admin {
using namespace outrigger;
int main(int argc, char** argv) {
Service shop{{.name = "shop", .admin_networks = {"10.1.0.0/16"}}};
return run(argc, argv, shop);
}
}  // namespace near_admin

namespace reference {
using namespace outrigger;
void operations(Service& service) {
service.operation("cut", "Cuts a thing.")
    .arg<std::string>("what", "the thing", {.length_min = 1})
    .arg<int>("pieces", "how many", {.otherwise = 2, .min = 1, .max = 9})
    .arg<std::string>("mode", "how", {.otherwise = "fast", .one_of = {"fast", "safe"}})
    .does([](const std::string& what, int pieces, const std::string& mode) -> Result<Json> { return Json{{"what", what}, {"pieces", pieces}, {"mode", mode}}; });
}
void settings(Service& orders) {
auto table = orders.setting<std::string>("Table", {.in_local = "orders-dev"});                    // required elsewhere
auto limit = orders.setting<int>("Limit", {.otherwise = 100, .parameter = "/orders/limit"});
auto password = orders.setting<std::string>("Password", {.in_local = "none", .secret = true, .secret_id = "orders/db#password"});
auto stock = orders.setting<std::string>("Stock", {.in_local = "127.0.0.1:9000", .cloud_map = "shop/stock"});
}
void locators(Service& orders) {
auto stock = orders.locator("Stock", {.in_local = {{"127.0.0.1:9000"}}, .cloud_map = "shop/stock"});
const auto now = stock.addresses();    // the current list, at any time, from any thread
}
}  // namespace reference

namespace counting {
using namespace outrigger;
void updates() {
auto greeted = metrics::counter("Greetings", {.help = "People greeted"});
auto waiting = metrics::gauge("QueueDepth");
auto took = metrics::timer("GreetingTime");
auto answers = metrics::counters("Answers", {"Route", "Status"});

greeted.add();
waiting.set(17);
const auto timing = took.start();     // observed when it goes out of scope
answers.of("/greet", "200").add();    // dimensions given at the call
}
}  // namespace counting

namespace installing {
using namespace outrigger;
void steps(Service& service) {
service.on_init("queue directory",
                [](const InitPlace& place) { std::filesystem::create_directories(place.root + "/srv/queue"); },
                [](const InitPlace& place) { std::filesystem::remove_all(place.root + "/srv/queue"); });
service.unit({.open_files = 1'000'000, .devices = {"/dev/nvidia0"}, .jit = true});
}
}  // namespace installing

namespace profiling {
using namespace outrigger;
void labels(const std::string& route) {
const auto tag = profile::label("route", route);
}
}  // namespace profiling

void greet(const std::string& name) {
  static const auto greeted = outrigger::metrics::counter("Greetings");
  greeted.add();
  outrigger::log::info("greeted {name}", name);
}

TEST(Greeting, is_logged_and_counted) {
  outrigger::testing::Scope scope;
  greet("Ada");
  EXPECT_EQ(scope.entries().back().message, "greeted Ada");
  EXPECT_EQ(scope.entries().back().field("name"), "Ada");
  EXPECT_EQ(scope.counted("Greetings"), 1);
}
// clang-format on
