/** What the bundle holds: the command line, and the library. */
export { run } from './cli/run.ts'
export * from './index.ts'
