#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

/// What the tests of the report ask of a page.
namespace realface::stages::report {

/// In place of a matcher, whose message would be the whole page.
inline bool says(const std::string& page, const std::string& words) { return page.find(words) != std::string::npos; }

/// Every tag that is opened is closed in order, attributes are quoted, and no bracket stands between tags; returns what
/// is wrong, or "".
inline std::string nesting_fault(const std::string& page) {
  std::vector<std::string> open;
  for (size_t at = page.find('\n') + 1; at < page.size();) {  // after the doctype
    const size_t start = page.find_first_of("<>", at);
    if (start == std::string::npos) { break; }
    const size_t end = page.find('>', start);
    if (page[start] == '>' || end == std::string::npos) { return "stray bracket at " + page.substr(start, 60); }
    const std::string tag = page.substr(start + 1, end - start - 1);
    if (tag.find('<') != std::string::npos) { return "bracket inside of <" + tag.substr(0, 60); }
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) { return "open quote in <" + tag.substr(0, 60); }
    const bool closing = tag.starts_with("/"), alone = tag.ends_with("/");
    const std::string name = tag.substr(closing ? 1 : 0, tag.find_first_of(" /", 1) - (closing ? 1 : 0));
    if (name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0) {
      return "no tag: <" + tag.substr(0, 60);
    }
    if (closing) {
      if (open.empty() || open.back() != name) { return "unexpected </" + name + ">"; }
      open.pop_back();
    } else if (!alone) {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() ? "" : "never closed: <" + open.back() + ">";
}

}  // namespace realface::stages::report
