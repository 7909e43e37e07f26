#pragma once

#include <functional>
#include <string>
#include <vector>

#include "distributed/communicator.h"

namespace realface::distributed {

/// Runs `work` on every rank, then agrees: where any rank threw, every rank throws (its own exception, or an Error that
/// names the lowest failing rank with its message and exit code) before the next collective could hang. Collective; use
/// the host group.
void agree(Communicator& group, const std::string& subject, const std::function<void()>& work);

/// Every rank's text, in rank order. Collective; host group.
std::vector<std::string> gather_strings(Communicator& group, const std::string& mine);

/// The root's text, on every rank. Collective; host group.
std::string broadcast_string(Communicator& group, const std::string& text, int root = 0);

/// True where any rank says so. Collective; host group.
bool any(Communicator& group, bool mine);

}  // namespace realface::distributed
