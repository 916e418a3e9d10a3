import Testing

@testable import Web

/// Which names are ours, and which of them a link carries.
@Suite struct HostNamesTests {
  private func names(
    _ address: String, isOpen: Bool = false, _ certified: [String]? = nil
  ) -> HostNames {
    HostNames(
      address: address, port: 8420, isOpen: isOpen, certified: certified, machine: "Builder")
  }

  @Test func aLinkLeadsWhereABrowserFindsThePage() {
    #expect(names("127.0.0.1").origin == "http://127.0.0.1:8420")
    #expect(names("::1").origin == "http://[::1]:8420")
    #expect(names("0.0.0.0", isOpen: true).origin == "http://Builder:8420")
    #expect(names("192.0.2.1", isOpen: true).origin == "http://192.0.2.1:8420")
    #expect(names("127.0.0.1", ["localhost", "a.example"]).origin == "https://localhost:8420")
    #expect(names("127.0.0.1", ["a.example"]).origin == "https://127.0.0.1:8420")
    #expect(
      names("::", isOpen: true, ["*.b.example", "localhost", "a.example"]).origin
        == "https://a.example:8420")
    #expect(names("::", isOpen: true, []).origin == "https://Builder:8420")
    #expect(names("192.0.2.1", isOpen: true, []).origin == "https://192.0.2.1:8420")
    #expect(names("c.example", isOpen: true, ["a.example"]).origin == "https://c.example:8420")
  }

  @Test func namesOfOthersAreRefused() {
    let loopback = names("127.0.0.1")
    for host in ["127.0.0.1:8420", "LOCALHOST:8420", "[::1]:8420", "127.8.0.1:8420"] {
      #expect(loopback.allow(host), "\(host)")
    }
    for host in [
      nil, "", "127.0.0.1", "localhost:80", "192.0.2.1:8420", "builder:8420", "a.example:8420",
      "127.0.0.1.a.example:8420", "[::1]", "[::1", "::1:8420", "localhost:8420:1", "a:b:8420",
      "127.x:8420", "localhost.:8420",
    ] {
      #expect(!loopback.allow(host), "\(host ?? "none")")
    }
    let open = names("0.0.0.0", isOpen: true, ["a.example", "*.b.example"])
    for host in ["builder", "a.example", "x.b.example", "192.0.2.1", "[2001:db8::1]"] {
      #expect(open.allow(host + ":8420") && open.isOurs(host), "\(host)")
    }
    for host in ["b.example", "x.y.b.example", "xb.example", "x.a.example", ".b.example.net"] {
      #expect(!open.isOurs(host), "\(host)")
    }
    // Behind a tunnel the port is another.
    #expect(open.isOurs("a.example:9000") && !open.allow("a.example:9000"))
    #expect(HostNames(address: "::", port: 443, isOpen: true, certified: []).allow("192.0.2.1"))
  }
}
