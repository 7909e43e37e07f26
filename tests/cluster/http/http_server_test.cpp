#include "cluster/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "base/error.h"
#include "tests/cluster/scrape.h"

namespace realface::cluster {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGet = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";

// Every thread of this program has this much static thread-local storage, as those of a program with libtorch and
// OpenBLAS do: a server whose threads ask for a small stack, such as civetweb's 102,400 bytes, cannot start in it.
thread_local std::array<char, 200000> ballast{};

HttpServer server(std::chrono::milliseconds deadline = 2s) {
  return HttpServer(
      "127.0.0.1", 0, [] { return std::string("loss 0.5\n"); }, deadline);
}

TEST(HttpServerTest, AnswersEachScrapeWithATextMadeForIt) {
  ballast[0] = 1;
  int scrapes = 0;
  const HttpServer s("127.0.0.1", 0, [&] { return "scrapes " + std::to_string(++scrapes) + "\n"; });
  const std::string first = fake::ask(s.port(), kGet);
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(first, HasSubstr("\r\nContent-Length: 10\r\n"));
  EXPECT_THAT(first, EndsWith("\r\n\r\nscrapes 1\n"));
  EXPECT_THAT(fake::ask(s.port(), kGet), EndsWith("\r\n\r\nscrapes 2\n"));
}

TEST(HttpServerTest, SendsATextThatIsLargerThanTheSocketTakesAtOnce) {
  std::string text(10'000'000, 'a');
  for (size_t i = 0; i < text.size(); i += 64) { text[i] = '\n'; }
  const HttpServer s(
      "127.0.0.1", 0, [&] { return text; }, 30s);
  EXPECT_EQ(fake::scrape(s.port()), text);
}

TEST(HttpServerTest, TakesARequestThatComesInPieces) {
  const auto s = server();
  const fake::Caller caller(s.port());
  for (const char* piece : {"GET /metr", "ics?x=1 HTTP/1.1\r", "\n\r", "\n"}) {
    caller.say(piece);
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_THAT(caller.hear(), EndsWith("\r\n\r\nloss 0.5\n"));
}

TEST(HttpServerTest, RefusesWhatIsNotAGetOfMetrics) {
  const auto s = server();
  EXPECT_THAT(fake::ask(s.port(), "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(fake::ask(s.port(), "GET /metrics/more HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(fake::ask(s.port(), "POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET\r\n")));
  EXPECT_THAT(fake::ask(s.port(), "\x16\x03\x01\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  std::string long_head = "GET /metrics HTTP/1.1\r\nX: ";
  long_head.append(20000, 'x').append("\r\n\r\n");
  EXPECT_THAT(fake::ask(s.port(), long_head), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(fake::scrape(s.port()), "loss 0.5\n");
}

TEST(HttpServerTest, ATextThatCannotBeMadeIsAnswered500) {
  const HttpServer s("127.0.0.1", 0, []() -> std::string { throw Error("[test] no"); });
  EXPECT_THAT(fake::ask(s.port(), kGet), StartsWith("HTTP/1.1 500 "));
}

TEST(HttpServerTest, ACallerThatStallsIsDroppedAndDelaysNobody) {
  const auto s = server(1s);
  const fake::Caller stalled(s.port());
  stalled.say("GET /metrics HT");
  const auto start = Clock::now();
  EXPECT_EQ(fake::scrape(s.port()), "loss 0.5\n");
  EXPECT_LT(Clock::now() - start, 700ms);
  EXPECT_EQ(stalled.hear(), "");
  EXPECT_LT(Clock::now() - start, 5s);
}

TEST(HttpServerTest, ACallerThatDoesNotReadDelaysNobody) {
  const HttpServer s(
      "127.0.0.1", 0, [] { return std::string(30'000'000, 'a'); }, 300ms);
  const fake::Caller deaf(s.port());
  deaf.say(kGet);
  const auto start = Clock::now();
  EXPECT_THAT(fake::ask(s.port(), "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_LT(Clock::now() - start, 1500ms);
}

TEST(HttpServerTest, HundredsOfHeldConnectionsDoNotDelayAScrape) {
  const auto s = server();
  std::deque<fake::Caller> held;
  const auto hold = [&](int count) {
    for (int i = 0; i < count; ++i) {
      held.emplace_back(s.port());
      if (i % 2 == 0) { held.back().say("GET /metrics HT"); }
    }
  };
  hold(500);
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    EXPECT_EQ(fake::scrape(s.port()), "loss 0.5\n");
    EXPECT_LT(Clock::now() - start, 1s);
    hold(20);
  }
}

TEST(HttpServerTest, ACallerThatTalksWithoutEndDelaysNobody) {
  const auto s = server(10s);
  std::atomic<bool> stop = false;
  std::jthread talker([&] {
    const fake::Caller caller(s.port());
    caller.say(kGet);
    while (!stop) { caller.say(std::string(100'000, 'x')); }
  });
  std::this_thread::sleep_for(50ms);
  const auto start = Clock::now();
  EXPECT_EQ(fake::scrape(s.port()), "loss 0.5\n");
  EXPECT_LT(Clock::now() - start, 1s);
  stop = true;
}

TEST(HttpServerTest, ACallerThatLeavesEarlyDoesNoHarm) {
  const HttpServer s("127.0.0.1", 0, [] { return std::string(1'000'000, 'a'); });
  for (int i = 0; i < 5; ++i) { fake::Caller(s.port()).say(kGet); }
  EXPECT_EQ(fake::scrape(s.port()).size(), 1'000'000u);
}

TEST(HttpServerTest, StopsAtOnceThoughACallerStalls) {
  auto s = std::make_unique<HttpServer>(
      "127.0.0.1", 0, [] { return std::string(); }, 60s);
  const fake::Caller stalled(s->port());
  stalled.say("GET ");
  std::this_thread::sleep_for(50ms);
  const auto start = Clock::now();
  s.reset();
  EXPECT_LT(Clock::now() - start, 1s);
}

TEST(HttpServerTest, APortCanBeTakenAgainAtOnce) {
  int port = 0;
  for (int i = 0; i < 3; ++i) {
    const HttpServer s("127.0.0.1", port, [] { return std::string("again"); });
    port = s.port();
    EXPECT_EQ(fake::scrape(port), "again");
  }
}

/// What the Error says that a server at this place throws.
std::string refusal(const std::string& address, int port) {
  try {
    const HttpServer s(address, port, [] { return std::string(); });
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST(HttpServerTest, SaysWhyAPlaceCannotBeBoundAndWhatToDo) {
  const auto s = server();
  EXPECT_THAT(refusal("127.0.0.1", s.port()),
              AllOf(StartsWith("[metrics] 127.0.0.1:" + std::to_string(s.port()) + " cannot be bound: "),
                    HasSubstr("Address already in use"), HasSubstr("set metrics.port to 0")));
  EXPECT_THAT(refusal("192.0.2.1", 0), HasSubstr("Cannot assign requested address"));
  EXPECT_THAT(refusal("no address", 0), StartsWith("[metrics] no address:0 cannot be bound: "));
  EXPECT_THAT(refusal("127.0.0.1", 65536), HasSubstr("from 0 to 65535"));
}

}  // namespace
}  // namespace realface::cluster
