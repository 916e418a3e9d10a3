// Backlog: reading and writing of features.yml and lanekeeper.yml, and taking over the backlogs of
// other programs. Pure: text in, values or a list of problems out.

import Model

/// The list of features to build.
package struct Backlog: Sendable, Equatable {
  package var features: [Feature]

  package init(features: [Feature]) { self.features = features }
}
