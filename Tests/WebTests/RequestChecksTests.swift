import HTTPTypes
import TestSupport
import Testing

@testable import Web

@Suite(.bounded) struct RequestChecksTests {
  private let place: TemporaryDirectory
  private let checks: RequestChecks

  init() throws {
    place = try TemporaryDirectory()
    checks = RequestChecks(
      door: BrowserSessions(file: place.path("sessions")),
      hosts: HostNames(address: "127.0.0.1", port: 8420, isOpen: false, machine: "builder"))
  }

  private func status(_ check: () throws -> Void) -> Int? {
    do {
      try check()
      return nil
    } catch { return (error as? Refusal)?.status }
  }

  @Test(
    arguments: [
      ([:], nil), (["Origin": "http://127.0.0.1:8420"], nil),
      (["Origin": "https://127.0.0.1:8420"], 403), (["Origin": "http://localhost:8420"], 403),
      (["Origin": "null"], 403), (["Origin": ""], 403), (["Sec-Fetch-Site": "same-origin"], nil),
      (["Sec-Fetch-Site": "none"], nil), (["Sec-Fetch-Site": "same-site"], 403),
      (["Sec-Fetch-Site": "cross-site"], 403),
    ] as [([String: String], Int?)])
  func p8_otherPagesMayNotUseTheApi(_ headers: [String: String], _ expected: Int?) {
    let request = ServedProject.request(.get, "/api/status", headers)
    #expect(status { try checks.check(request) } == expected)
  }

  @Test func p8_aLinkElsewhereMayOpenThePageOnly() {
    let headers = ["Sec-Fetch-Site": "cross-site"]
    #expect(status { try checks.check(ServedProject.request(.get, "/", headers)) } == nil)
    #expect(status { try checks.check(ServedProject.request(.post, "/", headers)) } == 403)
  }

  @Test func p8_namesOfOthersAreRefused() {
    for host in [nil, "a.example:8420", "127.0.0.1:1", "builder:8420"] {
      #expect(status { try checks.check(ServedProject.request(host: host)) } == 403)
    }
    let twice = ServedProject.request(.get, "/", ["Host": "127.0.0.1:8420"])
    #expect(status { try RequestChecks.checkHost(twice) } == 400)
    #expect(status { try RequestChecks.checkHost(ServedProject.request()) } == nil)
  }

  @Test(
    arguments: [
      ("GET", [:], nil), ("POST", [:], 403), ("DELETE", [:], 403),
      ("DELETE", ["Origin": "http://127.0.0.1:8420"], nil),
      ("POST", ["Origin": "http://127.0.0.1:8420"], 415),
      ("POST", ["Origin": "http://127.0.0.1:8420", "Content-Type": "text/plain"], 415),
      (
        "POST",
        ["Origin": "http://127.0.0.1:8420", "Content-Type": "application/json; charset=utf-8"], nil
      ),
    ] as [(String, [String: String], Int?)])
  func p8_aChangeNamesItsOriginAndIsJSON(
    _ method: String, _ headers: [String: String], _ expected: Int?
  ) {
    let request = ServedProject.request(.init(rawValue: method)!, "/api/run", headers)
    #expect(status { try checks.checkChange(request) } == expected)
  }

  @Test func p8_aSessionComesByItsHeaderOnly() throws {
    let secret = try #require(checks.door.enter(checks.door.key()))
    func session(_ headers: [String: String]) -> String? {
      checks.session(ServedProject.request(.get, "/api/status", headers))
    }
    #expect(session(["Authorization": "Bearer \(secret)"]) == secret)
    #expect(session(["Authorization": "bearer \(secret)"]) == secret)
    for headers in [
      [:], ["Cookie": "lanekeeper=\(secret)"], ["Authorization": secret],
      ["Authorization": "Basic \(secret)"], ["Authorization": "Bearer \(secret) x"],
      ["Authorization": "Bearer \(secret.dropLast())"],
    ] {
      #expect(session(headers) == nil, "\(headers)")
    }
  }
}
