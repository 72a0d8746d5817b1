#include "http/server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"
#include "base/fd.h"
#include "http/connection.h"
#include "http/connection_table.h"
#include "http/listen.h"
#include "http/loop_crew.h"
#include "http/server_tls.h"
#include "http/stream_threads.h"

namespace outrigger::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// The loop's own executor by its type: the one that stands for any executor costs a count at each
// hop.
using Executor = asio::io_context::executor_type;
using Task = asio::awaitable<void, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
template <typename Own>
using BasicTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                              asio::wait_traits<std::chrono::steady_clock>, Own>;
using Timer = BasicTimer<Executor>;

// A listening socket is used by its coroutine and by drain(): a strand keeps them apart.
using Strand = asio::strand<Executor>;
using AcceptTask = asio::awaitable<void, Strand>;
constexpr asio::use_awaitable_t<Strand> kAwaitOnStrand;
using ListeningDescriptor = asio::posix::basic_stream_descriptor<Strand>;

constexpr auto kSweepPeriod = 250ms;  // how late a deadline may be noticed
constexpr auto kBeatPeriod = 1s;
constexpr auto kLaterPause = 20ms;   // between two looks for an answer that comes later
constexpr auto kFeedPause = 100ms;   // between two looks for news
constexpr auto kAcceptPause = 20ms;  // when there is no descriptor or no room left
constexpr int kAcceptsInRow = 64;
constexpr size_t kDescriptorsBeside = 512;  // for all but connections

class LoopServer final : public Server {
 public:
  LoopServer(ServerOptions options, std::vector<ListeningSocket> sockets);
  ~LoopServer() override;
  // Starts the threads. Apart from the constructor, since the destructor must join them should one
  // not start.
  void launch();

  const std::vector<Listener>& listeners() const override { return listeners_; }
  void drain(std::chrono::milliseconds deadline) override;
  ServerCounts counts() const override { return table_.counts(); }

 private:
  struct Acceptor {
    Acceptor(asio::io_context& io, ListeningSocket& socket)
        : strand(io.get_executor()),
          descriptor(strand, socket.fd.release()),
          inherited(socket.inherited),
          unlink_at_end(std::move(socket.unlink_at_end)) {}
    Strand strand;
    ListeningDescriptor descriptor;
    bool inherited;
    std::string unlink_at_end;
  };
  struct Session {
    Session(LoopServer& server, base::Fd& accepted, const Peer& peer)
        : descriptor(server.io_.get_executor(), accepted.get()),
          may_be_tls(server.options_.tls != nullptr && !peer.unix_socket && !peer.tls),
          connection(accepted.release(), peer, server.options_.limits, server.handler_,
                     server.table_) {}
    Descriptor descriptor;
    const bool may_be_tls;  // its first byte says
    Connection connection;  // leaves the table before the descriptor is closed
  };

  bool run_one();
  AcceptTask accept_from(Acceptor& acceptor);
  // True when there may be more to accept.
  bool accept_some(Acceptor& acceptor, bool& pause);
  void begin(base::Fd accepted, const Peer& peer);
  bool is_tls(Session& session);
  using StepTask = asio::awaitable<Step, Executor>;
  Task serve(std::unique_ptr<Session> session);
  Task pause(std::chrono::milliseconds time);
  StepTask streamed(Session& session);
  void look_after_busy() { table_.look_after_busy(base::monotonic_ns()); }
  Task sweep();
  Task beat();

  const ServerOptions options_;
  // What the crew counts as a handler's time: reading and sending are the loop's own, and a second
  // thread for them costs more than it brings.
  const Handler handler_ = [this](const ServerRequest& request) {
    const LoopCrew::Handling handling(crew_);
    return options_.handler(request);
  };
  ConnectionTable
      table_;  // before io_: frames of connections that io_ destroys give their places back
  asio::io_context io_;
  const asio::executor_work_guard<Executor>
      work_;  // the loop goes on when nothing is left to wait for
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<Listener> listeners_;
  std::atomic<bool> sweeping_{false};
  std::atomic<bool> stop_accepting_{false};
  std::mutex mutex_;
  std::condition_variable accepting_ended_;
  size_t accepting_ = 0;  // guarded by mutex_
  StreamThreads streams_;
  LoopCrew crew_;  // after all that its threads use: it ends first
};

LoopServer::LoopServer(ServerOptions options, std::vector<ListeningSocket> sockets)
    : options_(std::move(options)),
      table_(options_.limits),
      io_(static_cast<int>(options_.threads)),
      work_(io_.get_executor()),
      streams_(options_.limits.streams),
      crew_({.run_one = [this] { return run_one(); },
             .stop = [this] { io_.stop(); },
             .look_after = [this] { look_after_busy(); }},
            options_.threads, options_.thread_name) {
  for (ListeningSocket& socket : sockets) {
    listeners_.push_back({socket.fd.get(), socket.address});
    acceptors_.push_back(std::make_unique<Acceptor>(io_, socket));
  }
  accepting_ = acceptors_.size();
}

void LoopServer::launch() {
  for (auto& acceptor : acceptors_) {
    asio::co_spawn(acceptor->strand, accept_from(*acceptor), asio::detached);
  }
  if (options_.on_beat) asio::co_spawn(io_.get_executor(), beat(), asio::detached);
  crew_.launch();
}

LoopServer::~LoopServer() {
  // Streams that are left find their clients gone.
  streams_.refuse_more();
  if (streams_.any()) {
    table_.cut_all();
    look_after_busy();
  }
  for (auto& acceptor : acceptors_) {
    if (!acceptor->unlink_at_end.empty()) unlink(acceptor->unlink_at_end.c_str());
  }
}

bool LoopServer::run_one() {
  try {
    return io_.run_one() > 0;
  } catch (...) {
    // Out of memory between two steps of some connection: that one is gone, the others go on.
    return !io_.stopped();
  }
}

AcceptTask LoopServer::accept_from(Acceptor& acceptor) {
  bool pause = false;
  boost::system::error_code error;
  while (!stop_accepting_ && !error) {
    if (pause) {
      BasicTimer<Strand> timer(acceptor.strand, kAcceptPause);
      co_await timer.async_wait(asio::redirect_error(kAwaitOnStrand, error));
      pause = false;
    } else {
      co_await acceptor.descriptor.async_wait(ListeningDescriptor::wait_read,
                                              asio::redirect_error(kAwaitOnStrand, error));
    }
    if (!error) accept_some(acceptor, pause);
  }
  // Who has come before the end is served still: closing the socket would reset them.
  while (!acceptor.inherited && accept_some(acceptor, pause) && !pause) {
  }
  if (!acceptor.inherited) acceptor.descriptor.close(error);
  const std::lock_guard lock(mutex_);
  --accepting_;
  accepting_ended_.notify_all();
}

bool LoopServer::accept_some(Acceptor& acceptor, bool& pause) {
  for (int i = 0; i < kAcceptsInRow; ++i) {
    if (table_.overfull()) {
      pause = true;
      return true;
    }
    const int fd = accept4(acceptor.descriptor.native_handle(), nullptr, nullptr,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      const Peer peer = peer_of(fd);
      begin(base::Fd(fd), peer);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      table_.evict_one();
      pause = true;
      return true;
    }
    // All else is about the connection that was to be accepted (accept(2), "Error handling").
  }
  return true;
}

void LoopServer::begin(base::Fd accepted, const Peer& peer) {
  try {
    auto session = std::make_unique<Session>(*this, accepted, peer);
    asio::co_spawn(io_.get_executor(), serve(std::move(session)), asio::detached);
    if (!sweeping_.exchange(true)) asio::co_spawn(io_.get_executor(), sweep(), asio::detached);
  } catch (...) {
    // No memory for one more: its descriptor is closed, the others are served on.
  }
}

// True: it is the relay's from now on, and comes back as another session.
bool LoopServer::is_tls(Session& session) {
  const int fd = session.descriptor.native_handle();
  if (!ServerTls::is_tls(fd)) return false;
  base::Fd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (own) {
    options_.tls->take(std::move(own), peer_of(fd),
                       [this](base::Fd plain, const Peer& peer) { begin(std::move(plain), peer); });
  }
  return true;
}

Task LoopServer::serve(std::unique_ptr<Session> session) {
  if (session->may_be_tls) {
    boost::system::error_code error;
    co_await session->descriptor.async_wait(Descriptor::wait_read,
                                            asio::redirect_error(kAwait, error));
    if (error || is_tls(*session)) co_return;
  }
  for (Step step = Step::kRead; step != Step::kGone;) {
    boost::system::error_code error;
    switch (step) {
      case Step::kRead:
        co_await session->descriptor.async_wait(Descriptor::wait_read,
                                                asio::redirect_error(kAwait, error));
        step = error ? Step::kGone : session->connection.read();
        break;
      case Step::kWrite:
        co_await session->descriptor.async_wait(Descriptor::wait_write,
                                                asio::redirect_error(kAwait, error));
        step = error ? Step::kGone : session->connection.write();
        break;
      case Step::kYield:
        co_await asio::post(io_.get_executor(), kAwait);
        step = Step::kAnswer;
        break;
      case Step::kAnswer: step = session->connection.answer(); break;
      case Step::kLater: {
        co_await pause(kLaterPause);
        const LoopCrew::Handling handling(crew_);
        step = session->connection.later();
        break;
      }
      case Step::kFeed: {
        co_await pause(kFeedPause);
        const LoopCrew::Handling handling(crew_);
        step = session->connection.feed();
        break;
      }
      case Step::kStream: step = co_await streamed(*session); break;
      case Step::kGone: break;
    }
  }
}

// A coroutine of its own: the timer takes no room in connections that never wait.
Task LoopServer::pause(std::chrono::milliseconds time) {
  Timer timer(io_.get_executor(), time);
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(kAwait, error));
}

// Off the loop: the stream waits for its client on a thread of its own.
LoopServer::StepTask LoopServer::streamed(Session& session) {
  const auto begin = [this, &session](auto done) {
    // Copyable, as std::function wants it; called once.
    const auto handler = std::make_shared<decltype(done)>(std::move(done));
    const auto finish = [this, handler](Step step) {
      asio::post(io_.get_executor(), [handler, step] { std::move (*handler)(step); });
    };
    const bool taken = streams_.run([&session, finish] { finish(session.connection.stream()); });
    if (!taken) finish(session.connection.refuse_stream());
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Step)>(
      begin, kAwait);
}

// Runs while there are connections, so that an idle server sleeps.
Task LoopServer::sweep() {
  Timer timer(io_.get_executor());
  for (;;) {
    timer.expires_after(kSweepPeriod);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(kAwait, error));
    table_.sweep(base::monotonic_ns());
    if (streams_.any()) look_after_busy();
    if (!table_.empty()) continue;
    sweeping_ = false;
    // One may have come between the look and the word; whoever says the word first sweeps on.
    if (table_.empty() || sweeping_.exchange(true)) co_return;
  }
}

Task LoopServer::beat() {
  Timer timer(io_.get_executor());
  for (;;) {
    try {
      const LoopCrew::Handling handling(crew_);
      options_.on_beat();
    } catch (...) {
      // A beat that fails is a beat: the loop is alive.
    }
    timer.expires_after(kBeatPeriod);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(kAwait, error));
  }
}

void LoopServer::drain(std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  if (!stop_accepting_.exchange(true)) {
    for (auto& acceptor : acceptors_) {
      asio::post(acceptor->strand, [&acceptor] {
        boost::system::error_code error;
        acceptor->descriptor.cancel(error);
      });
    }
  }
  std::unique_lock lock(mutex_);
  accepting_ended_.wait_until(lock, until, [this] { return accepting_ == 0; });
  lock.unlock();
  table_.begin_drain(base::monotonic_ns());
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  if (!table_.wait_until_quiet(std::max(left, 0ms))) table_.cut_all();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  std::vector<ListeningSocket> sockets;
  for (const std::string& address : options.listen) {
    auto opened = listen_on(address, options.option);
    if (!opened) return opened.error();
    for (ListeningSocket& socket : *opened) sockets.push_back(std::move(socket));
  }
  for (const int fd : std::exchange(options.inherited, {})) {
    auto adopted = adopt_listener(fd);
    if (!adopted) return adopted.error();
    sockets.push_back(std::move(*adopted));
  }
  options.threads = std::max(options.threads, 1u);
  raise_descriptor_limit(options.limits.connections + kDescriptorsBeside);
  try {
    auto server = std::make_unique<LoopServer>(std::move(options), std::move(sockets));
    server->launch();
    return std::unique_ptr<Server>(std::move(server));
  } catch (const std::exception& failure) {
    return failed(std::string("the server cannot start: ") + failure.what());
  }
}

}  // namespace outrigger::http
