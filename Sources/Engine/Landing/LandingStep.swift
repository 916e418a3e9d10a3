/// The moments between a gate that passed and claims that are released, in their order.
///
/// A test kills the process at each of them; nothing else looks at them.
package enum LandingStep: String, Sendable, CaseIterable {
  /// The gate has ended with 0, and nobody has written that down.
  case gatePassed
  case gateRemembered
  /// The features that land are decided.
  case chosen
  case pushJournaled
  case pushed
  /// The checkout's index is locked.
  case indexLocked
  /// The new files and the new index stand beside the checkout.
  case followPrepared
  case followJournaled
  /// After each file that was put in place.
  case filePlaced
  /// All files are in place, the old index still is.
  case filesPlaced
  case indexReplaced
  case swapJournaled
  /// The target has moved.
  case swapped
  /// The checkout's index is free again.
  case indexUnlocked
  /// The features are landed and their claims released.
  case settled
  case landingReferenceDropped
  case branchDropped
}
