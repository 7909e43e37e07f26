#include "distributed/watchdog/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <future>

#include "base/log.h"
#include "base/telemetry.h"
#include "distributed/communicator.h"
#include "distributed/watchdog/messages.h"

namespace realface::distributed {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kQueryTag = 1, kStatusTag = 2;
constexpr std::chrono::seconds kAnswerTime{3}, kSinkTime{10};

double seconds_since(Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); }

std::string rounded(double seconds) { return std::to_string(static_cast<int64_t>(seconds + 0.5)) + " s"; }

template <size_t N>
void copy_text(std::array<char, N>& target, const std::string& text) {
  std::memcpy(target.data(), text.data(), std::min(N - 1, text.size()));
}

/// Sends and forgets: a dead receiver must not hold this thread.
template <class Message>
void send(const Message& message, int rank, int tag, MPI_Comm comm) {
  static_assert(std::is_trivially_copyable_v<Message>);
  MPI_Request request = MPI_REQUEST_NULL;
  // Leaked on purpose, a few hundred bytes before the end of a run: MPI may read it at any time.
  auto* copy = new Message(message);
  if (MPI_Isend(copy, sizeof(Message), MPI_BYTE, rank, tag, comm, &request) == MPI_SUCCESS) {
    MPI_Request_free(&request);
  }
}

/// A message with this tag if one has come; the sender's rank, or -1.
template <class Message>
int receive(Message& message, int tag, MPI_Comm comm) {
  int there = 0;
  MPI_Status status;
  if (MPI_Iprobe(MPI_ANY_SOURCE, tag, comm, &there, &status) != MPI_SUCCESS || there == 0) { return -1; }
  const int code = MPI_Recv(&message, sizeof(Message), MPI_BYTE, status.MPI_SOURCE, tag, comm, MPI_STATUS_IGNORE);
  return code == MPI_SUCCESS ? status.MPI_SOURCE : -1;
}

}  // namespace

Watchdog::Watchdog(double deadline, std::vector<std::shared_ptr<CollectiveLog>> logs)
    : deadline_(deadline),
      logs_(std::move(logs)),
      group_(MPI_COMM_WORLD),
      answers_(static_cast<size_t>(group_.size())),
      thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  stopping_ = true;
  thread_.join();
}

void Watchdog::set_sink(Sink sink) {
  const std::lock_guard lock(mutex_);
  sink_ = std::move(sink);
}

void Watchdog::run() {
  const auto interval = std::chrono::duration<double>(std::clamp(deadline_ / 10, 0.02, 0.25));
  while (!stopping_) {
    serve();
    if (const auto found = hang(); found && Clock::now() > held_until_) { report(*found); }
    std::this_thread::sleep_for(interval);
  }
}

void Watchdog::serve() {
  Query query;
  for (int rank = 0; (rank = receive(query, kQueryTag, group_.get())) >= 0;) { answer(rank, query); }
  Status status;
  for (int rank = 0; (rank = receive(status, kStatusTag, group_.get())) >= 0;) {
    answers_[static_cast<size_t>(rank)] = status;
  }
}

void Watchdog::answer(int rank, const Query&) {
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
  // Whoever asks reports: one report is enough.
  held_until_ = Clock::now() + 2 * (kAnswerTime + kSinkTime);
  send(status, rank, kStatusTag, group_.get());
}

std::optional<Watchdog::Hang> Watchdog::hang() const {
  for (size_t i = 0; i < logs_.size(); ++i) {
    if (const auto oldest = logs_[i]->oldest_pending(); oldest && seconds_since(oldest->begun) > deadline_) {
      return Hang{i, *oldest};
    }
  }
  return std::nullopt;
}

void Watchdog::ask_all() {
  const Query query{group_.rank()};
  for (int rank = 0; rank < group_.size(); ++rank) {
    if (rank != group_.rank()) { send(query, rank, kQueryTag, group_.get()); }
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
  abort_world(static_cast<int>(ExitCode::failure));
}

std::string Watchdog::headline(const Hang& hang) const {
  std::string missing;
  for (size_t rank = 0; rank < answers_.size(); ++rank) {
    if (static_cast<int>(rank) == group_.rank()) { continue; }
    const auto& status = answers_[rank];
    if (status && status->begun[hang.group] >= hang.record.sequence) { continue; }
    if (!missing.empty()) { missing += ", "; }
    missing += "rank " + std::to_string(rank);
    if (!status) {
      missing += " (does not answer: stopped or dead)";
      continue;
    }
    missing += std::string(" (") + status->host.data() + ", last at " +
               (status->last[0] == '\0' ? "no collective" : status->last.data());
    if (status->seconds_since_beat >= 0) {
      missing += ", last sign of life " + rounded(status->seconds_since_beat) + " ago";
    }
    missing += ")";
  }
  return "[watchdog] " + whereabouts(group_.rank()) + ": " + hang.record.text() + " on group " +
         logs_[hang.group]->group() + " has been pending for " + rounded(seconds_since(hang.record.begun)) +
         " (deadline " + rounded(deadline_) + "); " +
         (missing.empty() ? "all ranks came to it: look at the network" : "missing: " + missing) + "; ending the run";
}

std::string Watchdog::dump() const {
  std::string text;
  for (const auto& log : logs_) {
    text += "group " + log->group() + ":\n";
    for (const auto& record : log->recent()) {
      text += "  " + record.text() + ", begun " + rounded(seconds_since(record.begun)) + " ago, " +
              (record.pending ? "pending" : "ended " + rounded(seconds_since(record.ended)) + " ago") + "\n";
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
