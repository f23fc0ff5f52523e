// adapters/cli/operator.hpp: what the operator says to the hub.
//
// Whatever changes who may do or hear what is an event of the types
// nl.placements.hub.*, published with the operator's key from an outbox of its
// own: <hub>/operator/ when the hub's folder is known, a temporary one otherwise.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "adapters/cli/context.hpp"

namespace iro::cli {

class Operator {
 public:
  /// Connects as the holder of the context's key.
  static Result<Operator> open(Context& context);

  /// Publish "member-enrolled.v1" and its like, and wait until the hub has decided. Refusals by the
  /// place of the command in the list; an Error when the hub has not decided in time.
  struct Command {
    std::string verb;
    json::object payload;
  };
  Result<std::map<std::size_t, Error>> publish(const std::vector<Command>& commands);
  /// One command; its refusal is the error.
  Status publish(std::string verb, json::object payload);
  /// The view "members" as an object by slug.
  Result<std::map<std::string, json::object>> members();

  [[nodiscard]] client::Client& client() { return *client_; }

 private:
  Operator(Context& context, std::optional<TemporaryFolder> folder, std::unique_ptr<client::Client> client)
      : context_(&context), folder_(std::move(folder)), client_(std::move(client)) {}
  Context* context_;
  std::optional<TemporaryFolder> folder_;  // outlives the client
  std::unique_ptr<client::Client> client_;
};

/// Wait until the hub has decided everything in the client's outbox; gives up (timeout) when
/// nothing moves for the context's timeout. Tells progress on a terminal.
Status settle(Context& context, client::Client& client);

/// One member of the members view, or not_found.
Result<json::object> find_member(const std::map<std::string, json::object>& members, const std::string& slug);
std::vector<std::string> texts_of(const json::object& object, std::string_view field);
std::string text_of(const json::object& object, std::string_view field);

}  // namespace iro::cli
