#include "distributed/watchdog/watchdog.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <future>

#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "distributed/communicator.h"

namespace realface::distributed {

/// "Where are you?", from a rank whose collective hangs.
struct Watchdog::Query {
  int32_t asker = 0;
};

/// The answer: how far this rank is in each group.
struct Watchdog::Status {
  static constexpr size_t kGroups = 4;
  std::array<uint64_t, kGroups> begun{};
  double seconds_since_beat = -1;  // of the main thread; -1: it never gave a sign of life
  std::array<char, 64> host{};
  std::array<char, 96> last{};  // the latest collective begun
};

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kQueryTag = 1, kStatusTag = 2;
constexpr std::chrono::seconds kAnswerTime{3}, kSinkTime{10};

double seconds_since(Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); }

std::string rounded(double seconds) { return fmt::format("{:.0f} s", seconds); }

template <size_t N>
void copy_text(std::array<char, N>& target, const std::string& text) {
  std::memcpy(target.data(), text.data(), std::min(N - 1, text.size()));
}

}  // namespace

Watchdog::Watchdog(double deadline, Logs logs, std::unique_ptr<Messenger> messenger)
    : deadline_(deadline),
      logs_(std::move(logs)),
      messenger_(std::move(messenger)),
      answers_(static_cast<size_t>(messenger_->size())),
      thread_([this] { run(Gaps()); }) {}

Watchdog::~Watchdog() {
  stopping_ = true;
  thread_.join();
}

void Watchdog::set_sink(Sink sink) {
  const std::lock_guard lock(mutex_);
  sink_ = std::move(sink);
}

void Watchdog::run(Gaps gaps) {
  const auto interval = std::chrono::duration<double>(std::clamp(deadline_ / 10, 0.02, 0.25));
  while (!stopping_) {
    gaps.tick();
    serve();
    if (const auto found = hang(gaps); found && Clock::now() > held_until_) { report(*found); }
    std::this_thread::sleep_for(interval);
  }
}

void Watchdog::serve() {
  Query query;
  for (int rank = 0; (rank = messenger_->receive(&query, sizeof(query), kQueryTag)) >= 0;) { answer(rank); }
  Status status;
  for (int rank = 0; (rank = messenger_->receive(&status, sizeof(status), kStatusTag)) >= 0;) {
    answers_[static_cast<size_t>(rank)] = status;
  }
}

void Watchdog::answer(int rank) {
  Status status;
  Clock::time_point latest{};
  for (size_t i = 0; i < logs_.size() && i < Status::kGroups; ++i) {
    status.begun[i] = logs_[i]->last_begun();
    const auto recent = logs_[i]->recent();
    if (recent.empty() || recent.back().begun < latest) { continue; }
    latest = recent.back().begun;
    copy_text(status.last, recent.back().text());
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  if (const double beat = telemetry::last_beat_seconds(); beat > 0) {
    status.seconds_since_beat = std::chrono::duration<double>(now).count() - beat;
  }
  ::gethostname(status.host.data(), status.host.size() - 1);
  // The rank that asks reports: one report is enough.
  held_until_ = Clock::now() + 2 * (kAnswerTime + kSinkTime);
  messenger_->send(&status, sizeof(status), rank, kStatusTag);
}

std::optional<Watchdog::Hang> Watchdog::hang(const Gaps& gaps) const {
  for (size_t i = 0; i < logs_.size(); ++i) {
    if (const auto oldest = logs_[i]->oldest_pending(); oldest && gaps.seconds_since(oldest->begun) > deadline_) {
      return Hang{i, *oldest};
    }
  }
  return std::nullopt;
}

void Watchdog::ask_all() {
  const Query query{messenger_->rank()};
  for (int rank = 0; rank < messenger_->size(); ++rank) {
    if (rank != messenger_->rank()) { messenger_->send(&query, sizeof(query), rank, kQueryTag); }
  }
  const auto enough = static_cast<std::ptrdiff_t>(answers_.size()) - 1;
  for (const auto start = Clock::now(); Clock::now() - start < kAnswerTime;) {
    serve();
    if (std::count_if(answers_.begin(), answers_.end(), [](const auto& one) { return one.has_value(); }) >= enough) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Watchdog::report(const Hang& hang) {
  ask_all();
  const std::string line = headline(hang);
  log::error(line);
  deliver(line + "\n" + dump());
  messenger_->end_run(static_cast<int>(ExitCode::failure));
  stopping_ = true;
}

std::string Watchdog::headline(const Hang& hang) const {
  const std::string missing = missing_from(hang);
  return fmt::format("[watchdog] {}: {} on group {} has been pending for {} (deadline {}); {}; ending the run",
                     whereabouts(messenger_->rank()), hang.record.text(), logs_[hang.group]->group(),
                     rounded(seconds_since(hang.record.begun)), rounded(deadline_),
                     missing.empty() ? "all ranks came to it: look at the network" : "missing: " + missing);
}

std::string Watchdog::missing_from(const Hang& hang) const {
  std::string missing;
  for (size_t rank = 0; rank < answers_.size(); ++rank) {
    if (static_cast<int>(rank) == messenger_->rank()) { continue; }
    const auto& status = answers_[rank];
    if (status && status->begun[hang.group] >= hang.record.sequence) { continue; }
    missing += fmt::format("{}rank {}", missing.empty() ? "" : ", ", rank);
    if (!status) {
      missing += " (does not answer: stopped or dead)";
      continue;
    }
    missing += fmt::format(" ({}, last at {}", status->host.data(),
                           status->last[0] == '\0' ? "no collective" : status->last.data());
    if (status->seconds_since_beat >= 0) {
      missing += fmt::format(", last sign of life {} ago", rounded(status->seconds_since_beat));
    }
    missing += ")";
  }
  return missing;
}

std::string Watchdog::dump() const {
  std::string text;
  for (const auto& log : logs_) {
    text += fmt::format("group {}:\n", log->group());
    for (const auto& record : log->recent()) {
      text +=
          fmt::format("  {}, begun {} ago, {}\n", record.text(), rounded(seconds_since(record.begun)),
                      record.pending ? "pending" : fmt::format("ended {} ago", rounded(seconds_since(record.ended))));
    }
  }
  return text;
}

void Watchdog::deliver(const std::string& text) {
  Sink sink;
  {
    const std::lock_guard lock(mutex_);
    sink = sink_;
  }
  if (!sink) { return; }
  // A disk that hangs may be why the run hangs: the sink gets a thread that the end does not wait for.
  auto delivered = std::make_shared<std::promise<void>>();
  std::thread([sink, text, delivered] {
    try {
      sink(text);
    } catch (const std::exception& error) {
      log::error(std::string("[watchdog] the dump was not written: ") + error.what());
    }
    delivered->set_value();
  }).detach();
  delivered->get_future().wait_for(kSinkTime);
}

}  // namespace realface::distributed
