// One body of PutLogEvents, compressed: by the encoder of our own and by libdeflate's levels. Three
// kinds of bodies:
//
//   bench   the lines of bench/shipping: one call site, 100 bytes of message
//   mixed   a busy service: six call sites, four threads, requests, queries, traces, amounts,
//           random identities
//   noise   random bytes
//
//   bytes_per_second   of the body, before
//   ratio              how many times smaller
#include <benchmark/benchmark.h>
#include <libdeflate.h>
#include <stdio.h>

#include <random>
#include <string>

#include "keeper/batch.h"
#include "keeper/deflate.h"

namespace {

using outrigger::keeper::BatchBody;
using outrigger::keeper::BatchCut;
using outrigger::keeper::BatchLimits;
using outrigger::keeper::Coding;
using outrigger::keeper::Deflater;
using outrigger::keeper::Gzip;
using outrigger::keeper::lines_of;
using outrigger::keeper::PackedBytes;

constexpr size_t kLinesBytes = 900'000;

template <typename... T>
std::string format(const char* format, T... values) {
  char text[1024];
  const int size = snprintf(text, sizeof text, format, values...);
  return {text, static_cast<size_t>(size)};
}

std::string time_text(uint64_t us) {
  return format("2026-11-24T12:%02d:%02d.%03dZ", static_cast<int>(us / 60'000'000 % 60),
                static_cast<int>(us / 1'000'000 % 60), static_cast<int>(us / 1'000 % 1'000));
}

std::string bench_lines() {
  const std::string rest(56, '.');
  std::string lines;
  for (uint64_t id = 0; lines.size() < kLinesBytes; ++id) {
    lines += "{\"time\":\"" + time_text(id) + "\",\"level\":\"INFO\",\"message\":\"";
    lines += format("order %lu placed by sixteen_char_str for %.2f %s", id,
                    static_cast<double>(id / 500 * 500) * 0.01, rest.c_str());
    lines += format(
        "\",\"source\":\"producer.cc:32\",\"thread\":\"producer/"
        "4711\",\"boot\":\"5e0f1c9d2b7a8364\","
        "\"ring\":\"1.0\",\"seq\":%lu}\n",
        id);
  }
  return lines;
}

std::string mixed_lines() {
  std::mt19937_64 dice(7);
  const auto up_to = [&](uint64_t most) { return dice() % most; };
  const char* const routes[] = {"/orders", "/orders/{id}", "/customers/{id}", "/stock", "/search"};
  const char* const tables[] = {"orders", "order_lines", "customers", "stock"};
  uint64_t sequences[4] = {};
  uint64_t now_us = 0;
  std::string lines;
  while (lines.size() < kLinesBytes) {
    now_us += up_to(900);
    const uint64_t thread = up_to(4), kind = up_to(20);
    const double ms = static_cast<double>(up_to(90'000)) / 1'000;
    std::string level = "INFO", message, source, fields;
    if (kind < 8) {
      const uint64_t status = up_to(30) == 0 ? 404 : 200;
      const char* const route = routes[up_to(5)];
      message = format("GET %s answered %lu in %.1f ms", route, status, ms);
      source = "front.cc:88";
      fields = format(",\"route\":\"%s\",\"status\":%lu,\"ms\":%.3f", route, status, ms);
    } else if (kind < 12) {
      const char* const table = tables[up_to(4)];
      const uint64_t rows = up_to(400);
      message = format("query on %s gave %lu rows in %.2f ms", table, rows, ms);
      source = "store.cc:131";
      fields = format(",\"table\":\"%s\",\"rows\":%lu,\"ms\":%.3f", table, rows, ms);
    } else if (kind < 15) {
      const uint64_t customer = up_to(1'000'000), cents = up_to(1'000'000);
      message = format("order %016lx of customer %lu over %lu.%02lu EUR", dice(), customer,
                       cents / 100, cents % 100);
      source = "orders.cc:57";
      fields = format(",\"customer\":%lu,\"amount\":%lu.%02lu", customer, cents / 100, cents % 100);
    } else if (kind < 17) {
      message = format("cache miss for key session:%016lx%016lx", dice(), dice());
      source = "cache.cc:40";
      level = "DEBUG";
    } else if (kind < 19) {
      const uint64_t attempt = 1 + up_to(3);
      message = format("payment provider did not answer, attempt %lu of 3", attempt);
      source = "payments.cc:210";
      level = "WARN";
      fields = format(",\"attempt\":%lu", attempt);
    } else {
      message = format("cannot reserve item %lu: only %lu left", up_to(50'000), up_to(5));
      source = "stock.cc:19";
      level = "ERROR";
    }
    lines += "{\"time\":\"" + time_text(now_us) + "\",\"level\":\"" + level + "\",\"message\":\"" +
             message + "\",\"source\":\"" + source + "\"";
    lines += format(
        ",\"thread\":\"worker-%lu/"
        "%lu\",\"boot\":\"5e0f1c9d2b7a8364\",\"ring\":\"%lu.0\",\"seq\":%lu",
        thread, 4711 + thread, thread, sequences[thread]++);
    if (kind < 15)
      lines +=
          format(",\"trace_id\":\"%016lx%016lx\",\"span_id\":\"%016lx\"", dice(), dice(), dice());
    lines += fields + "}\n";
  }
  return lines;
}

std::string body_of(const std::string& kind) {
  if (kind == "noise") {
    std::mt19937_64 dice(7);
    std::string noise;
    while (noise.size() < kLinesBytes) noise += static_cast<char>(dice());
    return noise;
  }
  BatchBody body;
  const std::string lines = kind == "bench" ? bench_lines() : mixed_lines();
  body.build(lines, lines_of(lines), "/outrigger/orders/production",
             "i-0123456789abcdef0/2026-11-24T12-00-00.000Z", BatchLimits{});
  return std::string(body.bytes());
}

void report(benchmark::State& state, size_t before, size_t after) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * before));
  state.counters["ratio"] = static_cast<double>(before) / static_cast<double>(after);
}

void ours(benchmark::State& state, const char* kind) {
  const std::string body = body_of(kind);
  Gzip gzip;
  PackedBytes packed;
  for (auto _ : state) {
    packed.clear();
    gzip.begin(packed);
    for (std::string_view rest = body; !rest.empty();) {
      const std::string_view block = rest.substr(0, Deflater::kBlockBytes);
      gzip.block(block, packed);
      rest.remove_prefix(block.size());
    }
    gzip.end(packed);
    benchmark::DoNotOptimize(packed.text().data());
  }
  report(state, body.size(), packed.size());
}

void libdeflate(benchmark::State& state, const char* kind) {
  const std::string body = body_of(kind);
  libdeflate_compressor* const compressor =
      libdeflate_alloc_compressor(static_cast<int>(state.range(0)));
  std::string packed(libdeflate_gzip_compress_bound(compressor, body.size()), '\0');
  size_t size = 0;
  for (auto _ : state) {
    size = libdeflate_gzip_compress(compressor, body.data(), body.size(), packed.data(),
                                    packed.size());
    benchmark::DoNotOptimize(packed.data());
  }
  libdeflate_free_compressor(compressor);
  report(state, body.size(), size);
}

// From lines to the body that is sent: where a batch ends, JSON, gzip. items_per_second: lines.
void whole_body(benchmark::State& state, const char* kind) {
  const std::string lines = std::string_view(kind) == "bench" ? bench_lines() : mixed_lines();
  BatchBody body;
  size_t events = 0;
  for (auto _ : state) {
    BatchCut cut{BatchLimits{}};
    const std::string_view batch = std::string_view(lines).substr(0, cut.extend(lines));
    body.build(batch, cut.take(), "/outrigger/orders/production", "i-0123456789abcdef0",
               BatchLimits{}, Coding::kGzip);
    events += body.events().size();
    benchmark::DoNotOptimize(body.bytes().data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(events));
}

BENCHMARK_CAPTURE(whole_body, bench, "bench");
BENCHMARK_CAPTURE(whole_body, mixed, "mixed");
BENCHMARK_CAPTURE(ours, bench, "bench");
BENCHMARK_CAPTURE(libdeflate, bench, "bench")->ArgName("level")->Arg(1)->Arg(6);
BENCHMARK_CAPTURE(ours, mixed, "mixed");
BENCHMARK_CAPTURE(libdeflate, mixed, "mixed")->ArgName("level")->Arg(1)->Arg(6);
BENCHMARK_CAPTURE(ours, noise, "noise");
BENCHMARK_CAPTURE(libdeflate, noise, "noise")->ArgName("level")->Arg(1)->Arg(6);

}  // namespace

BENCHMARK_MAIN();
