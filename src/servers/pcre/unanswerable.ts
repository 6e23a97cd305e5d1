/** Thrown while a pattern is prepared, where what it matches cannot be told here. */
export class Unanswerable extends Error {}
