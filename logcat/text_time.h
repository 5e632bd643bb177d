/* Dates and times as programs write them into their lines. Pure. */
#ifndef LOGCAT_TEXT_TIME_H
#define LOGCAT_TEXT_TIME_H

/* The place behind the time that begins at `at`: a date, a time of day or both, with fraction and
 * zone where they are; or seconds since 1970. NULL: none begins there. */
const char *text_time(const char *at, const char *end);

#endif
