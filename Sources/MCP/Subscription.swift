import Model

/// What a client wants to be told of.
package struct Subscription: Sendable, Equatable {
  package var resourceList = false
  /// The URIs whose changes it wants to know.
  package var resources: Set<String> = []
  /// The id of the request that asked, where each notification has to carry it.
  package var id: RequestID?

  package init() {}

  /// Reads the filter of `subscriptions/listen`.
  init(_ request: Request) throws(RPCError) {
    guard let filter = request.params["notifications"], filter.members != nil else {
      throw RPCError.invalidParameters("'notifications' has to be an object")
    }
    id = request.id
    resourceList = filter["resourcesListChanged"]?.bool ?? false
    resources = Set(filter["resourceSubscriptions"]?.array?.compactMap(\.string) ?? [])
  }

  /// What of the wish is honoured. The tools and prompts never change.
  var acknowledgement: JSON {
    var filter: JSON = [:]
    if resourceList { filter = filter.with("resourcesListChanged", true) }
    if !resources.isEmpty {
      filter = filter.with("resourceSubscriptions", .texts(resources.sorted()))
    }
    return note("notifications/subscriptions/acknowledged", ["notifications": filter])
  }

  /// The result at the end of the stream.
  var ending: JSON {
    var result: JSON = ["resultType": "complete"]
    if let id {
      result = result.with("_meta", .object([JSON.Member(Dispatcher.subscriptionKey, id.json)]))
    }
    return result
  }

  /// The notifications that follow from a change.
  func notifications(of change: Change) -> [JSON] {
    var notes: [JSON] = []
    if resourceList, change.isListChanged {
      notes.append(note("notifications/resources/list_changed", nil))
    }
    for uri in resources.intersection(change.resources).sorted() {
      notes.append(note("notifications/resources/updated", ["uri": .string(uri)]))
    }
    return notes
  }

  private func note(_ method: String, _ params: JSON?) -> JSON {
    guard let id else { return Outgoing.notification(method, params) }
    let meta: JSON = .object([JSON.Member(Dispatcher.subscriptionKey, id.json)])
    return Outgoing.notification(method, (params ?? [:]).with("_meta", meta))
  }
}

/// What has changed in the state since somebody looked.
package struct Change: Sendable, Equatable {
  /// Features came or went.
  package var isListChanged = false
  /// The URIs of what reads otherwise now.
  package var resources: Set<String> = []

  package init(isListChanged: Bool = false, resources: Set<String> = []) {
    self.isListChanged = isListChanged
    self.resources = resources
  }

  var isNothing: Bool { !isListChanged && resources.isEmpty }
}
