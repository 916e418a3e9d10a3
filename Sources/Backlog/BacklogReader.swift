import Model
import Yams

/// Reads `features.yml`.
package enum BacklogReader {
  private static let keys = [
    "id", "title", "category", "description", "steps", "depends_on", "touches", "priority", "model",
    "agent", "slots",
  ]

  /// Reads the text of a backlog.
  ///
  /// - Parameters:
  ///   - file: the name for messages.
  ///   - slots: the slots that `lanekeeper.yml` has; `nil` takes any name.
  /// - Throws: ``InputProblems`` with everything that is wrong.
  package static func read(
    text: String, file: String, slots: Set<String>? = nil
  ) throws(InputProblems) -> Backlog {
    let input = YAMLInput(file: file)
    var places: [Place] = []
    if let root = input.root(text), !input.isNull(root) {
      if let members = input.members(root, of: "the file", known: ["features"]) {
        read(members["features"], input, slots, &places)
      }
    }
    check(places, input)
    guard input.problems.isEmpty else { throw InputProblems(input.problems) }
    return Backlog(features: places.map(\.feature))
  }

  /// A feature and where its parts stand.
  private struct Place {
    var feature: Feature
    var id: Node?
    var dependencies: [Node]
  }

  private static func read(
    _ node: Node?, _ input: YAMLInput, _ slots: Set<String>?, _ places: inout [Place]
  ) {
    guard let node, !input.isNull(node) else { return }
    guard let sequence = node.sequence else {
      return input.report(node, "features must be a list")
    }
    for item in sequence {
      guard let members = input.members(item, of: "a feature", known: keys) else { continue }
      let id = input.text(members["id"], "id") ?? ""
      let title = input.text(members["title"], "title") ?? ""
      if id.isEmpty {
        input.report(members["id"] ?? item, "this feature has no id")
      } else if let reason = FeatureID.problem(id) {
        input.report(members["id"], "the id '\(id)' \(reason)")
      }
      if title.isEmpty { input.report(members["title"] ?? item, "this feature has no title") }
      var feature = Feature(id: id, title: title)
      if let category = input.text(members["category"], "category") { feature.category = category }
      feature.description = input.text(members["description"], "description") ?? ""
      feature.steps = input.texts(members["steps"], "steps")?.map(\.text) ?? []
      feature.priority =
        input.integer(members["priority"], "priority", in: NumberRange.priority) ?? 0
      feature.model = input.choice(members["model"], "model", Tier.names)
      feature.agent = input.text(members["agent"], "agent")
      for touch in input.texts(members["touches"], "touches") ?? [] {
        if let reason = RepositoryPath.problem(touch.text) {
          input.report(touch.node, "'\(touch.text)' in touches \(reason)")
        } else {
          feature.touches.append(touch.text)
        }
      }
      feature.slots = SlotName.list(members["slots"], "slots", input, known: slots)
      let dependencies = readDependencies(members["depends_on"], input)
      feature.dependencies = dependencies.map(\.0)
      places.append(
        Place(feature: feature, id: members["id"] ?? item, dependencies: dependencies.map(\.1)))
    }
  }

  private static func readDependencies(_ node: Node?, _ input: YAMLInput) -> [(Dependency, Node)] {
    guard let node, !input.isNull(node) else { return [] }
    guard let items = node.sequence.map(Array.init) ?? (node.scalar.map { _ in [node] }) else {
      input.report(node, "depends_on must be a list of ids")
      return []
    }
    var result: [(Dependency, Node)] = []
    for item in items {
      if let scalar = item.scalar, !input.isNull(item) {
        result.append((Dependency(id: scalar.string), item))
        continue
      }
      let known = ["id", "source", "by", "confidence", "reason"]
      guard let members = input.members(item, of: "a dependency", known: known) else { continue }
      guard let id = input.text(members["id"], "id") else {
        input.report(item, "this dependency has no id")
        continue
      }
      let source = input.choice(
        members["source"], "source", ["declared", "detected", "discovered"])
      let confidence = members["confidence"].flatMap { $0.float ?? $0.int.map(Double.init) }
      if let node = members["confidence"], confidence.map({ (0...1).contains($0) }) != true {
        input.report(node, "confidence must be a number from 0 to 1")
      }
      result.append(
        (
          Dependency(
            id: id, source: source.flatMap(Dependency.Source.init) ?? .declared,
            confidence: confidence, reason: input.text(members["reason"], "reason"),
            by: input.text(members["by"], "by")), item
        ))
    }
    return result
  }

  /// Checks ids and edges across features.
  private static func check(_ places: [Place], _ input: YAMLInput) {
    var first: [String: Place] = [:]
    for place in places where !place.feature.id.isEmpty {
      if let earlier = first[place.feature.id] {
        let line = earlier.id?.mark?.line ?? 0
        input.report(
          place.id, "the id '\(place.feature.id)' is a duplicate; line \(line) has it already",
          "give each feature its own")
      } else {
        first[place.feature.id] = place
      }
    }
    for place in places {
      for (dependency, node) in zip(place.feature.dependencies, place.dependencies) {
        if dependency.id == place.feature.id {
          input.report(node, "feature '\(dependency.id)' depends on itself")
        } else if first[dependency.id] == nil {
          input.report(
            node, "no feature has the id '\(dependency.id)'",
            Nearest.suggestion(dependency.id, among: first.keys))
        }
      }
    }
    let edges = first.mapValues { place in
      place.feature.dependencies.map(\.id).filter { $0 != place.feature.id && first[$0] != nil }
    }
    if let cycle = CycleSearch.cycle(order: places.map(\.feature.id), edges: edges) {
      input.report(
        first[cycle[0]]?.id,
        "these features depend on each other in a cycle: "
          + (cycle + [cycle[0]]).joined(separator: " -> "), "take one of the dependencies out")
    }
  }
}
