#include "stages/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "stages/report/charts.h"
#include "stages/report/html.h"
#include "tests/stages/report/page_checks.h"

namespace realface::stages::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ReportInput whole_input() {
  ReportInput input;
  input.run = "run <1> & \"co\"";
  auto& part = input.parts.emplace_back();
  for (int i = 1; i <= 1200; ++i) {
    CurvePoint point;
    point.step = 20 * i;
    point.loss = 1.0 / i + 0.1;
    point.learning_rate = 1e-3;
    point.grad_norm = 0.5;
    point.images_per_second = 800 + i % 7;
    point.phases = {{"data_wait", 0.01}, {"forward", 0.39}, {"backward", 0.6}};
    part.curve.push_back(point);
  }
  part.resumed_at = {800};
  Reconstruction result;
  result.split = "test";
  result.seen_in_training = 0;
  result.held_out = {20, 100, 14.0, 40.0, 35.0};
  result.classes = {{"real", 5, 20, 0.14, 0.12, 0.16, kNaN}, {"fake/<b>Swap</b>", 5, 20, 0.2, 0.18, 0.22, 0.81}};
  result.pictures = {{"real", "ds/<video>/001", 3, "\x89PNG1", "\x89PNG2", "\x89PNG3"},
                     {"fake/<b>Swap</b>", "ds/x/001_002", 30, "\x89PNG4", "\x89PNG5", "\x89PNG6"}};
  result.provenance = {{"update", 24000}};
  input.reconstruction = result;
  part.provenance = {{"code", "0.1.0 (abc<def>)"}};
  part.configuration = "{\"run.dir\": \"<&>\"}";
  return input;
}

/// What the page would have a browser fetch.
std::vector<std::string> references(const std::string& page) {
  std::vector<std::string> found;
  for (const std::string key : {" src=\"", " href=\"", " data=\"", " action=\"", "url(", "@import"}) {
    for (size_t at = page.find(key); at != std::string::npos; at = page.find(key, at + 1)) {
      const size_t start = at + key.size();
      found.push_back(page.substr(start, page.find_first_of("\");", start) - start));
    }
  }
  return found;
}

TEST(Report, IsWellFormed) {
  EXPECT_EQ(nesting_fault(render(whole_input())), "");
  EXPECT_EQ(nesting_fault(render({})), "");
  EXPECT_NE(nesting_fault("x\n<p><b></p></b>"), "");  // the checker itself
  EXPECT_NE(nesting_fault("x\n<p>1 < 2</p>"), "");
}

TEST(Report, RefersToNothingOutsideItself) {
  const auto page = render(whole_input());
  const auto found = references(page);
  EXPECT_EQ(found.size(), 6u);  // the pictures
  for (const auto& reference : found) { EXPECT_THAT(reference, testing::StartsWith("data:image/png")); }
  for (const char* never : {"<script", "<link", "<iframe", "http://", "https://"}) { EXPECT_FALSE(says(page, never)); }
}

TEST(Report, EscapesWhateverComesFromTheRun) {
  const auto page = render(whole_input());
  EXPECT_TRUE(says(page, "run &lt;1&gt; &amp; &quot;co&quot;"));
  EXPECT_TRUE(says(page, "&lt;b&gt;Swap&lt;/b&gt;"));
  EXPECT_FALSE(says(page, "<b>Swap"));
  EXPECT_FALSE(says(page, "<video>"));
  EXPECT_TRUE(says(page, "abc&lt;def&gt;"));
}

TEST(Report, SaysWhatWasFound) {
  const auto page = render(whole_input());
  EXPECT_TRUE(says(page, "0.400"));  // 14 / 35, the better guess
  EXPECT_TRUE(says(page, "continued from step 800"));
  EXPECT_TRUE(says(page, "waiting for data 1.0 %"));
  EXPECT_TRUE(says(page, "0.810"));
  EXPECT_TRUE(says(page, "0.120 to 0.160"));
}

TEST(Report, DrawsEveryNamedValueWhereItStands) {
  auto input = whole_input();
  for (auto& point : input.parts.front().curve) { point.values["L_<cls>"] = point.loss / 2; }
  input.parts.front().curve[100].values["AUC"] = 0.75;
  const auto page = render(input);
  EXPECT_TRUE(says(page, "L_&lt;cls&gt; over updates"));
  EXPECT_TRUE(says(page, "AUC over updates"));
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_FALSE(says(render(whole_input()), "measures besides"));
}

TEST(Report, ShowsPredictedMasksBesideTrueOnes) {
  auto input = whole_input();
  EXPECT_FALSE(says(render(input), "mask says"));
  auto& fake = input.reconstruction->pictures.back();
  fake.mapped = "\x89PNG7", fake.mask = "\x89PNG8", fake.true_mask = "\x89PNG9";
  fake.restored_activation = "\x89PNGA", fake.mapped_activation = "\x89PNGB";
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_EQ(references(page).size(), 11u);
  EXPECT_TRUE(says(page, "The predicted mask says where"));
  EXPECT_TRUE(says(page, "alt=\"&lt;b&gt;Swap&lt;/b&gt;, ds/x/001_002: true mask\""));
  EXPECT_TRUE(says(page, "ds/x/001_002: activation, original\""));
  EXPECT_TRUE(says(page, "Activation maps (Grad-CAM)"));
  EXPECT_TRUE(says(page, "<details open=\"open\"><summary>Manipulated faces"));
}

TEST(Report, SaysHowManySamplesASecondAStageTook) {
  auto input = whole_input();
  EXPECT_FALSE(says(render(input), "id=\"throughput\""));
  for (auto& point : input.parts.front().curve) { point.samples = 10, point.seconds = 4; }
  input.parts.front().curve[0].seconds = kNaN;  // left out with its samples
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "<td class=\"figure\">11\u202f990</td><td class=\"figure\">1 h 19 min</td>"));
  EXPECT_TRUE(says(page, "<td class=\"figure\">2.50</td>"));
}

TEST(Report, HasACaptionForEveryTable) {
  auto input = whole_input();
  for (auto& point : input.parts.front().curve) { point.samples = 10, point.seconds = 4; }
  const auto page = render(input);
  static const std::regex kTable("<table>"), kCaptioned("<table><caption>[^<]+</caption>");
  const auto count = [&page](const std::regex& pattern) {
    return std::distance(std::sregex_iterator(page.begin(), page.end(), pattern), {});
  };
  EXPECT_EQ(count(kTable), 3);  // restored faces by class, throughput, provenance
  EXPECT_EQ(count(kCaptioned), count(kTable));
}

TEST(Report, SaysInWordsWhatIsMissing) {
  const auto page = render({});
  EXPECT_TRUE(says(page, "No faces were restored yet"));
  EXPECT_TRUE(says(page, "no <code>metrics.jsonl</code>"));
  EXPECT_TRUE(says(page, "no checkpoint that says what made it"));
}

TEST(Report, BreaksTheCurveWhereALossIsNotANumber) {
  auto input = whole_input();
  input.parts.front().curve.resize(40);
  input.parts.front().curve[10].loss = kNaN;
  input.parts.front().curve[11].loss = std::numeric_limits<double>::infinity();
  const auto page = render(input);
  EXPECT_TRUE(says(page, "2 of 40 logged losses were not finite"));
  for (const char* never : {",nan", " nan", ",inf", " inf ", "\"nan", "\"inf"}) {
    EXPECT_FALSE(says(page, never)) << never;
  }

  for (auto& point : input.parts.front().curve) { point.loss = kNaN; }
  EXPECT_TRUE(says(render(input), "Not one loss was a finite number"));
}

TEST(Report, SaysNotKnownForResultsThatAreNot) {
  auto input = whole_input();
  input.reconstruction->held_out = {};
  for (auto& entry : input.reconstruction->classes) { entry.low = entry.high = entry.auc = kNaN; }
  const auto page = render(input);
  EXPECT_TRUE(says(page, "no real face, so there is nothing to compare"));
  EXPECT_TRUE(says(page, "not known"));
  EXPECT_EQ(nesting_fault(page), "");
  input.reconstruction->classes.resize(1);
  EXPECT_TRUE(says(render(input), "holds no manipulated faces"));
}

TEST(Report, WarnsOfFacesThatTrainingSaw) {
  auto input = whole_input();
  input.reconstruction->seen_in_training = 2;
  EXPECT_TRUE(says(render(input), "flatter the network"));
  input.reconstruction->split = "train";
  EXPECT_TRUE(says(render(input), "were trained on"));
}

TEST(Report, SaysNeverSeenOnlyWhereThatIsKnown) {
  const auto page_of = [](const std::string& split, std::optional<int64_t> seen) {
    auto input = whole_input();
    input.reconstruction->split = split;
    input.reconstruction->seen_in_training = seen;
    return render(input);
  };
  const std::string lead = "hidden parts of faces it has never seen with",
                    heading = "Faces it has never seen, restored";
  const auto known = page_of("test", 0);
  EXPECT_TRUE(says(known, lead) && says(known, heading));
  EXPECT_TRUE(says(known, "None of these videos"));
  for (const auto& page : {page_of("test", 2), page_of("test", std::nullopt), page_of("train", 0)}) {
    EXPECT_FALSE(says(page, "never seen") || says(page, "None of these videos"));
    EXPECT_TRUE(says(page, "hidden parts of faces with 0.400 times"));
  }
  EXPECT_TRUE(says(page_of("test", std::nullopt), "not known whether training saw these faces"));
  EXPECT_TRUE(says(page_of("train", std::nullopt), "not known whether training saw these faces"));
  EXPECT_FALSE(says(page_of("test", 2), "not known whether training saw"));
  EXPECT_FALSE(says(render({}), "never seen"));
}

TEST(Metrics, AreReadLineByLineAndACutLineIsPassedBy) {
  const auto curve = parse_metrics(
      "{\"step\": 20, \"loss\": 0.5, \"learning_rate\": 1e-3, \"phases\": {\"forward\": 2}, \"time\": 10, "
      "\"samples\": 12, \"seconds\": 1.5, \"values\": {\"AUC\": 0.5, \"no\": null}}\n"
      "{\"step\": 40, \"loss\": null, \"resumed_from\": 30}\n\n[1]\n{\"step\": 60, \"lo");
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[0].loss, 0.5);
  EXPECT_EQ(curve[0].phases.at("forward"), 2);
  EXPECT_EQ(curve[0].values, (std::map<std::string, double>{{"AUC", 0.5}}));
  EXPECT_EQ(curve[0].samples, 12);
  EXPECT_EQ(curve[0].seconds, 1.5);
  EXPECT_TRUE(std::isnan(curve[1].seconds));
  EXPECT_EQ(curve[0].resumed_from, -1);
  EXPECT_TRUE(std::isnan(curve[1].loss));
  EXPECT_TRUE(std::isnan(curve[0].grad_norm));
  EXPECT_EQ(curve[1].resumed_from, 30);
}

TEST(Base64, GivesTheVectorsOfRfc4648) {
  for (const auto& [plain, coded] : std::map<std::string, std::string>{{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(html::base64(plain), coded);
  }
  EXPECT_EQ(html::base64(std::string("\xff\x00\xfe", 3)), "/wD+");
}

TEST(Numbers, KeepThreeDigits) {
  EXPECT_EQ(html::number(0), "0");
  EXPECT_EQ(html::number(0.14), "0.140");
  EXPECT_EQ(html::number(12.34), "12.3");
  EXPECT_EQ(html::number(0.00001234), "1.23e-05");
  EXPECT_EQ(html::number(kNaN), "not known");
  EXPECT_EQ(html::count(-1234567), "-1\u202f234\u202f567");
  EXPECT_EQ(html::seconds(3725), "1 h 02 min");
}

TEST(Ticks, AreRoundAndCoverTheRange) {
  EXPECT_THAT(charts::ticks(0, 1, 5), testing::Pointwise(testing::DoubleEq(), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  EXPECT_THAT(charts::ticks(-3, 14, 4), testing::ElementsAre(0, 5, 10));
  EXPECT_TRUE(charts::ticks(2, 2, 5).empty());
  EXPECT_TRUE(charts::ticks(0, kNaN, 5).empty());
}

TEST(Charts, PutValuesWhereTheAxisSaysTheyAre) {
  // Bars begin at zero, so their lengths are to each other as their values.
  const auto svg =
      charts::draw(charts::BarChart{"t", "x", {{"a", "", 1, kNaN, kNaN, "real"}, {"b", "", 3, kNaN, kNaN, "fake"}}});
  std::vector<double> widths;
  static const std::regex kWidth("<rect [^>]*width=\"([0-9.]+)\"");
  for (std::sregex_iterator at(svg.begin(), svg.end(), kWidth), end; at != end; ++at) {
    widths.push_back(std::stod((*at)[1]));
  }
  ASSERT_EQ(widths.size(), 2u);
  EXPECT_NEAR(widths[1] / widths[0], 3, 0.01);
  EXPECT_EQ(charts::draw(charts::BarChart{"t", "x", {{"a", "", kNaN, kNaN, kNaN, "real"}}}), "");
}

TEST(Charts, MirrorSharesAtOneScale) {
  const auto svg = charts::draw(charts::MirrorChart{"t", "x", "reals", "fakes", {0.5, 0, 0.5}, {0, 0.75, 0.25}});
  std::vector<double> heights;
  static const std::regex kHeight("<rect [^>]* height=\"([0-9.]+)\"");
  for (std::sregex_iterator at(svg.begin(), svg.end(), kHeight), end; at != end; ++at) {
    heights.push_back(std::stod((*at)[1]));
  }
  ASSERT_EQ(heights.size(), 4u);  // no bar for nothing
  EXPECT_NEAR(heights[2] / heights[0], 1.5, 0.01);
  EXPECT_NEAR(heights[3] / heights[0], 0.5, 0.01);
  EXPECT_EQ(charts::draw(charts::MirrorChart{"t", "x", "reals", "fakes", {0, 0}, {0, 0}}), "");
}

TEST(Charts, TellTicksApart) {
  const auto labels_of = [](const std::vector<double>& y) {
    const auto svg = charts::draw(charts::LineChart{"t", "x", "y", {{{1, 2, 3}, y, "strong"}}, {}, false, 200});
    std::vector<std::string> labels;
    static const std::regex kTick("tick end\"[^>]*>([^<]*)<");
    for (std::sregex_iterator at(svg.begin(), svg.end(), kTick), end; at != end; ++at) { labels.push_back((*at)[1]); }
    return labels;
  };
  EXPECT_THAT(labels_of({0.69312, 0.69318, 0.69314}), testing::ElementsAre("0.69312", "0.69314", "0.69316", "0.69318"));
  EXPECT_THAT(labels_of({0, 0, 0}), testing::ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
}

TEST(Charts, DrawAFlatLineAndASinglePoint) {
  for (const auto& y :
       {std::vector<double>{2, 2, 2}, std::vector<double>{0, 0, 0}, std::vector<double>{1, kNaN, kNaN}}) {
    const auto svg = charts::draw(charts::LineChart{"t", "x", "y", {{{1, 2, 3}, y, "strong"}}, {}, false, 200});
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, HasSubstr("<path"));
  }
}

}  // namespace
}  // namespace realface::stages::report
