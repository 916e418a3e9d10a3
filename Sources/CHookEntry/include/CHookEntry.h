#ifndef LANEKEEPER_CHOOKENTRY_H
#define LANEKEEPER_CHOOKENTRY_H

/// Where the kernel starts `lanekeeper-hook`: before the C library and the Swift runtime are set up.
void lk_hook_entry(void);

#endif
