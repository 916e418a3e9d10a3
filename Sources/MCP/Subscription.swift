import Model

/// The changes that a client asked to be notified of.
struct Subscription: Sendable, Equatable {
  var resourceList = false
  /// The URIs of the resources that it watches.
  var resources: Set<String> = []
  /// The id of the request, if each notification has to carry it.
  var id: RequestID?

  init() {}

  /// Reads the filter of `subscriptions/listen`.
  init(_ request: Request) throws(RPCError) {
    guard let filter = request.params["notifications"], filter.members != nil else {
      throw RPCError.invalidParameters("'notifications' has to be an object")
    }
    id = request.id
    resourceList = filter["resourcesListChanged"]?.bool ?? false
    resources = Set(filter["resourceSubscriptions"]?.array?.compactMap(\.string) ?? [])
  }

  /// Confirms the subscription. Tools and prompts never change, so they are left out.
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

/// The changes of the state since the last look.
struct Change: Sendable, Equatable {
  /// Features were added or removed.
  var isListChanged = false
  /// The URIs of the resources whose content has changed.
  var resources: Set<String> = []

  var isNothing: Bool { !isListChanged && resources.isEmpty }
}
