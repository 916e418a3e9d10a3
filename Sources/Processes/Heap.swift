import CProcess

/// The memory of this process.
package enum Heap {
  /// Keeps the heap small over many hours; to be called before there are threads.
  package static func keepSmall() { lk_keep_heap_small() }
}
