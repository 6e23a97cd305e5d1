/** Groups of what a benchmark asks for and no server is broken by: they run where somebody asks for them. */
const ASKED_FOR: ReadonlySet<string> = new Set(['hardening'])

/** False for a rule, or a group, that is off until `--only` or `.auditrc` names it. */
export function isOnByDefault(name: string): boolean {
  return !ASKED_FOR.has(name.split('/', 1)[0] ?? '')
}
