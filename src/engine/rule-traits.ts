export const RULE_PROGRAMS = [
  'nginx',
  'apache',
  'django',
  'app-server',
  'php-fpm',
  'postgresql',
  'docker',
] as const
/** `django` is the application's Python, `app-server` gunicorn and its like with their units. */
export type RuleProgram = (typeof RULE_PROGRAMS)[number]

/** What the examples of a rule show of it. */
export interface RuleTraits {
  /** The kinds of its fixes; empty where it has none. */
  readonly fixes: readonly ('safe' | 'unsafe')[]
  /** Whose files its findings point at. */
  readonly programs: readonly RuleProgram[]
}
