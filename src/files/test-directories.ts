/** Names of directories of tests, whichever they are: `tests`, `unittests`, `integration-tests`. A part of a pattern. */
export const TESTS_DIRECTORY = '(?:(?:unit|integration|functional|acceptance|smoke|load)[-_]?)?tests?'
