import Backlog
import Foundation
import Planning

/// Processor time of a detection, and of one further feature.
enum DetectionTimes {
  /// - Parameter arguments: a backlog, the weights and the lexicon of kinds.
  static func print(_ arguments: [String]) throws {
    guard arguments.count == 3 else { throw CocoaError(.fileReadUnknown) }
    func data(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
    let backlog = try BacklogReader.read(
      text: String(decoding: try data(arguments[0]), as: UTF8.self), file: arguments[0])
    let detector = Detector(
      weights: try DetectorWeights(json: try data(arguments[1])),
      lexicon: try KindLexicon(json: try data(arguments[2])))
    let further = min(100, backlog.features.count / 10)
    var begin = seconds
    var session = detector.session(Backlog(features: Array(backlog.features.dropLast(further))))
    let whole = seconds - begin
    begin = seconds
    for feature in backlog.features.suffix(further) where !session.add(feature) {
      throw CocoaError(.featureUnsupported)
    }
    let one = (seconds - begin) / Double(further)
    Swift.print(
      String(
        format: "{\"features\": %d, \"whole_s\": %.4f, \"one_s\": %.6f, \"edges\": %d}",
        backlog.features.count - further, whole, one, session.result.edges.count))
  }

  private static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
