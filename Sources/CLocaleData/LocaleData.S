// ICU's data for the programs that `make build` makes. Tools/small-locale-data writes it from the toolchain's own; with
// it the linker leaves the whole of it, 34 MB of every language, out. In other builds this is empty.
#ifdef LANEKEEPER_LOCALE_DATA
#include LANEKEEPER_LOCALE_DATA
#endif

#if defined(__linux__) && defined(__ELF__)
.section .note.GNU-stack,"",%progbits
#endif
