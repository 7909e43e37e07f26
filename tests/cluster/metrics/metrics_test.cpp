#include "cluster/metrics/metrics.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "base/telemetry.h"
#include "cluster/metrics/discovery.h"
#include "distributed/self_communicator.h"
#include "tests/cluster/scrape.h"
#include "tests/temporary_folder.h"

namespace realface::cluster {
namespace {

namespace fs = std::filesystem;

class MetricsTest : public testing::Test {
 protected:
  std::unique_ptr<Metrics> metrics(const MetricsConfig& config = {}) {
    return std::make_unique<Metrics>(config, run_.string(), "run \"7\"", *self_, "node1");
  }
  static StepRecord record(int64_t step, double loss) {
    StepRecord record;
    record.step = step;
    record.loss = loss;
    record.learning_rate = 0.001;
    record.grad_norm = 2.5;
    record.epoch = 0.25;
    record.samples = 64;
    record.images_per_second = 32;
    return record;
  }
  /// The value of the first sample whose line starts so; NaN where there is none.
  static double sample(const std::string& text, const std::string& start) {
    const auto at = text.find("\n" + start);
    if (at == std::string::npos) { return std::nan(""); }
    const auto end = text.find('\n', at + 1);
    const auto line = text.substr(at + 1, end - at - 1);
    return std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }

  TemporaryFolder folder_;
  fs::path run_ = folder_.path();
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(MetricsTest, ServesTheNumbersOfTheLastRecord) {
  const auto m = metrics();
  ASSERT_GT(m->port(), 0);
  const std::string before = fake::scrape(m->port());
  m->step_done(0.03);
  m->publish(record(10, 0.75));
  const std::string text = fake::scrape(m->port());
  const std::string run = "{run_id=\"run \\\"7\\\"\"} ";
  EXPECT_EQ(sample(text, "realface_train_loss" + run), 0.75);
  EXPECT_EQ(sample(text, "realface_learning_rate" + run), 0.001);
  EXPECT_EQ(sample(text, "realface_grad_norm" + run), 2.5);
  EXPECT_EQ(sample(text, "realface_epoch" + run), 0.25);
  EXPECT_EQ(sample(text, "realface_run_state" + run), 1);
  EXPECT_EQ(sample(text, "realface_steps_total" + run) - sample(before, "realface_steps_total" + run), 1);
  EXPECT_EQ(sample(text, "realface_samples_total" + run) - sample(before, "realface_samples_total" + run), 64);
}

TEST_F(MetricsTest, CountsStepsInDoublingBuckets) {
  const auto m = metrics();
  const std::string before = fake::scrape(m->port());
  for (const double seconds : {0.004, 0.03, 0.03, 100.0}) { m->step_done(seconds); }
  const std::string text = fake::scrape(m->port());
  const auto gained = [&](const std::string& bound) {
    const auto start = "realface_step_duration_seconds_bucket{run_id=\"run \\\"7\\\"\",rank=\"0\",le=\"" + bound;
    return sample(text, start) - sample(before, start);
  };
  EXPECT_EQ(gained("0.005\""), 1);
  EXPECT_EQ(gained("0.02\""), 1);
  EXPECT_EQ(gained("0.04\""), 3);
  EXPECT_EQ(gained("10.24\""), 3);
  EXPECT_EQ(gained("+Inf\""), 4);
}

TEST_F(MetricsTest, ShowsEveryPhaseAndWhatHasNotHappenedYetAsZero) {
  const auto m = metrics();
  const std::string text = fake::scrape(m->port());
  for (const char* phase : telemetry::kPhaseNames) {
    EXPECT_NE(text.find(std::string("phase=\"") + phase + "\"} "), std::string::npos) << phase;
  }
  for (const char* name :
       {"nonfinite_steps_total", "data_read_bytes_total", "data_errors_total", "allreduce_bytes_total",
        "checkpoint_last_success_timestamp_seconds", "checkpoint_stall_seconds_count"}) {
    EXPECT_NE(text.find(std::string("\nrealface_") + name + "{"), std::string::npos) << name;
  }
}

TEST_F(MetricsTest, TakesLabelsAndHistogramsFromTelemetryNames) {
  telemetry::counter("checkpoint_total{result=\"saved\"}").set(3);
  telemetry::counter("checkpoint_write_seconds_bucket{le=\"0.5\"}").set(2);
  telemetry::counter("checkpoint_write_seconds_sum").set(0.75);
  telemetry::counter("checkpoint_write_seconds_count").set(2);
  telemetry::counter("oddly named").set(4);
  const auto m = metrics();
  const std::string text = fake::scrape(m->port());
  EXPECT_EQ(sample(text, "realface_checkpoint_total{run_id=\"run \\\"7\\\"\",result=\"saved\"}"), 3);
  EXPECT_NE(text.find("# TYPE realface_checkpoint_write_seconds histogram"), std::string::npos);
  EXPECT_EQ(sample(text, "realface_checkpoint_write_seconds_sum"), 0.75);
  EXPECT_EQ(sample(text, "realface_oddly_named_total"), 4);
}

TEST_F(MetricsTest, PromtoolAcceptsAScrape) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool (package prometheus) is absent";
  }
  const auto m = metrics();
  m->step_done(0.2);
  m->publish(record(1, std::nan("")));
  const auto file = run_ / "scrape.txt";
  std::ofstream(file) << fake::scrape(m->port());
  const std::string command = "promtool check metrics < '" + file.string() + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(file);
}

TEST_F(MetricsTest, PublishesWhereToScrapeAndTakesItBack) {
  const fs::path port_file = run_ / "metrics" / "rank-0.port";
  const fs::path targets = run_ / "prometheus" / "run__7_.json";
  {
    const auto m = metrics();
    EXPECT_EQ(read_file(port_file), std::to_string(m->port()) + "\n");
    const auto groups = nlohmann::json::parse(read_file(targets));
    EXPECT_EQ(groups.at(0).at("targets").at(0), "127.0.0.1:" + std::to_string(m->port()));
    EXPECT_EQ(groups.at(0).at("labels").at("run_id"), "run \"7\"");
  }
  EXPECT_FALSE(fs::exists(port_file));
  EXPECT_FALSE(fs::exists(targets));
}

TEST_F(MetricsTest, PublishesAnAddressThatPrometheusCanAsk) {
  const std::map<std::string, std::string> targets = {{"127.0.0.1", "127.0.0.1:9100"},
                                                      {"0.0.0.0", "node1:9100"},
                                                      {"::", "node1:9100"},
                                                      {"::1", "[::1]:9100"},
                                                      {"login.cluster", "login.cluster:9100"}};
  for (const auto& [address, target] : targets) {
    const Discovery discovery({.port = 9100, .address = address}, run_, "addresses", *self_, "node1", 9100);
    const auto groups = nlohmann::json::parse(read_file(run_ / "prometheus" / "addresses.json"));
    EXPECT_EQ(groups.at(0).at("targets").at(0), target) << address;
  }
}

TEST_F(MetricsTest, APortThatIsTakenIsNoReasonToStop) {
  const auto first = metrics();
  MetricsConfig config;
  config.port = first->port();
  const auto second = metrics(config);
  EXPECT_EQ(second->port(), -1);
  second->publish(record(1, 0.5));
  EXPECT_TRUE(fs::exists(run_ / "metrics.jsonl"));
}

TEST_F(MetricsTest, CanBeTurnedOff) {
  MetricsConfig config;
  config.port = -1;
  const auto m = metrics(config);
  EXPECT_EQ(m->port(), -1);
  EXPECT_FALSE(fs::exists(run_ / "metrics"));
  EXPECT_FALSE(fs::exists(run_ / "prometheus"));
}

TEST_F(MetricsTest, WritesALineForEachRecordWithThePhasesSinceTheLast) {
  const auto m = metrics();
  {
    const telemetry::PhaseTimer timer(telemetry::Phase::data_wait);
    ::usleep(20000);
  }
  m->publish(record(10, 0.5));
  m->publish(record(20, std::nan("")));
  std::ifstream file(run_ / "metrics.jsonl");
  std::string line;
  std::getline(file, line);
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first.at("step"), 10);
  EXPECT_EQ(first.at("loss"), 0.5);
  EXPECT_EQ(first.at("samples"), 64);
  EXPECT_GE(first.at("phases").at("data_wait").get<double>(), 0.02);
  EXPECT_GE(first.at("seconds").get<double>(), first.at("phases").at("data_wait").get<double>());
  std::getline(file, line);
  const auto second = nlohmann::json::parse(line);
  EXPECT_TRUE(second.at("loss").is_null());
  EXPECT_EQ(second.at("phases").at("data_wait"), 0.0);
}

TEST_F(MetricsTest, AResumeCutsTheCurveAndMarksTheFirstLineAfterIt) {
  {
    const auto m = metrics();
    for (const int64_t step : {10, 20, 30}) { m->publish(record(step, 1)); }
  }
  const auto m = metrics();
  m->resumed(15);
  m->publish(record(20, 2));
  m->publish(record(30, 2));
  std::ifstream file(run_ / "metrics.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) { lines.push_back(nlohmann::json::parse(line)); }
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at("step"), 10);
  EXPECT_EQ(lines[1].at("resumed_from"), 15);
  EXPECT_FALSE(lines[2].contains("resumed_from"));
  EXPECT_EQ(lines[2].at("loss"), 2.0);
}

TEST_F(MetricsTest, ARunFolderThatCannotBeWrittenIsNoReasonToStop) {
  const auto file = run_ / "in-the-way";
  std::ofstream(file) << "a file";
  Metrics m({}, file.string(), "run", *self_, "node1");
  m.publish(record(1, 0.5));
  EXPECT_NE(fake::scrape(m.port()).find("realface_train_loss{run_id=\"run\"} 0.5"), std::string::npos);
}

}  // namespace
}  // namespace realface::cluster
