import Foundation

/// How the program was called: DIRECTORY ADDRESS PORT VERSION [--open] [--with-input] [--tls CERTIFICATE KEY].
struct UiCall {
  let directory: String
  let address: String
  let port: Int
  let version: String
  /// It shall be reached from other machines; a person has confirmed that.
  let isOpen: Bool
  /// It ends when its standard input does, and takes another port where its own is taken.
  let endsWithInput: Bool
  /// The files of the server's certificate and of its key.
  let identity: (certificate: String, key: String)?

  init?(_ words: [String]) {
    guard words.count >= 5, let port = Int(words[3]), (0...65535).contains(port) else { return nil }
    var flags = words.dropFirst(5)
    if let place = flags.firstIndex(of: "--tls"), flags.count >= place + 3 - flags.startIndex {
      identity = (flags[place + 1], flags[place + 2])
      flags.removeSubrange(place..<(place + 3))
    } else {
      identity = nil
    }
    guard flags.allSatisfy({ $0 == "--open" || $0 == "--with-input" }) else { return nil }
    directory = words[1]
    address = words[2]
    self.port = port
    version = words[4]
    isOpen = flags.contains("--open")
    endsWithInput = flags.contains("--with-input")
  }

  /// The port; beside a run another one, where something listens on it.
  func freePort() -> Int {
    guard endsWithInput, port > 0 else { return port }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = in_port_t(port).bigEndian
    place.sin_addr.s_addr = inet_addr("127.0.0.1")
    let bound = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return bound == 0 ? port : 0
  }
}
