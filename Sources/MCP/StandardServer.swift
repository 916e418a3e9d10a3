import Foundation
import Model
import Synchronization

/// Serves MCP on a pair of pipes, one message a line.
package final class StandardServer: Sendable {
  private let dispatcher: Dispatcher
  private let writer: LineWriter
  private let state = Mutex(State())
  /// The time between two looks for changes.
  private let interval: Duration

  private struct State {
    var version: ProtocolVersion?
    var isInitialized = false
    var running: [RequestID: Task<Void, Never>] = [:]
    var legacy = Subscription()
    var listening: [RequestID: Subscription] = [:]
    /// Stands at the first subscription; what changes after its answer is told.
    var watcher: ChangeWatcher?
  }

  /// - Parameter output: the descriptor that answers go to.
  package init(dispatcher: Dispatcher, output: Int32, interval: Duration = .milliseconds(500)) {
    self.dispatcher = dispatcher
    self.interval = interval
    writer = LineWriter(output)
  }

  /// Serves until the input ends or the output is closed. Then it cancels the requests that still run.
  package func run(input: Int32) async {
    let watcher = Task { await watch() }
    await withTaskGroup(of: Void.self) { group in
      for await line in LineInput.lines(of: input) {
        guard writer.isOpen else { break }
        switch line {
        case .tooLong:
          send(Outgoing.error(nil, .invalidRequest("the message is longer than 4 MiB")))
        case .text(let bytes): await handle(MessageReader.read(bytes), &group)
        }
      }
      let open = state.withLock { state in
        defer { state.listening = [:] }
        return state.listening.values.map { $0 }
      }
      for subscription in open {
        if let id = subscription.id { send(Outgoing.result(id, subscription.ending)) }
      }
      let running = state.withLock { $0.running.values.map { $0 } }
      for task in running { task.cancel() }
    }
    watcher.cancel()
  }

  private func send(_ message: JSON) { writer.write(message.bytes) }

  private func handle(_ message: Incoming, _ group: inout TaskGroup<Void>) async {
    switch message {
    case .broken(let id, let error): send(Outgoing.error(id, error))
    case .response: break
    case .notification(let method, let params): take(method, params)
    case .request(let request): await start(request, &group)
    }
  }

  private func take(_ method: String, _ params: JSON) {
    switch method {
    case "notifications/initialized": state.withLock { $0.isInitialized = true }
    case "notifications/cancelled":
      guard let id = RequestID(params["requestId"]) else { return }
      let task = state.withLock { state in
        state.listening[id] = nil
        return state.running[id]
      }
      task?.cancel()
    default: break
    }
  }

  private func start(_ request: Request, _ group: inout TaskGroup<Void>) async {
    if dispatcher.takesTime(request) {
      let isKnown = state.withLock { $0.running[request.id] != nil }
      guard !isKnown else {
        return send(
          Outgoing.error(request.id, .invalidRequest("a request with this id is under way")))
      }
      // Registered before it can end: an answer is sent only while its request is known.
      let task = state.withLock { state in
        let task = Task { [self] in
          let answer = await answer(request)
          let isWanted = self.state.withLock {
            $0.running.removeValue(forKey: request.id) != nil
          }
          if let answer, isWanted { send(answer) }
        }
        state.running[request.id] = task
        return task
      }
      group.addTask { await task.value }
      return
    }
    if let answer = await answer(request) { send(answer) }
  }

  /// Returns the answer; `nil` if none is due, or not yet.
  private func answer(_ request: Request) async -> JSON? {
    do {
      let version = try dispatcher.version(of: request, session: state.withLock { $0.version })
      switch (request.method, version.isStateless) {
      case ("subscriptions/listen", true): return try listen(request)
      case ("resources/subscribe", false): return try subscribe(request, true)
      case ("resources/unsubscribe", false): return try subscribe(request, false)
      default: break
      }
      let result = try await dispatcher.result(
        of: request, version: version, sink: Dispatcher.Sink { [self] in send($0) })
      if request.method == "initialize" {
        state.withLock {
          $0.version = ProtocolVersion(rawValue: result["protocolVersion"]?.string ?? "")
          $0.legacy.resourceList = true
        }
      }
      return Outgoing.result(request.id, result)
    } catch let error as RPCError {
      return Outgoing.error(request.id, error)
    } catch is CancellationError {
      return nil
    } catch {
      return Outgoing.error(request.id, .inside("\(error)"))
    }
  }

  private func listen(_ request: Request) throws -> JSON? {
    let subscription = try Subscription(request)
    let store = dispatcher.coordinator.store
    state.withLock {
      if $0.watcher == nil { $0.watcher = try? ChangeWatcher(store) }
      $0.listening[request.id] = subscription
    }
    send(subscription.acknowledgement)
    return nil
  }

  private func subscribe(_ request: Request, _ on: Bool) throws -> JSON {
    guard let uri = request.params["uri"]?.string else {
      throw RPCError.invalidParameters("'uri' is missing")
    }
    let store = dispatcher.coordinator.store
    state.withLock { state in
      if state.watcher == nil { state.watcher = try? ChangeWatcher(store) }
      if on { state.legacy.resources.insert(uri) } else { state.legacy.resources.remove(uri) }
    }
    return Outgoing.result(request.id, [:])
  }

  /// Notifies the client of changes that it subscribed to.
  private func watch() async {
    let store = dispatcher.coordinator.store
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      let (wanted, found) = state.withLock { state in
        let wanted = (state.isInitialized ? [state.legacy] : []) + state.listening.values
        guard state.watcher != nil else {
          if !wanted.isEmpty { state.watcher = try? ChangeWatcher(store) }
          return (wanted, Change?.none)
        }
        return (wanted, try? state.watcher?.look())
      }
      guard let change = found, !change.isNothing else { continue }
      for subscription in wanted {
        for note in subscription.notifications(of: change) { send(note) }
      }
    }
  }
}
