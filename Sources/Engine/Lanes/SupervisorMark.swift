/// Environment variables of Lanekeeper's own git commands in a lane, so that the hooks take nobody
/// for a person who is none. An agent is known by its guard, whatever its environment says.
package enum SupervisorMark {
  package static let variables = ["LANEKEEPER_SUPERVISOR": "1"]
}
