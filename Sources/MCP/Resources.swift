import Model
import Store

/// The MCP resources: the backlog, the claims, and each feature.
struct Resources {
  static let backlog = "lanekeeper://backlog"
  static let claims = "lanekeeper://claims"
  static let featurePrefix = "lanekeeper://features/"
  static let type: JSON = "application/json"

  let coordinator: Coordinator

  init(_ coordinator: Coordinator) { self.coordinator = coordinator }

  static let templates: JSON = [
    "resourceTemplates": [
      [
        "uriTemplate": "lanekeeper://features/{id}", "name": "feature", "title": "A feature",
        "description": "One feature of the backlog, by its id.", "mimeType": type,
      ]
    ]
  ]

  func list() throws -> JSON {
    try coordinator.refresh()
    let fixed: [JSON] = [
      [
        "uri": .string(Self.backlog), "name": "backlog", "title": "The backlog",
        "description": "Every feature with its state.", "mimeType": Self.type,
      ],
      [
        "uri": .string(Self.claims), "name": "claims", "title": "The claims",
        "description": "Which paths are claimed, and by whom.", "mimeType": Self.type,
      ],
    ]
    return ["resources": .array(fixed + (try features().map(Self.entry)))]
  }

  private func features() throws -> [FeatureRecord] {
    try coordinator.store.features().filter { $0.inBacklog || !$0.state.isFinal }
  }

  private static func entry(_ feature: FeatureRecord) -> JSON {
    [
      "uri": .string(featurePrefix + feature.id), "name": .string("feature-\(feature.id)"),
      "title": .string("#\(feature.id) \(feature.title)"), "mimeType": type,
    ]
  }

  func read(_ params: JSON, _ version: ProtocolVersion) throws -> JSON {
    guard let uri = params["uri"]?.string else {
      throw RPCError.invalidParameters("'uri' is missing")
    }
    guard let value = try content(uri) else {
      throw RPCError(
        version.isStateless ? -32602 : -32002, "there is no resource '\(uri)'",
        data: ["uri": .string(uri)])
    }
    return [
      "contents": [["uri": .string(uri), "mimeType": Self.type, "text": .string(value.text)]]
    ]
  }

  private func content(_ uri: String) throws -> JSON? {
    let store = coordinator.store
    switch uri {
    case Self.backlog:
      try coordinator.refresh()
      let facts = try FeatureFacts(store)
      return ["features": .array(try facts.json(features()))]
    case Self.claims: return ["claims": .array(try store.claims().map(coordinator.facts.json))]
    default:
      guard uri.hasPrefix(Self.featurePrefix),
        let feature = try store.feature(String(uri.dropFirst(Self.featurePrefix.count)))
      else { return nil }
      return try FeatureFacts(store).json([feature]).first
    }
  }
}
