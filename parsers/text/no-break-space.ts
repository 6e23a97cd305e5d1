/** U+00A0, which comes of pasting from a page: no space for nginx and httpd, and in the name of no module's directive. */
export const NO_BREAK_SPACE = '\u00A0'
