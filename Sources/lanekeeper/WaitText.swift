import Store

extension RunWait {
  /// For how long it has been going on by now, as the end of a line.
  func since(_ now: Int64?) -> String {
    now.map { " (by now for \(Duration.text(Double(max(0, $0 - since)) / 1000)))" } ?? ""
  }
}

extension Store {
  /// How far a feature's landing is, and for how long it has been landing, for people; `nil` where it is not.
  func landingWords(of feature: FeatureRecord) throws -> String? {
    guard feature.state == .landing, let landing = try lastLanding(of: feature.id) else {
      return nil
    }
    let words =
      switch landing.phase {
      case .gate: "its gate runs"
      case .push: "it is being pushed"
      case .merge, .follow, .swap, .settle, .done, .stopped: "the target is being moved"
      }
    return words + ", for \(Duration.text(Double(max(0, now - feature.changedAt)) / 1000)) by now"
  }
}
