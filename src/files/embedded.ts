/**
 * The files that a single executable holds, by name; null where the program lies in files. The build of the executable
 * puts another module in this one's place.
 */
export const embedded = null as ((name: string) => Uint8Array) | null
