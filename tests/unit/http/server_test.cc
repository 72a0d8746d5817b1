#include "http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <thread>

#include "base/fd.h"
#include "http/url.h"

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;

// A blocking client of its own making: what it sends is bytes, not requests.
class Client {
 public:
  explicit Client(const std::string& address) {
    if (address.starts_with("unix:")) {
      sockaddr_un un{};
      un.sun_family = AF_UNIX;
      const std::string name = address.substr(5);
      memcpy(un.sun_path, name.data(), name.size());
      if (name[0] == '@') un.sun_path[0] = '\0';
      fd_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const auto size = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
      connected_ =
          connect(fd_.get(), reinterpret_cast<sockaddr*>(&un), static_cast<socklen_t>(size)) == 0;
    } else {
      const auto parts = split_host_port(address);
      fd_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = htons(static_cast<uint16_t>(parts->port));
      inet_pton(AF_INET, parts->host.c_str(), &in.sin_addr);
      connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&in), sizeof in) == 0;
    }
    timeval patience{20, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  void send(std::string_view bytes) {
    (void)!::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Until `end` has arrived, or the connection ends.
  std::string read_until(std::string_view end) {
    std::string all;
    char byte;
    while (!all.ends_with(end) && recv(fd_.get(), &byte, 1, 0) == 1) all += byte;
    return all;
  }
  std::string read_all() {
    std::string all;
    char bytes[4096];
    for (ssize_t count; (count = recv(fd_.get(), bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  base::Fd fd_;
  bool connected_ = false;
};

ServerOptions options(std::string address = "127.0.0.1:0") {
  ServerOptions made;
  made.listen = {std::move(address)};
  made.option = "--admin";
  made.handler = [](const ServerRequest& request) {
    ServerResponse response;
    response.body = std::string(request.path) + "!";
    return response;
  };
  return made;
}

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Server, answers_on_the_port_that_it_names) {
  const auto server = Server::start(options());
  ASSERT_TRUE(server) << server.error().message;
  Client client((*server)->listeners().at(0).address);
  client.send(kGet);
  EXPECT_TRUE(client.read_until("/a!").starts_with("HTTP/1.1 200 OK"));
  EXPECT_EQ((*server)->counts().requests, 1u);
}

TEST(Server, names_address_and_reason_when_the_port_is_taken) {
  const auto first = Server::start(options());
  ASSERT_TRUE(first);
  const std::string address = (*first)->listeners().at(0).address;
  const auto second = Server::start(options(address));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "cannot listen on " + address +
                                        ": address already in use; choose another with --admin");
}

TEST(Server, says_what_an_address_looks_like) {
  for (const char* text :
       {"", "8080", "example.org:80", "1.2.3.4", "1.2.3.4:99999", "::1:80", "unix:", "[::1]"}) {
    const auto server = Server::start(options(text));
    ASSERT_FALSE(server) << text;
    EXPECT_EQ(server.error().kind, ErrorKind::kBadInput) << text;
  }
  EXPECT_EQ(Server::start(options("192.0.2.77:0")).error().message,
            "cannot listen on 192.0.2.77:0: cannot assign requested address; choose another with "
            "--admin");
}

TEST(Server, listens_on_unix_sockets_and_knows_who_connects) {
  const std::string name = "unix:@outrigger-test-" + std::to_string(getpid());
  std::optional<uint32_t> uid;
  auto with_peer = options(name);
  with_peer.handler = [&](const ServerRequest& request) {
    uid = request.peer->uid;
    return ServerResponse{};
  };
  const auto server = Server::start(std::move(with_peer));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->listeners().at(0).address, name);
  Client client(name);
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(uid, getuid());
}

TEST(Server, takes_a_dead_server_s_socket_file_away_and_its_own_at_the_end) {
  const std::string path = testing::TempDir() + "/outrigger-" + std::to_string(getpid()) + ".sock";
  {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    strncpy(un.sun_path, path.c_str(), sizeof un.sun_path - 1);
    const base::Fd dead(socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(bind(dead.get(), reinterpret_cast<sockaddr*>(&un), sizeof un), 0);
  }
  {
    const auto server = Server::start(options("unix:" + path));
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_TRUE(Client("unix:" + path).connected());
    EXPECT_FALSE(Server::start(options("unix:" + path))) << "a living one keeps its socket";
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(Server, goes_on_with_an_inherited_socket) {
  auto first = Server::start(options());
  ASSERT_TRUE(first);
  const std::string address = (*first)->listeners().at(0).address;
  const int handed_over = dup((*first)->listeners().at(0).fd);
  first->reset();
  Client early(address);  // waits in the backlog while nobody serves
  EXPECT_TRUE(early.connected());
  early.send(kGet);
  auto later = options();
  later.listen.clear();
  later.inherited = {handed_over};
  const auto second = Server::start(std::move(later));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*second)->listeners().at(0).address, address);
  EXPECT_TRUE(early.read_until("/a!").starts_with("HTTP/1.1 200"));
}

TEST(Server, refuses_to_inherit_what_is_no_listening_socket) {
  auto wrong = options();
  wrong.listen.clear();
  wrong.inherited = {dup(0)};
  EXPECT_FALSE(Server::start(std::move(wrong)));
}

TEST(Server, lets_no_descriptor_through_exec) {
  std::vector<int> not_ours;
  for (int fd = 0; fd < 64; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) not_ours.push_back(fd);
  }
  const auto server = Server::start(options());
  ASSERT_TRUE(server);
  Client client((*server)->listeners().at(0).address);
  client.send(kGet);
  client.read_until("/a!");
  int opened = 0;
  for (int fd = 0; fd < 64; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || std::count(not_ours.begin(), not_ours.end(), fd) != 0) continue;
    ++opened;
    EXPECT_TRUE(flags & FD_CLOEXEC) << fd;
  }
  EXPECT_GE(opened, 6) << "listener, both ends, epoll, timer, eventfd";
}

TEST(Server, cuts_a_slow_loris_off_with_408) {
  auto quick = options();
  quick.limits.header = 300ms;
  const auto server = Server::start(std::move(quick));
  ASSERT_TRUE(server);
  Client slow((*server)->listeners().at(0).address);
  std::atomic<bool> over{false};
  // Sends on as long as it is let: a byte every 20 ms would live for ever under a limit per byte.
  std::thread trickle([&] {
    slow.send("GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 500 && !over; ++i) {
      slow.send("x");
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_TRUE(slow.read_until("\r\n").starts_with("HTTP/1.1 408"));
  over = true;
  trickle.join();
  EXPECT_EQ((*server)->counts().timed_out, 1u);
}

TEST(Server, many_idle_and_slow_clients_keep_nobody_waiting) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &limit);
  const auto server = Server::start(options());
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().at(0).address;
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 500; ++i) idle.push_back(std::make_unique<Client>(address));
  for (int i = 0; i < 50; ++i) idle[static_cast<size_t>(i)]->send("GET / HTTP/1.1\r\nX: ");
  Client client(address);
  for (int i = 0; i < 200; ++i) {
    client.send(kGet);
    ASSERT_TRUE(client.read_until("/a!").starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ((*server)->counts().connections, 501u);
}

TEST(Server, at_its_limit_serves_the_newcomer) {
  auto few = options();
  few.limits.connections = 10;
  const auto server = Server::start(std::move(few));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().at(0).address;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<Client>(address));
    clients.back()->send(kGet);
    ASSERT_TRUE(clients.back()->read_until("/a!").starts_with("HTTP/1.1 200")) << i;
  }
  EXPECT_EQ(clients.front()->read_all(), "") << "the first has been idle longest and was closed";
  EXPECT_EQ((*server)->counts().evicted, 190u);
}

TEST(Server, without_free_descriptors_closes_the_longest_idle) {
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  auto patient = options();
  patient.limits.connections = 1000;
  const auto server = Server::start(std::move(patient));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().at(0).address;
  rlimit few = before;
  few.rlim_cur = 60;  // client and server share this process's descriptors: two for each connection
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<std::unique_ptr<Client>> clients;
  int answered = 0;
  for (int i = 0; i < 40; ++i) {
    auto client = std::make_unique<Client>(address);
    if (!client->connected()) break;
    client->send(kGet);
    answered += client->read_until("/a!").starts_with("HTTP/1.1 200");
    clients.push_back(std::move(client));
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(static_cast<size_t>(answered), clients.size());
  EXPECT_GT((*server)->counts().evicted, 0u);
}

TEST(Server, with_threads_a_slow_handler_holds_up_nobody_else) {
  std::binary_semaphore release{0};
  auto pooled = options();
  pooled.threads = 3;
  pooled.handler = [&](const ServerRequest& request) {
    if (request.path == "/slow") release.acquire();
    ServerResponse response;
    response.body = "done";
    return response;
  };
  const auto server = Server::start(std::move(pooled));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().at(0).address;
  Client slow(address);
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 50; ++i) {
    Client quick(address);
    quick.send(kGet);
    ASSERT_TRUE(quick.read_until("done").ends_with("done"));
  }
  release.release();
  EXPECT_TRUE(slow.read_until("done").ends_with("done"));
}

TEST(Server, beats_through_its_queue_and_falls_silent_when_all_threads_hang) {
  std::atomic<int> beats{0};
  std::counting_semaphore<8> hanging{0}, release{0};
  auto pooled = options();
  pooled.threads = 2;
  pooled.on_beat = [&] { ++beats; };
  pooled.handler = [&](const ServerRequest&) {
    hanging.release();
    release.acquire();
    return ServerResponse{};
  };
  const auto server = Server::start(std::move(pooled));
  ASSERT_TRUE(server);
  for (int i = 0; i < 200 && beats == 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_GE(beats, 1);
  const std::string address = (*server)->listeners().at(0).address;
  Client first(address), second(address);
  first.send(kGet);
  second.send(kGet);
  hanging.acquire();
  hanging.acquire();
  const int silent_at = beats;
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(beats, silent_at);
  release.release(2);
  for (int i = 0; i < 200 && beats == silent_at; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_GT(beats, silent_at);
}

TEST(Server, a_drain_finishes_what_is_under_way_and_takes_nothing_new) {
  std::binary_semaphore entered{0}, release{0};
  auto pooled = options();
  pooled.threads = 2;
  pooled.handler = [&](const ServerRequest&) {
    entered.release();
    release.acquire();
    ServerResponse response;
    response.body = "done";
    return response;
  };
  const auto server = Server::start(std::move(pooled));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().at(0).address;
  Client idle(address), busy(address);
  busy.send(kGet);
  entered.acquire();
  std::thread releaser([&] {
    EXPECT_EQ(idle.read_all(), "") << "an idle connection ends when the drain begins";
    EXPECT_FALSE(Client(address).connected());
    release.release();
  });
  (*server)->drain(30s);
  releaser.join();
  const std::string answer = busy.read_all();
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("done"));
}

TEST(Server, a_drain_ends_at_its_deadline) {
  std::binary_semaphore entered{0}, release{0};
  auto stuck = options();
  stuck.threads = 1;
  stuck.handler = [&](const ServerRequest&) {
    entered.release();
    release.acquire();
    return ServerResponse{};
  };
  const auto server = Server::start(std::move(stuck));
  ASSERT_TRUE(server);
  Client busy((*server)->listeners().at(0).address);
  busy.send(kGet);
  entered.acquire();
  (*server)->drain(100ms);  // the one thread hangs, so not even the accepting can be ended by it
  release.release();
}

// Answers once it is let go.
class Held final : public Later {
 public:
  explicit Held(std::atomic<bool>& go) : go_(go) {}
  std::optional<ServerResponse> answer() override {
    if (!go_) return {};
    ServerResponse response;
    response.body = "at last";
    return response;
  }

 private:
  std::atomic<bool>& go_;
};

TEST(Server, others_are_served_while_an_answer_is_awaited) {
  std::atomic<bool> go{false};
  ServerOptions made = options();
  made.handler = [&](const ServerRequest& request) {
    ServerResponse response;
    if (request.path == "/later") response.later = std::make_shared<Held>(go);
    response.body = "now";
    return response;
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().front().address;
  Client patient(address);
  patient.send("GET /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  Client other(address);
  other.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.read_all().ends_with("now"));
  go = true;
  EXPECT_TRUE(patient.read_all().ends_with("at last"));
}

TEST(Server, others_are_served_beside_a_feed_and_a_drain_gives_it_a_last_word) {
  class Ticking final : public Feed {
   public:
    std::optional<std::string> next(Turn turn) override {
      return turn == Turn::kLast ? "last" : "tick";
    }
  };
  ServerOptions made = options();
  made.handler = [&](const ServerRequest& request) {
    ServerResponse response;
    if (request.path == "/feed") response.feed = std::make_shared<Ticking>();
    response.body = "now";
    return response;
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server);
  const std::string address = (*server)->listeners().front().address;
  Client watching(address);
  watching.send("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n");
  watching.read_until("tick");
  Client other(address);
  other.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.read_all().ends_with("now"));
  watching.read_until("tick");
  (*server)->drain(30s);
  EXPECT_TRUE(watching.read_all().ends_with("4\r\nlast\r\n0\r\n\r\n"));
}

// What a handler waits for in these: that it is told to stop.
void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait(lock, token, [] { return false; });
}

TEST(Server, a_handler_is_told_when_its_client_is_gone_though_all_threads_are_busy) {
  std::latch inside(2), told(2);
  ServerOptions made = options();
  made.threads = 2;
  made.handler = [&](const ServerRequest& request) {
    inside.count_down();
    wait_for(request.token);
    told.count_down();
    return ServerResponse{};
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server.ok());
  {
    Client first((*server)->listeners()[0].address), second((*server)->listeners()[0].address);
    first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    inside.wait();
  }
  told.wait();
}

TEST(Server, a_handler_is_told_when_its_time_is_over) {
  ServerOptions made = options();
  made.threads = 2;
  made.handler = [&](const ServerRequest& request) {
    request.limit(std::chrono::steady_clock::now() + 20ms);
    wait_for(request.token);
    return ServerResponse{};
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server.ok());
  Client client((*server)->listeners()[0].address);
  for (int i = 0; i < 2; ++i) {  // and the next request of the connection starts anew
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  }
}

TEST(Server, streams_do_not_keep_others_waiting_and_are_bounded) {
  std::latch streaming(2);
  ServerOptions made = options();
  made.threads = 1;
  made.limits.streams = 2;
  made.handler = [&](const ServerRequest& request) {
    ServerResponse response;
    if (request.path == "/stream") {
      response.stream = [&streaming, token = request.token](const Send& send) {
        send("begun\n");
        streaming.count_down();
        wait_for(token);
        return ServerResponse{};
      };
    }
    return response;
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server.ok());
  const std::string& address = (*server)->listeners()[0].address;
  std::optional<Client> first(address), second(address);
  first->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  second->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first->read_until("begun\n").starts_with("HTTP/1.1 200 "));
  streaming.wait();
  Client third(address);
  third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(third.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  third.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(third.read_until("\r\n\r\n").starts_with("HTTP/1.1 503 "));
  first.reset();  // its stream is told, and there is room for another before long
  bool let_in = false;
  while (!let_in) {
    Client fourth(address);
    fourth.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    let_in = fourth.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ");
  }
  server->reset();  // tells those that are left, and joins
}

TEST(Server, a_slow_reader_slows_its_stream_down) {
  constexpr size_t kPiece = 64u << 10, kPieces = 1000;  // more than any socket's buffers hold
  std::atomic<size_t> sent{0};
  ServerOptions made = options();
  made.threads = 2;
  made.handler = [&](const ServerRequest&) {
    ServerResponse response;
    response.stream = [&sent](const Send& send) {
      const std::string piece(kPiece, 'x');
      while (sent < kPieces && send(piece)) ++sent;
      return ServerResponse{};
    };
    return response;
  };
  auto server = Server::start(std::move(made));
  ASSERT_TRUE(server.ok());
  Client client((*server)->listeners()[0].address);
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  client.read_until("\r\n\r\n");
  // It stands still when the buffers are full: nobody has read a body's byte yet.
  for (size_t before = sent + 1; before != sent;) {
    before = sent;
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_LT(sent, kPieces);
  const std::string rest = client.read_all();
  EXPECT_GT(rest.size(), kPiece * kPieces);
  EXPECT_TRUE(rest.ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(sent, kPieces);
}

}  // namespace
}  // namespace outrigger::http
