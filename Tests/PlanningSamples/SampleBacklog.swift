import Backlog
import Foundation
import Model

/// A backlog with durations.
package struct SampleBacklog: Sendable {
  package var name: String
  package var backlog: Backlog
  /// How long each feature takes.
  package var seconds: [String: Double]

  /// Returns a random backlog: layers, chains with side branches, a fan in and out, or edges at random.
  package static func random(seed: Int) -> SampleBacklog {
    var random = SampleRandom(seed: seed)
    let count = 8 + random.below(113)
    var needs: [[Int]] = Array(repeating: [], count: count)
    switch seed % 4 {
    case 0:
      let share = random.uniform(0.5...4) / Double(count)
      for number in 0..<count { needs[number] = (0..<number).filter { _ in random.chance(share) } }
    case 1:
      let width = 2 + random.below(12)
      for number in width..<max(width, count) {
        let layer = number / width * width
        for _ in 0..<(1 + random.below(3)) {
          let other = layer - width + random.below(width)
          if !needs[number].contains(other) { needs[number].append(other) }
        }
      }
    case 2:
      for number in 1..<count {
        needs[number] = random.chance(0.75) ? [number - 1 - random.below(min(number, 5))] : []
      }
    default:
      for number in 1..<count where number < count - 1 { needs[number] = [0] }
      needs[count - 1] = Array(1..<(count - 1))
    }
    let features = (0..<count).map { number in
      Feature(
        id: String(number + 1), title: "Feature \(number + 1)",
        dependencies: needs[number].map { Dependency(id: String($0 + 1)) })
    }
    return SampleBacklog(
      name: "random \(seed)", backlog: Backlog(features: features),
      seconds: durations(features, &random))
  }

  /// Returns a backlog as real ones are: some 27 features with 1.4 dependencies each, mostly on recent ones.
  package static func narrow(seed: Int) -> SampleBacklog {
    var random = SampleRandom(seed: 50_000 + seed)
    let count = 12 + random.below(30)
    var features: [Feature] = []
    for number in 0..<count {
      var needs: Set<Int> = []
      if number > 0 {
        for _ in 0..<(random.chance(0.9) ? 1 + random.below(2) : 0) {
          needs.insert(max(0, number - 1 - random.below(random.chance(0.8) ? 4 : 12)))
        }
      }
      features.append(
        Feature(
          id: String(number + 1), title: "Feature \(number + 1)",
          dependencies: needs.sorted().map { Dependency(id: String($0 + 1)) }))
    }
    return SampleBacklog(
      name: "narrow \(seed)", backlog: Backlog(features: features),
      seconds: durations(features, &random))
  }

  /// Gives features times as agents take them: ten minutes at the median, a long tail.
  package static func durations(
    _ features: [Feature], _ random: inout SampleRandom
  ) -> [String: Double] {
    var result: [String: Double] = [:]
    for feature in features {
      // The sum of uniform numbers is near enough to a normal one.
      let normal = (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }
      result[feature.id] = 600 * exp(0.6 * normal)
    }
    return result
  }

  /// Reads a directory of backlogs, each with random times and the declared dependencies.
  package static func read(directory: String) throws -> [SampleBacklog] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
      .filter { $0.hasSuffix(".json") }.enumerated().map { number, name in
        let text = try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
        let backlog = try Import.read(text: text, file: name).backlog
        var random = SampleRandom(seed: 7000 + number)
        return SampleBacklog(
          name: String(name.dropLast(5)), backlog: backlog,
          seconds: durations(backlog.features, &random))
      }
  }
}
