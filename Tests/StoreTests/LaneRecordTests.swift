import Testing

@testable import Store

@Suite(.bounded) struct LaneRecordTests {
  @Test(arguments: [
    ("/r/.git/worktrees/lane-12", 12), ("/r/.git/worktrees/lane-x", nil), ("/r/.git/lane-1", nil),
    ("/r/.git/worktrees/lane-1/more", nil), ("/r/.git/worktrees/other-1", nil), ("", nil),
  ])
  func theNumberIsReadFromTheGitDirectory(_ path: String, _ number: Int?) {
    #expect(LaneRecord.number(ofGitDirectory: path) == number)
  }
}
