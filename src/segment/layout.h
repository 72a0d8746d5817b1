// The segment: the memory that the service and the keeper share. This page is its ABI.
//
//   offset     share          who writes          what
//   0          Header         supervisor, once    magic, version, boot, clock anchor
//   4 KiB      ForkedPage     forked children     calls that a child of fork() discarded
//   8 KiB      Supervision    supervisor          pids, restarts, stop clock
//   12 KiB     Control        keeper              log level, asks; read by the service
//   16 KiB     ServiceState   service             state, readiness, beats
//   ...        CrashPage      service             crash.h: what a crashing thread leaves
//   ...        Blob           service             declarations (JSON)
//   ...        Blob           keeper              resolved settings (JSON)
//   ...        LocatorBlob    keeper              current lists of the locators
//   ...        HealthTable    service             one slot a check, seqlocked
//   ...        RingControl[]  service and keeper  marks of each log ring
//   ...        OverflowQueue  service and keeper  shared by threads that have no ring of their own
//   ...        samples        service             stack samples and the live heap table
//   ...        ring data[]    service             kRings * kRingBytes
//   kBytes     metrics        service             src/segment/metrics.h: series, cells, histograms
//
// Every offset is a constant of the file that all three roles run (the program's budget for metrics
// is one as well), so no role ever reads the layout
// from the segment: a header that lies can mislead nobody. The memfd is sparse: a page that nobody
// touched costs nothing, and whoever reads must not go beyond a published mark, since reading a
// hole through a mapping fills it.
//
// Trust. The service may die anywhere or scribble over all of it. The keeper therefore copies a
// field once, checks the copy and uses the copy. The service in turn follows nothing that it reads
// here: its own positions are private memory, a read mark is clamped before use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace outrigger::segment {

inline constexpr uint64_t kMagic = 0x315247474952544fULL;  // "OTRIGGR1"
inline constexpr uint32_t kVersion = 3;
inline constexpr size_t kPage = 4096;

// The one memory budget and its shares.
inline constexpr size_t kBudgetBytes = 64u << 20;
inline constexpr size_t kRings = 40;            // threads with a ring of their own
inline constexpr size_t kRingBytes = 1u << 20;  // a power of two
inline constexpr size_t kOverflowCells = 2048;  // a power of two
inline constexpr size_t kOverflowCellBytes = 512;
inline constexpr size_t kChecks = 64;
inline constexpr size_t kBeats = 64;
inline constexpr size_t kDeclarationBytes = 512u << 10;
inline constexpr size_t kSettingBytes = 448u << 10;
inline constexpr size_t kLocatorBytes = 64u << 10;
inline constexpr size_t kSampleBytes = 16u << 20;
inline constexpr size_t kModules = 64;

inline constexpr size_t kLevels = 6;               // TRACE DEBUG INFO WARN ERROR FATAL
inline constexpr uint32_t kOverflowRing = kRings;  // the overflow queue's number in an entry's key

struct Header {
  uint64_t magic;
  uint32_t version;
  uint32_t bytes_mib;
  uint64_t boot;  // random, one per start of the supervisor: first part of an entry's key
  // base/clock.h ticks() and CLOCK_REALTIME ns, read together at creation: the anchor from which a
  // new keeper converts ticks to time.
  uint64_t ticks_at_start;
  int64_t real_ns_at_start;
};

// Mapped into forked children as well, unlike the rest.
struct ForkedPage {
  std::atomic<uint64_t> discarded;  // log calls made in children of fork()
};

// Whether the service may write files. The first three are outrigger/confine.h's.
enum class Confinement : uint32_t {
  kUnknown = 0,  // nobody has said; one process alone
  kOff,
  kReported,  // what is open for writing is named
  kEnforced,
  kUnavailable,  // the kernel has no Landlock, or refuses it
};

struct Supervision {
  std::atomic<int32_t> supervisor_pid;
  std::atomic<int32_t> service_pid;
  std::atomic<int32_t> keeper_pid;
  std::atomic<uint32_t> keeper_restarts;
  std::atomic<uint32_t> keeper_stuck;     // 1: dead or not draining; the log call then never waits
  std::atomic<uint32_t> service_ended;    // 1: service_status holds what waitid said
  std::atomic<int32_t> service_code;      // CLD_EXITED, CLD_KILLED, CLD_DUMPED
  std::atomic<int32_t> service_status;    // exit code or signal
  std::atomic<int32_t> keeper_last_code;  // how the last fallen keeper ended
  std::atomic<int32_t> keeper_last_status;
  std::atomic<int64_t> drain_started_ns;  // CLOCK_MONOTONIC; 0 while not draining
  std::atomic<uint32_t> confinement;      // Confinement
  std::atomic<int32_t> confine_abi;       // kEnforced: Landlock's version
  std::atomic<int32_t> confine_error;     // kUnavailable: errno
};

// What travels back from keeper to service. The service applies it when its bell rings.
struct Control {
  std::atomic<uint32_t> level;                    // 0..5
  std::atomic<uint32_t> level_version;            // incremented after `level` was set
  std::atomic<uint32_t> module_levels[kModules];  // 1 + level; 0: the service's
  std::atomic<int64_t> keeper_beat_ns;            // CLOCK_MONOTONIC, at each turn of the drain loop
  std::atomic<uint32_t> settings_ready;           // the settings blob is complete
  std::atomic<uint32_t> crash_answered;           // a futex; 1: the crash may take its course
};

enum class ServicePhase : uint32_t { kBorn = 0, kStarting, kRunning, kDraining, kExiting };

// One source of liveness: a pool that beats through its own queue, or the program's own beat().
struct alignas(64) Beat {
  std::atomic<int64_t> last_ns;  // CLOCK_MONOTONIC; 0: slot unused
  std::atomic<uint32_t> count;
  char name[32];  // written before last_ns is first set
};

struct ServiceState {
  std::atomic<uint32_t> phase;    // ServicePhase
  std::atomic<uint32_t> adopted;  // 1: the program has its own main loop (adopt())
  std::atomic<int64_t> started_real_ns;
  std::atomic<uint64_t> suppressed;       // log calls held back by their own rate limit
  std::atomic<uint32_t> truncated;        // log records cut to the largest size
  std::atomic<uint32_t> format_failures;  // a user's formatter threw; the argument reads "<error>"
  std::atomic<uint32_t> check_overruns;
  std::atomic<uint32_t> heap_hooked;  // 1: the program's allocations pass by the heap profiler
  std::atomic<uint32_t> wait_hooked;  // 1: its waits likewise
  std::atomic<uint32_t> crash_state;  // CrashState (crash.h), as is the next one
  std::atomic<uint32_t> crash_watch;  // CrashWatch
  Beat beats[kBeats];
  std::atomic<uint32_t> modules;  // names below this count are complete
  char module_names[kModules][32];
};

// A blob is written once by its owner: bytes first, then length (release).
struct BlobHeader {
  std::atomic<uint32_t> length;  // 0: not there yet
};

// Written again and again by the keeper: locators.h.
struct LocatorBlob {
  std::atomic<uint32_t> version;
  std::atomic<uint32_t> length;
};

enum class CheckStatus : uint32_t { kPending = 0, kPass, kWarn, kFail };

// Seqlock: version is odd while the service writes. A reader retries a few times, then shows the
// slot as "unreadable": a writer may have died in the middle.
struct alignas(64) HealthSlot {
  std::atomic<uint32_t> version;
  uint32_t status;  // CheckStatus
  uint32_t critical;
  uint32_t gates_readiness;
  int64_t started_ns;    // CLOCK_MONOTONIC of the run under way, 0 when none
  int64_t time_real_ns;  // when the shown result was obtained
  int64_t duration_ns;
  int64_t timeout_ns;
  int64_t every_ns;
  char name[64];  // NUL-terminated
  char output[768];
};
struct HealthTable {
  std::atomic<uint32_t> used;
  HealthSlot slots[kChecks];
};

// Ring life: free -> claimed (by a thread) -> ended (thread gone) -> free (keeper drained it all).
enum class RingState : uint32_t { kFree = 0, kClaimed, kEnded };

// Positions count bytes since the segment was made and never go back; data lies at position %
// kRingBytes.
struct alignas(128) RingControl {
  // the writing thread's lines
  std::atomic<uint64_t> write;  // published: all below is complete. Pairs with the keeper's acquire
  std::atomic<uint64_t>
      dropped[kLevels];         // calls that found no room, or were nested in a signal handler
  std::atomic<uint64_t> calls;  // sequence numbers consumed, stored when the thread ends
  alignas(64) std::atomic<uint32_t> state;  // RingState
  std::atomic<uint32_t> generation;         // incremented by the keeper when it frees the ring
  std::atomic<int32_t> thread_id;
  char thread_name[16];
  // the keeper's line
  alignas(64)
      std::atomic<uint64_t> read;  // all below may be overwritten. Pairs with the writer's acquire
};

// A bounded queue for many writers (cells with turn numbers). A writer that dies inside a cell
// leaves it claimed: while the service lives the keeper waits for it, after its death the keeper
// steps over it.
struct alignas(64) OverflowCell {
  std::atomic<uint64_t>
      turn;  // lap = ticket / kOverflowCells; 2 * lap: free for it, 2 * lap + 1: filled
  uint32_t thread_id;
  uint32_t reserved;
  char record[kOverflowCellBytes - 16];
};
struct OverflowQueue {
  alignas(64) std::atomic<uint64_t> enqueue;
  alignas(64) std::atomic<uint64_t> sequence;  // numbers consumed, dropped calls included
  alignas(64) std::atomic<uint64_t> dropped[kLevels];
  alignas(64) std::atomic<uint64_t> dequeue;  // the keeper's
  OverflowCell cells[kOverflowCells];
};
inline constexpr size_t kOverflowRecordBytesMax = sizeof(OverflowCell::record);

// --- Where each share lies ---------------------------------------------------------------------
constexpr size_t page_up(size_t n) { return (n + kPage - 1) & ~(kPage - 1); }

inline constexpr size_t kHeaderAt = 0;
inline constexpr size_t kForkedAt = kPage;
inline constexpr size_t kSupervisionAt = 2 * kPage;
inline constexpr size_t kControlAt = 3 * kPage;
inline constexpr size_t kServiceStateAt = 4 * kPage;
inline constexpr size_t kCrashAt = kServiceStateAt + page_up(sizeof(ServiceState));
inline constexpr size_t kDeclarationsAt = kCrashAt + kPage;
inline constexpr size_t kSettingsAt = kDeclarationsAt + kDeclarationBytes;
inline constexpr size_t kLocatorsAt = kSettingsAt + kSettingBytes;
inline constexpr size_t kHealthAt = kLocatorsAt + kLocatorBytes;
inline constexpr size_t kRingControlsAt = kHealthAt + page_up(sizeof(HealthTable));
inline constexpr size_t kOverflowAt = kRingControlsAt + page_up(kRings * sizeof(RingControl));
inline constexpr size_t kSamplesAt = kOverflowAt + page_up(sizeof(OverflowQueue));
inline constexpr size_t kRingDataAt = kSamplesAt + kSampleBytes;
// Of all shares but that of the metrics, which lies behind them and whose size is the program's.
inline constexpr size_t kBytes = kRingDataAt + kRings * kRingBytes;

static_assert(sizeof(Header) <= kPage && sizeof(Supervision) <= kPage && sizeof(Control) <= kPage);
static_assert((kRingBytes & (kRingBytes - 1)) == 0 && (kOverflowCells & (kOverflowCells - 1)) == 0);
static_assert(sizeof(RingControl) == 256 && sizeof(OverflowCell) == kOverflowCellBytes);
static_assert(std::atomic<uint64_t>::is_always_lock_free &&
              std::atomic<uint32_t>::is_always_lock_free);

// A typed view of a mapping of the segment. It owns nothing and checks nothing.
class View {
 public:
  View() = default;
  explicit View(void* base) : base_(static_cast<char*>(base)) {}
  explicit operator bool() const { return base_ != nullptr; }
  char* base() const { return base_; }

  Header& header() const { return at<Header>(kHeaderAt); }
  ForkedPage& forked() const { return at<ForkedPage>(kForkedAt); }
  Supervision& supervision() const { return at<Supervision>(kSupervisionAt); }
  Control& control() const { return at<Control>(kControlAt); }
  ServiceState& service() const { return at<ServiceState>(kServiceStateAt); }
  BlobHeader& declarations() const { return at<BlobHeader>(kDeclarationsAt); }
  BlobHeader& settings() const { return at<BlobHeader>(kSettingsAt); }
  LocatorBlob& locators() const { return at<LocatorBlob>(kLocatorsAt); }
  HealthTable& health() const { return at<HealthTable>(kHealthAt); }
  RingControl& ring(size_t i) const {
    return at<RingControl>(kRingControlsAt + i * sizeof(RingControl));
  }
  char* ring_data(size_t i) const { return base_ + kRingDataAt + i * kRingBytes; }
  OverflowQueue& overflow() const { return at<OverflowQueue>(kOverflowAt); }

 private:
  template <typename T>
  T& at(size_t offset) const {
    return *reinterpret_cast<T*>(base_ + offset);
  }
  char* base_ = nullptr;
};

inline constexpr size_t kBlobDataAt = 64;  // bytes of a blob start here, after its header

}  // namespace outrigger::segment
