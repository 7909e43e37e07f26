#include "stages/report/html.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "stages/report/style.h"

namespace realface::stages::report::html {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

}  // namespace

std::string escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\'') {
      escaped += "&#39;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      escaped += c;
    }
  }
  return escaped;
}

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (size_t digit = 0; digit < 4; ++digit) {
      text += i + digit <= bytes.size() ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return text;
}

std::string number(double value) {
  if (!std::isfinite(value)) { return "not known"; }
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-4 || size >= 1e6)) { return format("%.2e", value); }
  if (value == 0) { return "0"; }
  if (size >= 1000) { return count(std::llround(value)); }
  return size >= 100 ? format("%.0f", value) : size >= 10 ? format("%.1f", value) : format("%#.3g", value);
}

std::string tick(double value, int digits) {
  const double size = std::abs(value);
  return size >= 1000 && size < 1e6 ? count(std::llround(value)) : format("%.*g", digits, value);
}

std::string percent(double share) { return std::isfinite(share) ? format("%.1f %%", 100 * share) : "not known"; }

std::string count(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), "\u202f");
  }
  return digits;
}

std::string seconds(double seconds) {
  if (!std::isfinite(seconds)) { return "not known"; }
  if (seconds < 60) { return format("%.1f s", seconds); }
  const auto whole = std::llround(seconds);
  if (whole < 3600) { return format("%lld min %02lld s", whole / 60, whole % 60); }
  return format("%lld h %02lld min", whole / 3600, whole % 3600 / 60);
}

std::string element(const std::string& tag, const std::string& css_class, const std::string& content) {
  return "<" + tag + (css_class.empty() ? "" : " class=\"" + css_class + "\"") + ">" + content + "</" + tag + ">\n";
}

std::string paragraph(const std::string& content) { return element("p", "", content); }

std::string missing(const std::string& content) { return element("p", "missing", content); }

std::string tile(const std::string& value, const std::string& what, const std::string& hint) {
  return "<li><span class=\"value\">" + escape(value) + "</span><span class=\"what\">" + escape(what) +
         "</span><span class=\"hint\">" + escape(hint) + "</span></li>\n";
}

std::string table(const std::string& caption, const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows, size_t words) {
  const auto line = [&](const std::vector<std::string>& cells, bool heads_column, bool heads_row) {
    std::string text = "<tr>";
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string tag = heads_column || (heads_row && i == 0) ? "th" : "td";
      text += "<" + tag +
              (heads_column  ? " scope=\"col\""
               : tag == "th" ? " scope=\"row\""
                             : "") +
              (i < words ? ">" : " class=\"figure\">") + cells[i] + "</" + tag + ">";
    }
    return text + "</tr>\n";
  };
  std::string body;
  for (const auto& row : rows) { body += line(row, false, head.empty()); }
  return "<div class=\"scroll\"><table><caption>" + caption + "</caption>" +
         (head.empty() ? "" : "<thead>" + line(head, true, false) + "</thead>") + "<tbody>" + body +
         "</tbody></table></div>\n";
}

std::string document(const std::string& title, const std::string& content) {
  const auto words = escape(title);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>" +
         words + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<main>\n<h1>" + words + "</h1>\n" +
         content + "</main>\n</body>\n</html>\n";
}

std::string section(const std::string& id, const std::string& heading, const std::string& content) {
  return "<section id=\"" + id + "\">\n<h2>" + heading + "</h2>\n" + content + "</section>\n";
}

std::string image(const std::string& png, const std::string& alternative) {
  return "<img alt=\"" + escape(alternative) + "\" src=\"data:image/png;base64," + base64(png) + "\" />";
}

}  // namespace realface::stages::report::html
