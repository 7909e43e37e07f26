#include "cluster/metrics/endpoint.h"

#include <prometheus/text_serializer.h>

#include "cluster/http/http_server.h"

namespace realface::cluster {

struct Endpoint::Members {
  Members(const std::string& address, int port, const Identity& identity)
      : collector(identity),
        server(address, port, [this] { return prometheus::TextSerializer().Serialize(collector.Collect()); }) {}

  const Collector collector;
  const HttpServer server;  // last: its thread reads the collector
};

Endpoint::Endpoint(const std::string& address, int port, const Identity& identity)
    : members_(std::make_unique<Members>(address, port, identity)) {}

Endpoint::~Endpoint() = default;

int Endpoint::port() const { return members_->server.port(); }

}  // namespace realface::cluster
