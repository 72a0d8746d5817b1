// Requests made by hand, for tests of pages and of who may see them.
#pragma once

#include <string>

#include "http/server.h"

namespace outrigger::admin {

struct MadeRequest {
  http::Peer peer;
  http::ServerRequest request;

  MadeRequest(std::string_view method, std::string_view path) {
    request.method = method;
    request.path = path;
    request.headers = {{"Host", "localhost:8081"}};
    request.peer = &peer;
  }
  MadeRequest(const MadeRequest&) = delete;
  MadeRequest& operator=(const MadeRequest&) = delete;

  MadeRequest& from_loopback() {
    peer.loopback = true;
    peer.address = "127.0.0.1:40000";
    return *this;
  }
  MadeRequest& from_network() {
    peer.address = "192.0.2.1:40000";
    return *this;
  }
  MadeRequest& from_unix(uint32_t uid) {
    peer.unix_socket = true;
    peer.uid = uid;
    return *this;
  }
  MadeRequest& with(std::string_view name, std::string_view value) {
    if (name == "Host") request.headers.clear();
    request.headers.emplace_back(name, value);
    return *this;
  }
  MadeRequest& asking(std::string name, std::string value) {
    request.query.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

}  // namespace outrigger::admin
