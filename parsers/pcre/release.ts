/**
 * The releases of the library whose syntax the reader knows. 8.39 stands for PCRE1 as a whole; of PCRE2 those
 * are told apart that differ in what they take: 10.36 stands for all before 10.38, 10.42 for 10.38 to 10.42,
 * 10.47 for what came after.
 */
export type PcreRelease = 8.39 | 10.36 | 10.42 | 10.47

/** The first of PCRE2; everything below is PCRE1. */
export const PCRE2 = 10
