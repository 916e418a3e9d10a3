import Foundation
import Processes
import TestSupport
import Testing

@testable import Engine

/// How an attempt ended, from facts alone.
@Suite(.bounded) struct AttemptVerdictTests {
  private func verdict(
    _ ending: Ending, _ change: (inout AttemptVerdict.Facts) -> Void = { _ in }
  ) -> AttemptVerdict {
    var facts = AttemptVerdict.Facts(ending: ending)
    change(&facts)
    return AttemptVerdict(facts)
  }

  private func isFailure(_ verdict: AttemptVerdict) -> Bool {
    if case .failed = verdict { true } else { false }
  }

  private func interruption(_ verdict: AttemptVerdict) -> String? {
    if case .interrupted(let reason, _) = verdict { reason.rawValue } else { nil }
  }

  @Test func workThatEndedWellIsCompleted() {
    #expect(verdict(.exited(0)) == .completed(detail: nil))
    #expect(
      verdict(.exited(0)) { $0.withoutAgent = "done before" } == .completed(detail: "done before"))
  }

  @Test func whatIsNotTheFeaturesFaultUsesUpNoAttempt() {
    #expect(interruption(verdict(.exited(75))) == "asked_later")
    #expect(interruption(verdict(.stopped)) == "stopped")
    #expect(interruption(verdict(.locked)) == "supervisor")
    #expect(interruption(verdict(.exited(1)) { $0.endReason = .person }) == "stopped_by_person")
    #expect(interruption(verdict(.exited(1)) { $0.fullDisk = "/lane" }) == "disk")
    #expect(interruption(verdict(.signalled(SIGBUS)) { $0.fullDisk = "/lane" }) == "disk")
    #expect(
      interruption(
        verdict(.exited(1)) { $0.limit = LimitNotice(kind: .usage, message: "5 hours") })
        == "limit")
    for problem in [AttemptProblem.refused("x"), .hookRefused("x"), .unsigned("x")] {
      #expect(
        interruption(
          verdict(.exited(0)) {
            $0.problem = problem
            $0.isStopping = true
          }) == "stopped")
    }
  }

  @Test func aGuardThatIsLostCountsFromTheSecondTimeOn() {
    #expect(interruption(verdict(.guardLost)) == "supervisor")
    #expect(isFailure(verdict(.guardLost) { $0.hasLostGuard = true }))
    #expect(
      interruption(
        verdict(.guardLost) {
          $0.hasLostGuard = true
          $0.hasRun = false
        }) == "supervisor")
  }

  @Test(arguments: [
    Ending.exited(1), .exited(127), .signalled(SIGKILL), .signalled(SIGSEGV), .timedOut, .silent,
    .outputLimit, .diskLimit, .couldNotStart(errno: ENOENT),
  ])
  func otherEndingsAreFailures(ending: Ending) {
    #expect(isFailure(verdict(ending)))
    // Whatever else is known of them.
    #expect(
      isFailure(
        verdict(ending) {
          $0.problem = .unsigned("x")
          $0.refusals = [.init(path: "a", isStale: false, holder: "2")]
        }))
  }

  @Test func whatItWasRefusedComesBeforeWhatItLeft() {
    let refused = verdict(.exited(0)) {
      $0.refusals = [
        .init(path: "a.txt", isStale: false, holder: "1"),
        .init(path: "b.txt", isStale: false, holder: "1"),
        .init(path: "c.txt", isStale: true, holder: nil),
      ]
      $0.wasRefusedAnything = true
      $0.problem = .refused("x")
      $0.hasChanges = false
    }
    #expect(
      refused
        == .refusedClaim(
          detail:
            "a.txt, b.txt are held by feature #1; c.txt changed on the target since the branch left it"
        ))
  }

  @Test func aHooksWordsGoBackUnlessOurOwnHookRefused() {
    #expect(
      verdict(.exited(0)) { $0.problem = .hookRefused("no ticket") } == .sentBack("no ticket"))
    #expect(
      isFailure(
        verdict(.exited(0)) {
          $0.problem = .hookRefused("frozen")
          $0.wasRefusedAnything = true
        }))
  }

  @Test func whereNothingWasChangedItSaysWhereTheChangesAre() {
    func empty(_ change: (inout AttemptVerdict.Facts) -> Void = { _ in }) -> AttemptVerdict {
      verdict(.exited(0)) {
        $0.hasChanges = false
        $0.hasCommits = false
        change(&$0)
      }
    }
    #expect(empty() == .failed(detail: "no changes"))
    #expect(
      empty { $0.isOnTarget = "main has its changes already, at 1234567" }
        == .completed(
          detail: "nothing was left to do: main has its changes already, at 1234567"))
    guard case .failed(let detail, let more) = empty({ $0.elsewhere = "they are in your checkout" })
    else {
      Issue.record("it should have failed")
      return
    }
    #expect(detail == "no changes: they are in your checkout")
    #expect(more?.contains("they are in your checkout") == true)
    #expect(empty { $0.mayChangeNothing = true } == .failed(detail: "no changes"))
    #expect(
      empty {
        $0.mayChangeNothing = true
        $0.hasCommits = true
      } == .completed(detail: nil))
  }
}
